import { describe, expect, test } from 'vitest'
import { comparedQuantity } from './compared-quantity.ts'
import { pairingState, pairingTimeMs } from './judge-pairing.ts'
import { agrees, pairRecords } from './pair-records.ts'
import type { ComparedRecord } from './pair-records.ts'

const rule = {
  id: 'network',
  meter: 'data.bytes',
  charge: 'net',
  control: 'dev-*',
  windowMs: 300_000,
  tolerance: { percent: '2', units: 100 },
}

function record(side: ComparedRecord['side'], timeMs: number, quantity: bigint): ComparedRecord {
  return { side, timeMs, quantity, source: side, eventId: null, batchIndex: 0, unit: 0 }
}

function quantities(...given: readonly ComparedRecord[]): readonly unknown[] {
  return pairRecords(given, 10).map(({ charge, control }) => [charge?.quantity ?? null, control?.quantity ?? null])
}

describe('reports of one subject', () => {
  test('are paired with the nearest in time', () => {
    expect(
      quantities(
        record('charge', 0, 1n),
        record('control', 9, 2n),
        record('charge', 12, 3n),
        record('control', 13, 4n),
      ),
    ).toEqual([
      [1n, 2n],
      [3n, 4n],
    ])
    expect(quantities(record('charge', 0, 1n), record('control', 9, 2n), record('charge', 12, 3n))).toEqual([
      [1n, null],
      [3n, 2n],
    ])
  })

  test('of the same instant are paired by the rank of their quantities', () => {
    const all = [
      record('charge', 5, 20n),
      record('charge', 5, 10n),
      record('control', 5, 21n),
      record('control', 5, 9n),
    ]
    expect(quantities(...all)).toEqual([
      [10n, 9n],
      [20n, 21n],
    ])
  })

  test('further apart than the window stay alone', () => {
    expect(quantities(record('charge', 0, 1n), record('control', 11, 1n))).toEqual([
      [1n, null],
      [null, 1n],
    ])
  })
})

describe('a tolerance', () => {
  test.each([
    [1_000n, 1_000n, true],
    [1_000n, 1_100n, true],
    [1_000n, 1_101n, false],
    [10_000n, 10_200n, true],
    [10_000n, 10_204n, true],
    [10_000n, 10_205n, false],
    [0n, 100n, true],
    [0n, 101n, false],
    [10n ** 18n, 10n ** 18n - 2n * 10n ** 16n, true],
    [10n ** 18n, 10n ** 18n - 2n * 10n ** 16n - 1n, false],
  ])('of 2 per cent or 100 units, %i and %i: %s', (charged, controlled, expected) => {
    expect(agrees(rule, charged, controlled)).toBe(expected)
    expect(agrees(rule, controlled, charged)).toBe(expected)
  })

  test('may be a fraction of a per cent', () => {
    const fine = { ...rule, tolerance: { percent: '0.5', units: 0 } }
    expect(agrees(fine, 1_000n, 995n)).toBe(true)
    expect(agrees(fine, 1_000n, 994n)).toBe(false)
  })
})

describe('a pairing', () => {
  const charge = record('charge', 1_000_000, 1_000n)
  const control = record('control', 1_000_500, 5_000n)
  test.each([
    ['agrees', { charge, control: { ...control, quantity: 1_010n } }, 0, 'matched'],
    ['differs', { charge, control }, 0, 'differs'],
    ['waits while its window is open', { charge, control: null }, 1_300_000, 'waiting'],
    ['lacks its control record', { charge, control: null }, 1_300_001, 'charge-without-control'],
    ['lacks its charge', { charge: null, control }, 1_300_501, 'control-without-charge'],
  ] as const)('%s', (_what, pairing, nowMs, state) => {
    expect(pairingState(rule, pairing, nowMs)).toBe(state)
  })

  test('is of the time of the earlier report', () => {
    expect(pairingTimeMs({ charge, control })).toBe(1_000_000)
    expect(pairingTimeMs({ charge: null, control })).toBe(1_000_500)
  })
})

describe('a quantity with a unit', () => {
  test.each([
    [7n, null, 'byte', 7n],
    [7n, 'byte', 'byte', 7n],
    [2_999n, 'byte', 'kB', 2n],
    [3_000_000n, 'mWh', 'kWh', 3n],
    [5n, 'mW', 'kWh', 5n],
    [5n, 'byte', 'token', 5n],
  ])('%i (%s) on a meter of %s is compared as %i', (quantity, stated, meterUnit, expected) => {
    expect(comparedQuantity(quantity, stated, meterUnit)).toBe(expected)
  })
})
