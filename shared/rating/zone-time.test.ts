import { expect, test } from 'vitest'
import { offsetAt, offsetIndexAt, weekMs, weekTimeMs } from './zone-time.ts'

const changes = [
  { fromMs: 1000, offsetMinutes: 60 },
  { fromMs: 2000, offsetMinutes: 120 },
  { fromMs: 3000, offsetMinutes: -30 },
]
const inForce: readonly [number, number][] = [
  [0, 60],
  [999, 60],
  [1000, 60],
  [1999, 60],
  [2000, 120],
  [2001, 120],
  [2999, 120],
  [3000, -30],
  [9e15, -30],
]

test.each(inForce)('at %i the offset is %i minutes', (instantMs, minutes) => {
  expect(offsetAt(changes, offsetIndexAt(changes, instantMs)).offsetMinutes).toBe(minutes)
  const only = changes.slice(0, 1)
  expect(offsetIndexAt(only, instantMs)).toBe(0)
})

test('a price whose offsets were not resolved is not asked', () => {
  expect(() => offsetAt([], offsetIndexAt([], 0))).toThrow('resolved before it is compiled')
})

const hourMs = 3_600_000
const places: readonly [string, number, number][] = [
  ['2026-11-23T00:00:00.000Z', 0, 0],
  ['2026-11-22T23:59:59.999Z', 0, weekMs - 1],
  ['2026-11-22T23:00:00.000Z', 60, 0],
  ['2026-11-23T00:00:00.000Z', -60, weekMs - hourMs],
  ['2026-11-26T10:30:00.000Z', 0, 3 * 24 * hourMs + 10.5 * hourMs],
  // The first hours of 1970, a Thursday, west of Greenwich are on Wednesday of the year before.
  ['1970-01-01T00:00:00.000Z', -720, 2 * 24 * hourMs + 12 * hourMs],
  ['1970-01-01T00:00:00.000Z', 840, 3 * 24 * hourMs + 14 * hourMs],
]

test.each(places)('%s with %i minutes is %i ms into its week', (instant, minutes, expected) => {
  expect(weekTimeMs(Date.parse(instant), minutes)).toBe(expected)
})
