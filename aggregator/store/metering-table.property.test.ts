import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compareReadings, readingsKeptMs, type Reading } from '@meterline/shared/metering/state.ts'
import type { Metering } from '../domain/metering/meter-definition.ts'
import { meterRecord, noteChange, type MeteredEvent } from '../domain/metering/meter-record.ts'
import { compileMeter } from '../domain/metering/meter-rule.ts'
import { MeteringDraft } from '../domain/metering/metering-draft.ts'
import { MeteringScratch } from './metering-rows.ts'

interface Use extends Reading {
  readonly metering: Metering
  readonly subject: string
  readonly reset: string | null
}

const uses: fc.Arbitrary<Use> = fc.record({
  metering: fc.constantFrom<Metering>(
    { kind: 'counter', firstReading: 'baseline' },
    { kind: 'counter', firstReading: 'fromZero' },
    { kind: 'maximum' },
    { kind: 'distinct' },
  ),
  subject: fc.constantFrom('a', 'b'),
  reset: fc.constantFrom(null, null, null, 'boot-1', 'boot-2'),
  timeMs: fc.integer({ min: 0, max: 30 }),
  value: fc.oneof(fc.bigInt(0n, 20n), fc.constantFrom(2n ** 62n, 2n ** 63n - 2n, 2n ** 63n - 1n)),
})

/** Where the uses are cut into batches, and where batches are written: after each use, maybe both. */
const cuts = fc.array(fc.constantFrom('batch', 'write', null, null), { minLength: 40, maxLength: 40 })
type Cuts = readonly ('batch' | 'write' | null)[]

/** Takes uses in as rating does: into batches above groups above the file. What they come to, and what the file then says. */
function meterAll(all: readonly Use[], cutAfter: Cuts): { usage: bigint; rows: readonly string[]; sums: bigint[] } {
  const scratch = new MeteringScratch()
  try {
    let group = new MeteringDraft(scratch.table)
    let batch = new MeteringDraft(group)
    const sums: bigint[] = []
    for (const [place, { metering, subject, reset, timeMs, value }] of all.entries()) {
      const meter = metering.kind === 'counter' ? `counter-${metering.firstReading}` : metering.kind
      const rule = compileMeter({ id: meter, unit: 'piece', metering })
      const labels: MeteredEvent['labels'] = reset === null ? [] : [['@reset', reset]]
      const metered = meterRecord(batch, rule, { source: 's', subject, timeMs, labels }, value, null, '2026-11')
      if (typeof metered === 'string') throw new Error(metered)
      if (metered.change !== null) noteChange(batch, metered.change)
      sums.push(metered.quantity)
      const cut = cutAfter[place] ?? null
      if (cut !== null || place === all.length - 1) {
        group.take(batch.changes())
        if (cut === 'write' || place === all.length - 1) {
          scratch.together(() => scratch.table.write(group.changes()))
          group = new MeteringDraft(scratch.table)
        }
        batch = new MeteringDraft(group)
      }
    }
    return { usage: sums.reduce((sum, own) => sum + own, 0n), rows: [...scratch.rows()], sums }
  } finally {
    scratch.close()
  }
}

describe('meters with a state', () => {
  test('come to the same usage and the same rows, however records are ordered, batched and repeated', () => {
    const inAnyOrder = fc
      .array(uses, { maxLength: 20 })
      .chain((all) =>
        fc.tuple(fc.constant(all), fc.shuffledSubarray([...all, ...all.slice(0, 5)], { minLength: all.length })),
      )
      .filter(([all, shuffled]) => all.every((own) => shuffled.includes(own)))
    fc.assert(
      fc.property(inAnyOrder, cuts, cuts, ([all, shuffled], cutAfter, otherCuts) => {
        const once = meterAll(all, cutAfter)
        const again = meterAll(shuffled, otherCuts)
        expect(again.usage).toBe(once.usage)
        expect(again.rows).toEqual(once.rows)
        expect(again.sums.every((quantity) => quantity >= 0n)).toBe(true)
      }),
      { numRuns: 150 },
    )
  })

  test('work out the same, record by record, whether their state is in the file or not yet', () => {
    const gauge: Metering = { kind: 'gauge', reading: 'W', longestGapMs: 10 }
    const rule = compileMeter({ id: 'power', unit: 'mWh', metering: gauge })
    const readings = fc.array(
      fc.record({
        timeMs: fc.integer({ min: 0, max: 60 }),
        value: fc.oneof(fc.bigInt(0n, 9_000_000n), fc.constant(2n ** 63n - 1n)),
      }),
      { maxLength: 25 },
    )
    const quantities = (all: readonly Reading[], cutAfter: Cuts): readonly bigint[] => {
      const scratch = new MeteringScratch()
      let group = new MeteringDraft(scratch.table)
      const found = all.map(({ timeMs, value }, place) => {
        const metered = meterRecord(group, rule, { source: 's', subject: 'a', timeMs, labels: [] }, value, null, '')
        if (typeof metered === 'string') throw new Error(metered)
        if (metered.change !== null) noteChange(group, metered.change)
        if (cutAfter[place] === 'write') {
          scratch.table.write(group.changes())
          group = new MeteringDraft(scratch.table)
        }
        return metered.quantity
      })
      scratch.close()
      return found
    }
    fc.assert(
      fc.property(readings, cuts, (all, cutAfter) => {
        expect(quantities(all, cutAfter)).toEqual(quantities(all, []))
      }),
      { numRuns: 150 },
    )
  })
})

test('readings too old to be a neighbour of any other are dropped, but for the last of them', () => {
  const scratch = new MeteringScratch()
  const dayMs = 86_400_000
  const key = 'series'
  for (const timeMs of [0, 5 * dayMs, 5 * dayMs + 1, 300 * dayMs, 500 * dayMs]) {
    const draft = new MeteringDraft(scratch.table)
    const reading = { timeMs, value: 1n }
    draft.addReading(key, reading, { newest: reading, integral: 0n, charged: 0n })
    scratch.table.write(draft.changes())
  }
  const kept: Reading[] = []
  for (let next = scratch.table.firstAfter(key, -1, 0n); next !== undefined;) {
    kept.push(next)
    next = scratch.table.firstAfter(key, next.timeMs, next.value)
  }
  expect(kept.toSorted(compareReadings).map(({ timeMs }) => timeMs)).toEqual([5 * dayMs + 1, 300 * dayMs, 500 * dayMs])
  expect(500 * dayMs - readingsKeptMs).toBe(100 * dayMs)
  // Only what a late reading can still meet is compared.
  expect([...scratch.rows()].filter((row) => row.startsWith('reading'))).toHaveLength(2)
  scratch.close()
})
