import { describe, expect, test } from 'vitest'
import type { PlannedMatrix, PlannedThreshold, PlannedTimeOfUse } from './planned-price.ts'
import { partsOf } from './price-route.ts'
import type { RoutedUnit } from './price-route.ts'
import { wallClock } from './zone-clock.ts'

const at = (timeMs: number, labels: Record<string, string> = {}, facts: Record<string, bigint> = {}): RoutedUnit => {
  return { timeMs, labels: new Map(Object.entries(labels)), facts: new Map(Object.entries(facts)) }
}
const perUnit = (amount: string) => ({ model: 'per-unit', amount, per: 1n }) as const

const byTier: PlannedThreshold = {
  model: 'request-threshold',
  fact: 'size',
  amount: '1',
  per: 1n,
  above: [
    { above: 100n, amount: '2' },
    { above: 200n, amount: '3' },
  ],
}

test.each([
  [undefined, 0],
  [100n, 0],
  [101n, 1],
  [200n, 1],
  [201n, 2],
])('a request of %s is in band %d', (size, band) => {
  const parts = partsOf(byTier, at(0, {}, size === undefined ? {} : { size }), 7n)
  expect(parts).toEqual([{ number: band, model: perUnit(String(band + 1)), quantity: 7n }])
})

test.each([
  ['201', 2],
  ['0201', 0],
  ['large', 0],
  ['9223372036854775808', 0],
])('a request that says %s in a dimension is in band %d', (size, band) => {
  expect(partsOf(byTier, at(0, { size }), 7n)?.map(({ number }) => number)).toEqual([band])
  expect(partsOf(byTier, at(0, { size }, { size: 101n }), 7n)?.map(({ number }) => number)).toEqual([1])
})

describe('a matrix', () => {
  const matrix: PlannedMatrix = {
    model: 'matrix',
    dimensions: ['a', 'b'],
    rows: [
      { when: {}, ...perUnit('0') },
      { when: { a: 'y' }, ...byTier },
      { when: { a: 'x', b: 'z' }, ...perUnit('5') },
      { when: { a: 'x', b: null }, ...perUnit('6') },
    ],
  }

  test.each([
    // Rows by their texts: x z, x, y with its three bands, any.
    [{ a: 'x', b: 'z' }, 0],
    [{ a: 'x', b: 'q' }, 1],
    [{ a: 'y' }, 2],
    [{ b: 'z' }, 5],
    [{}, 5],
  ])('%o has model %d', (labels, number) => {
    expect(partsOf(matrix, at(0, labels), 1n)?.map((part) => part.number)).toEqual([number])
    const rows = matrix.rows.toReversed()
    expect(partsOf({ ...matrix, rows }, at(0, labels), 1n)?.map((part) => part.number)).toEqual([number])
  })

  test('without a row for it there is no price', () => {
    expect(partsOf({ ...matrix, rows: matrix.rows.slice(1) }, at(0, { a: 'q' }), 1n)).toBeNull()
  })
})

describe('times of use', () => {
  const nightAndDay: PlannedTimeOfUse = {
    model: 'time-of-use',
    zone: 'Europe/Berlin',
    windows: [{ name: 'night', at: [{ days: ['sun'], from: '00:00', to: '04:00' }], price: perUnit('1') }],
    otherwise: { name: 'day', price: perUnit('2') },
    duration: { fact: 'seconds', unit: '1s' },
  }

  test('clocks of a zone, across the change of 2026-03-29', () => {
    expect(wallClock('Europe/Berlin', Date.UTC(2026, 2, 29, 0, 59))).toEqual({ day: 'sun', time: '01:59' })
    expect(wallClock('Europe/Berlin', Date.UTC(2026, 2, 29, 1, 0))).toEqual({ day: 'sun', time: '03:00' })
    expect(wallClock('Asia/Kathmandu', Date.UTC(2026, 2, 28, 18, 15))).toEqual({ day: 'sun', time: '00:00' })
  })

  test.each([
    // Four o'clock is at 02:00 UTC after the change.
    [
      Date.UTC(2026, 2, 29, 1, 59, 50),
      30n,
      100n,
      [
        [0, 33n],
        [1, 67n],
      ],
    ],
    [Date.UTC(2026, 2, 29, 1, 59, 50), 10n, 100n, [[0, 100n]]],
    [Date.UTC(2026, 2, 29, 1, 59, 50), 30n, 1n, [[1, 1n]]],
    [Date.UTC(2026, 2, 29, 1, 59, 50), 30n, 0n, [[0, 0n]]],
    [Date.UTC(2026, 2, 29, 2, 0), 30n, 5n, [[1, 5n]]],
    [
      Date.UTC(2026, 2, 28, 22, 0),
      3n * 3600n,
      100n,
      [
        [1, 33n],
        [0, 67n],
      ],
    ],
  ])('from %d on for %d s, %d units', (timeMs, seconds, quantity, expected) => {
    const parts = partsOf(nightAndDay, at(timeMs, {}, { seconds }), quantity)
    expect(parts?.map((part) => [part.number, part.quantity])).toEqual(expected)
  })
})

test('a call of years is refused, not walked through', () => {
  const price: PlannedTimeOfUse = {
    model: 'time-of-use',
    zone: 'UTC',
    windows: [],
    otherwise: { name: 'always', price: perUnit('1') },
    duration: { fact: 'seconds', unit: '1s' },
  }
  expect(() => partsOf(price, at(0, {}, { seconds: 2n ** 62n }), 1n)).toThrow(/too long/)
})
