import { describe, expect, test } from 'vitest'
import { assertThat } from '@meterline/shared/base/errors.ts'
import { emptyMetering } from '../testing/sample-bills.ts'
import type { Metering } from './meter-definition.ts'
import { meterRecord, noteChange, type MeteredEvent } from './meter-record.ts'
import { compileMeter, statedUnit } from './meter-rule.ts'
import { MeteringDraft } from './metering-draft.ts'

const minuteMs = 60_000
const dayMs = 86_400_000

interface Step extends Partial<MeteredEvent> {
  readonly quantity: bigint
  readonly period?: string
}

/** What each of some records of one meter adds, taken in one after the other; or why it adds nothing. */
function usageOf(unit: string, metering: Metering, steps: readonly Step[]): readonly (bigint | string)[] {
  const rule = compileMeter({ id: 'm', unit, metering })
  const draft = new MeteringDraft(emptyMetering)
  return steps.map(({ quantity, period = '2026-11', ...given }) => {
    const event = { source: 'dev-1', subject: 'trk-1', timeMs: 0, labels: [], ...given }
    const metered = meterRecord(draft, rule, event, quantity, statedUnit(event.labels), period)
    if (typeof metered === 'string') return metered
    if (metered.change !== null) noteChange(draft, metered.change)
    return metered.quantity
  })
}

const counter: Metering = { kind: 'counter', firstReading: 'baseline' }
const power: Metering = { kind: 'gauge', reading: 'W', longestGapMs: 15 * minuteMs }
const at = (minute: number, quantity: bigint): Step => ({ timeMs: minute * minuteMs, quantity })
const inUnit = (unit: string, quantity: bigint): Step => ({ quantity, labels: [['@unit', unit]] })

describe('a counter', () => {
  test('charges what it moved on, in whatever order its readings come', () => {
    expect(usageOf('byte', counter, [at(0, 100n), at(2, 700n), at(1, 300n), at(3, 50n)])).toEqual([0n, 600n, 0n, 50n])
  })

  test('charges a reading once, however often it comes', () => {
    expect(usageOf('byte', counter, [at(0, 100n), at(2, 700n), at(0, 100n), at(2, 700n)])).toEqual([0n, 600n, 0n, 0n])
  })

  test('is kept apart by source and by subject', () => {
    const steps = [at(0, 100n), { ...at(1, 900n), source: 'dev-2' }, { ...at(2, 500n), subject: 'trk-2' }, at(3, 130n)]
    expect(usageOf('byte', counter, steps)).toEqual([0n, 0n, 0n, 30n])
  })

  test('with reset ids is the span of each of them', () => {
    const boot = (id: string, quantity: bigint): Step => ({ quantity, labels: [['@reset', id]] })
    const steps = [boot('a', 100n), boot('b', 40n), boot('a', 160n), boot('b', 10n), boot('a', 130n)]
    expect(usageOf('byte', counter, steps)).toEqual([0n, 0n, 60n, 30n, 0n])
    expect(usageOf('byte', { ...counter, firstReading: 'fromZero' }, steps)).toEqual([100n, 40n, 60n, 0n, 0n])
  })

  test('counts nothing for a reading 400 days older than the newest, and the last one at that age', () => {
    const steps = [at(0, 100n), { timeMs: 500 * dayMs, quantity: 900n }]
    const late = (timeMs: number): Step => ({ timeMs, quantity: 5_000n })
    expect(usageOf('byte', counter, [...steps, late(100 * dayMs - 1), late(100 * dayMs)])).toEqual([
      0n,
      800n,
      0n,
      5_000n,
    ])
  })
})

describe('a gauge', () => {
  test('integrates what was read until the next reading, but for gaps that are too long', () => {
    // 600 W for ten minutes are 100 Wh; 60 W hold for fifteen minutes of the hour that follows: 15 Wh.
    expect(usageOf('Wh', power, [at(0, 600n), at(10, 60n), at(70, 0n)])).toEqual([0n, 100n, 15n])
  })

  test('charges whole units only, and the rest with the next', () => {
    expect(usageOf('Wh', power, [at(0, 100n), at(1, 100n), at(2, 100n)])).toEqual([0n, 1n, 2n])
  })

  test('takes late readings in, the larger of two at one time, and none twice', () => {
    const steps = [at(0, 60n), at(10, 0n), at(5, 120n), at(5, 60n), at(5, 240n), at(10, 0n)]
    // 10 Wh; then five minutes at 120 W instead of 60 W; then at 240 W.
    expect(usageOf('Wh', power, steps)).toEqual([0n, 10n, 5n, 0n, 10n, 0n])
  })

  test('reads in a unit of its own', () => {
    const labels: MeteredEvent['labels'] = [['@unit', 'mW']]
    const steps = [
      { timeMs: 0, quantity: 600_000n, labels },
      { timeMs: 10 * minuteMs, quantity: 0n, labels },
      { timeMs: 20 * minuteMs, quantity: 1n, labels },
    ]
    expect(usageOf('Wh', power, steps)).toEqual([0n, 100n, 'unit_inexact'])
  })
})

