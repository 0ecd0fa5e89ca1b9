import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backoffDelayMs } from './backoff.ts'
import { seededRandom, type Random } from './random.ts'

const limits = { baseMs: 100, capMs: 30_000 }
/** Draws always the largest number of its range. */
const highest: Random = { bytes: (count) => new Uint8Array(count), below: (limit) => limit - 1, fraction: () => 0 }

test.each([
  [0, 100],
  [1, 200],
  [5, 3_200],
  [8, 25_600],
  [9, 30_000],
  [50, 30_000],
  [5_000, 30_000],
])('attempt %i waits at most %i ms', (attempt, longestMs) => {
  expect(backoffDelayMs(attempt, highest, limits)).toBe(longestMs)
})

test('every wait is a whole number from 0 to the cap', () => {
  const random = seededRandom('waits')
  fc.assert(
    fc.property(fc.nat(2_000), fc.integer({ min: 1, max: 5_000 }), fc.nat(100_000), (attempt, baseMs, above) => {
      const waitMs = backoffDelayMs(attempt, random, { baseMs, capMs: baseMs + above })
      expect(Number.isSafeInteger(waitMs) && waitMs >= 0 && waitMs <= baseMs + above).toBe(true)
    }),
  )
})

test('limits that make no sense are a bug', () => {
  expect(() => backoffDelayMs(-1, highest, limits)).toThrow('not a count')
  expect(() => backoffDelayMs(0, highest, { baseMs: 0, capMs: 10 })).toThrow('backoff needs')
  expect(() => backoffDelayMs(0, highest, { baseMs: 20, capMs: 10 })).toThrow('backoff needs')
})
