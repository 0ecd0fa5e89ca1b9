import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalise } from '@meterline/agent/domain/normalise.ts'
import type { FleetEvent } from '../fleet-event.ts'
import { dialectNames, dialects, type Dialect } from './dialect.ts'

/** An event that a dialect has words for. */
function eventOf(dialect: Dialect): fc.Arbitrary<FleetEvent> {
  const meters = dialect.meters ?? ['data.bytes', 'messages', 'energy.mwh']
  return fc
    .record({
      counts: fc.array(fc.bigInt({ min: 0n, max: 1_000_000n }), { minLength: meters.length, maxLength: meters.length }),
      subject: fc.constantFrom('d-1', 'sim-1'),
      timeMs: fc.integer({ min: 0, max: 4_000_000_000_000 }),
      sequence: fc.nat(),
      reset: fc.constantFrom(null, 'run-1'),
      apn: fc.constantFrom({}, { apn: 'iot' }),
      only: fc.boolean(),
    })
    .map(({ counts, subject, timeMs, sequence, reset, apn, only }) => ({
      id: `d-1-abcdef-${sequence}`,
      device: 'd-1',
      subject,
      timeMs,
      sequence,
      reset: dialect.general ? reset : null,
      quantities: new Map(
        meters.flatMap((meter, index) =>
          only && dialect.general && index > 0 ? [] : [[meter, counts[index] ?? 0n] as const],
        ),
      ),
      dimensions: dialect.general ? apn : {},
      model: 'bright-large-2',
    }))
}

const some = (quantities: Iterable<readonly [string, bigint]>): [string, bigint][] =>
  [...quantities]
    .filter(([, quantity]) => quantity > 0n)
    .map(([meter, quantity]): [string, bigint] => [meter, quantity])
    .toSorted(([one], [other]) => (one < other ? -1 : 1))

const direct = dialectNames.filter((name) => dialects[name].kind !== null)

describe.each(direct)('the agent reads %s', (name) => {
  const dialect: Dialect = dialects[name]
  const kind = dialect.kind ?? 'usage'

  test('with the quantities that were measured, for the same subject and time', () => {
    fc.assert(
      fc.property(eventOf(dialect), (event) => {
        const { events, rejected } = normalise(kind, event.device, dialect.encode(event, { sequence: true }), 0)
        expect(rejected).toEqual([])
        expect(events).toHaveLength(1)
        expect(events[0]).toMatchObject({ id: event.id, subject: event.subject, timeMs: event.timeMs, source: 'd-1' })
        const measured = (events[0]?.measured ?? []).map(({ meter, quantity }) => [meter, quantity] as const)
        expect(some(measured)).toEqual(some(dialect.billed(event)))
        const labels = new Map(events[0]?.labels ?? [])
        if (event.reset !== null) expect(labels.get('@reset')).toBe(event.reset)
        if (!dialect.general) expect(labels.get('model')).toBe(event.model)
        if (dialect.general) expect(new Map(events[0]?.facts ?? []).get('@sequence')).toBe(BigInt(event.sequence))
      }),
    )
  })

  test('and keeps what was cut off or has no sure unit in suspense', () => {
    fc.assert(
      fc.property(eventOf(dialect), (event) => {
        const cut = normalise(kind, event.device, dialect.cut(dialect.encode(event, { sequence: false })), 0)
        expect(cut).toMatchObject({ events: [], rejected: [{}] })
        if (dialect.wrongUnit === null) return
        const wrong = normalise(kind, event.device, dialect.wrongUnit(event), 0)
        expect(wrong).toMatchObject({ events: [], rejected: [{ code: 'unit_unknown' }] })
      }),
    )
  })
})