test('a maximum is that of its subject and period', () => {
  const steps = [
    { quantity: 7n },
    { quantity: 5n },
    { quantity: 9n },
    { quantity: 3n, period: '2026-12' },
    { quantity: 4n, subject: 'trk-2' },
    { quantity: 8n, source: 'dev-2' },
  ]
  expect(usageOf('seat', { kind: 'maximum' }, steps)).toEqual([7n, 0n, 2n, 3n, 4n, 0n])
})

test('distinct subjects count once a period, whatever is measured', () => {
  const steps = [
    { quantity: 7n },
    { quantity: 5n },
    { quantity: 0n, period: '2026-12' },
    { quantity: 4n, subject: 'trk-2' },
    inUnit('furlong', 1n),
  ]
  expect(usageOf('device', { kind: 'distinct' }, steps)).toEqual([1n, 0n, 1n, 1n, 0n])
})

describe('the unit an event states', () => {
  test.each<readonly [unit: string, stated: string, quantity: bigint, usage: bigint | string]>([
    ['byte', 'byte', 1_500n, 1_500n],
    ['kB', 'byte', 3_000n, 3n],
    ['KiB', 'byte', 3_072n, 3n],
    ['kB', 'byte', 3_072n, 'unit_inexact'],
    ['bit', 'byte', 3n, 24n],
    ['bit', 'byte', 2n ** 62n, 'amount_too_large'],
    ['s', 'ms', 2_000n, 2n],
    ['kWh', 'mWh', 5_000_000n, 5n],
    ['byte', 'ms', 1n, 'unit_mismatch'],
    ['message', 'byte', 1n, 'unit_mismatch'],
    ['message', 'message', 1n, 1n],
  ])('a sum in %s of a quantity in %s', (unit, stated, quantity, usage) => {
    expect(usageOf(unit, { kind: 'sum' }, [inUnit(stated, quantity)])).toEqual([usage])
  })

  test('holds for counters and maxima as well', () => {
    expect(usageOf('kB', counter, [inUnit('byte', 1_000n), { ...inUnit('byte', 4_000n), timeMs: 1 }])).toEqual([0n, 3n])
    expect(usageOf('kB', { kind: 'maximum' }, [inUnit('byte', 4_000n), inUnit('byte', 1n)])).toEqual([
      4n,
      'unit_inexact',
    ])
  })
})

test('publishers cannot make two series look like one', () => {
  const steps = [
    { ...at(0, 100n), source: 'a","b', subject: 'c' },
    { ...at(1, 900n), source: 'a', subject: 'b","c' },
  ]
  expect(usageOf('byte', counter, steps)).toEqual([0n, 0n])
})

test('a draft above another sees both and changes only itself', () => {
  const rule = compileMeter({ id: 'm', unit: 'byte', metering: counter })
  const lower = new MeteringDraft(emptyMetering)
  const note = (draft: MeteringDraft, timeMs: number, quantity: bigint): bigint => {
    const metered = meterRecord(draft, rule, { source: 's', subject: 't', timeMs, labels: [] }, quantity, null, '')
    assertThat(typeof metered !== 'string', 'a plain quantity is metered')
    if (metered.change !== null) noteChange(draft, metered.change)
    return metered.quantity
  }
  note(lower, 0, 10n)
  note(lower, 100, 50n)
  const upper = new MeteringDraft(lower)
  expect(note(upper, 60, 30n)).toBe(0n)
  // 10, 30, 5, 50 is 20, then 5 after a reset, then 45: 30 more than the 40 so far.
  expect(note(upper, 80, 5n)).toBe(30n)
  expect(lower.firstAfter('["counter","m","s","t"]', 0, 10n)).toEqual({ timeMs: 100, value: 50n })
  lower.take(upper.changes())
  expect(lower.firstAfter('["counter","m","s","t"]', 0, 10n)).toEqual({ timeMs: 60, value: 30n })
  expect(lower.series('["counter","m","s","t"]')).toMatchObject({ newest: { timeMs: 100, value: 50n }, charged: 70n })
})
