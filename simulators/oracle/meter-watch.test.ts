import { expect, test } from 'vitest'
import { Findings } from './findings.ts'
import { MeterWatch } from './meter-watch.ts'
import type { StoredUnit } from './stored-batch.ts'
import type { PlannedMeter } from './tenant-plan.ts'

const minuteMs = 60_000
const startMs = Date.UTC(2026, 5, 1)
const gauge: PlannedMeter = { id: 'power', unit: 'Wh', kind: 'gauge', reading: 'W', longestGap: '15m' }
const counter: PlannedMeter = { id: 'odometer', unit: 'km', kind: 'counter' }
const maximum: PlannedMeter = { id: 'seats', unit: 'seat', kind: 'maximum' }
const distinct: PlannedMeter = { id: 'active', unit: 'device', kind: 'distinct' }

/** Readings by minute with what each was charged, in the order of their rating; what is found wrong. */
function judge(meter: PlannedMeter, charged: readonly (readonly [minute: number, reading: number, charged: number])[]) {
  const findings = new Findings(() => ({ atMs: 0, step: 0 }))
  const watch = new MeterWatch(findings)
  for (const [place, [minute, reading, units]] of charged.entries()) {
    const stored: StoredUnit = {
      eventId: `e-${place}`,
      source: 'trk-1',
      subject: 'trk-1',
      timeMs: startMs + minute * minuteMs,
      receivedWallMs: startMs,
      labels: new Map(),
      facts: new Map(),
      snapshot: null,
      records: [],
      content: '',
    }
    const where = { charging: String(place), batchIndex: place, unit: 0, record: 0, period: '2026-05' }
    watch.charge({ meter, ...where, stored, reading: BigInt(reading), charged: BigInt(units) })
    watch.check()
  }
  return findings.violations.map(({ message }) => message)
}

// The examples of docs/meters.md.
test.each([
  [
    'a counter',
    counter,
    [
      [0, 100, 0],
      [10, 700, 600],
      [30, 50, 50],
      [20, 900, 200],
      [20, 900, 0],
      [40, 50, 0],
    ],
  ],
  [
    'a gauge',
    gauge,
    [
      [0, 600, 0],
      [10, 60, 100],
      [70, 0, 15],
      [5, 0, 0],
      [80, 1200, 0],
      [90, 0, 150],
    ],
  ],
  [
    'a maximum',
    maximum,
    [
      [0, 7, 7],
      [10, 5, 0],
      [20, 9, 2],
    ],
  ],
  [
    'distinct subjects',
    distinct,
    [
      [0, 7, 1],
      [10, 7, 0],
    ],
  ],
] as const)('%s that is charged as the page says', (_what, meter, charged) => {
  expect(judge(meter, charged)).toEqual([])
})

test.each([
  ['a counter read as an amount', counter, [[0, 100, 100]]],
  [
    'a counter that forgets a restart',
    counter,
    [
      [0, 100, 0],
      [10, 50, 0],
    ],
  ],
  [
    'a gauge that gives back',
    gauge,
    [
      [0, 600, 0],
      [10, 60, 100],
      [5, 0, -50],
    ],
  ],
  [
    'a gauge that holds for too long',
    gauge,
    [
      [0, 60, 0],
      [60, 0, 60],
    ],
  ],
  [
    'a maximum that adds up',
    maximum,
    [
      [0, 7, 7],
      [10, 5, 5],
    ],
  ],
  [
    'a subject that is counted twice',
    distinct,
    [
      [0, 7, 1],
      [10, 7, 1],
    ],
  ],
] as const)('%s is found', (_what, meter, charged) => {
  expect(judge(meter, charged)).not.toEqual([])
})

test('a leg that is charged another quantity than the others is found', () => {
  const findings = new Findings(() => ({ atMs: 0, step: 0 }))
  const watch = new MeterWatch(findings)
  const stored = {
    eventId: 'e',
    source: 's',
    subject: 's',
    timeMs: startMs,
    receivedWallMs: startMs,
    labels: new Map(),
    facts: new Map(),
    snapshot: null,
    records: [],
    content: '',
  }
  const charge = {
    meter: maximum,
    charging: '0',
    batchIndex: 0,
    unit: 0,
    record: 0,
    period: '2026-05',
    stored,
    reading: 7n,
  }
  watch.charge({ ...charge, charged: 7n })
  watch.charge({ ...charge, charged: 6n })
  expect(findings.violations.map(({ message }) => message).join()).toMatch(/as 7 units on one leg and as 6 on another/)
})
