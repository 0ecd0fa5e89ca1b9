import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LatencyHistogram } from './latency-histogram.ts'

test('a quantile is the recorded value at its rank, at most one percent above it', () => {
  const latencies = fc.array(fc.integer({ min: 0, max: 100_000_000 }), { minLength: 1, maxLength: 300 })
  fc.assert(
    fc.property(latencies, fc.double({ min: 0.01, max: 1, noNaN: true }), (micros, share) => {
      const histogram = new LatencyHistogram()
      for (const value of micros) histogram.record(value)
      const sorted = micros.toSorted((a, b) => a - b)
      const exact = sorted[Math.ceil(micros.length * share) - 1] ?? 0
      const found = histogram.quantileMicros(share)
      expect(found).toBeGreaterThanOrEqual(exact)
      expect(found).toBeLessThanOrEqual(exact * 1.01)
      expect(histogram.quantileMicros(1)).toBe(histogram.maxMicros)
    }),
  )
})

test('nothing recorded has no latency', () => {
  expect(new LatencyHistogram().quantileMicros(0.99)).toBe(0)
})
