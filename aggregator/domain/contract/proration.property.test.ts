import fc from 'fast-check'
import { expect, test } from 'vitest'
import { calendarMonths, periodAt, type BillingCycle } from '../periods/billing-cycle.ts'
import { countedSpans, roundedParts } from './proration.ts'
import { mergedSpans, spanWithout, type TimeSpan } from './time-span.ts'

const hourMs = 3_600_000
const startMs = Date.UTC(2026, 1, 1)
const endMs = Date.UTC(2026, 2, 1)

/** Spans in order that may touch and leave gaps, cut at quarters of an hour from before the period to after it. */
const spans = fc
  .uniqueArray(fc.integer({ min: -40, max: 28 * 96 + 40 }), { minLength: 2, maxLength: 12 })
  .chain((cuts) => {
    const sorted = cuts.toSorted((left, right) => left - right)
    const pieces = sorted.slice(1).map((cut, index) => ({ fromMs: at(sorted[index] ?? 0), toMs: at(cut) }))
    return fc.subarray(pieces)
  })

function at(quarter: number): number {
  return startMs + (quarter * hourMs) / 4
}

/** A zone that is ahead of UTC by some hours all the time. */
const cycles = fc
  .integer({ min: -11, max: 13 })
  .map((hours): BillingCycle => ({ id: 'z', day: 1, offsets: [{ fromMs: 0, offsetMinutes: hours * 60 }] }))

test('each day counts for what is in force as it begins, or first in it, as a walk over its quarters finds', () => {
  fc.assert(
    fc.property(spans, cycles, (drawn, cycle) => {
      const period = periodAt(cycle, Date.UTC(2026, 1, 15))
      const days = (period.endMs - period.startMs) / (24 * hourMs)
      const expected = drawn.map(() => 0)
      for (let day = 0; day < days; day++) {
        for (let quarter = 0; quarter < 96; quarter++) {
          const timeMs = period.startMs + (day * 96 + quarter) * (hourMs / 4)
          const found = drawn.findIndex(({ fromMs, toMs }) => fromMs <= timeMs && timeMs < toMs)
          if (found < 0) continue
          expected[found] = (expected[found] ?? 0) + 1
          break
        }
      }
      expect(countedSpans(drawn, period, cycle, 'day')).toEqual({ counts: expected, whole: days })
    }),
  )
})

test('spans without gaps count for the whole period, by day and by second', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: startMs + 1, max: endMs - 1 }), { maxLength: 12 }),
      fc.constantFrom('day' as const, 'second' as const),
      (cuts, proration) => {
        const bounds = [startMs, ...cuts.toSorted((left, right) => left - right), endMs]
        const whole = bounds.slice(1).map((toMs, index) => ({ fromMs: bounds[index] ?? 0, toMs }))
        const counted = countedSpans(whole, periodAt(calendarMonths, startMs), calendarMonths, proration)
        expect(counted.whole).toBe(proration === 'day' ? 28 : 28 * 86_400)
        expect(counted.counts.reduce((sum, count) => sum + count, 0)).toBe(counted.whole)
      },
    ),
  )
})

test('rounded parts sum to the rounded sum, and none is off by a micro or more', () => {
  const parts = fc.array(fc.bigInt({ min: -(10n ** 12n), max: 10n ** 12n }), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(parts, fc.bigInt({ min: 1n, max: 10n ** 6n }), (numerators, denominator) => {
      const rounded = roundedParts(numerators, denominator)
      const sum = rounded.reduce((left, right) => left + right, 0n)
      const exact = numerators.reduce((left, right) => left + right, 0n)
      const off = 2n * (sum * denominator - exact)
      expect(off <= denominator && -off <= denominator).toBe(true)
      numerators.forEach((numerator, index) => {
        const difference = (rounded[index] ?? 0n) * denominator - numerator
        expect(difference <= denominator && -difference <= denominator).toBe(true)
      })
    }),
  )
})

test('a span without others and those others cover the same time once', () => {
  const span = fc
    .tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 40 }))
    .map(([fromMs, toMs]): TimeSpan => ({ fromMs, toMs }))
  fc.assert(
    fc.property(span, fc.array(span, { maxLength: 6 }), (own, others) => {
      const merged = mergedSpans(others)
      const left = spanWithout(own, merged)
      const holds = (list: readonly TimeSpan[], timeMs: number): boolean =>
        list.some(({ fromMs, toMs }) => fromMs <= timeMs && timeMs < toMs)
      for (let timeMs = 0; timeMs < 41; timeMs++) {
        expect(holds(merged, timeMs)).toBe(holds(others, timeMs))
        expect(holds(left, timeMs)).toBe(holds([own], timeMs) && !holds(others, timeMs))
      }
      for (const list of [merged, left]) {
        for (const [index, { fromMs, toMs }] of list.entries()) {
          expect(fromMs < toMs && (list[index + 1]?.fromMs ?? Infinity) > toMs).toBe(true)
        }
      }
    }),
  )
})
