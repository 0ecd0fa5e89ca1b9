import { assertThat } from '@meterline/shared/base/errors.ts'
import type { ZoneOffset } from '@meterline/shared/rating/zone-time.ts'
import { minuteMs, offsetAt, offsetIndexAt } from '@meterline/shared/rating/zone-time.ts'
import { dayMs } from '@meterline/shared/units/civil.ts'
import { divideRounded } from '@meterline/shared/units/money.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { BillingCycle } from '../periods/billing-cycle.ts'
import type { TimeSpan } from './time-span.ts'

/** How something that is stated for a whole period is shared out when it is not in force for all of it. */
export const prorations = ['none', 'day', 'second'] as const
export type Proration = (typeof prorations)[number]

const secondMs = 1_000

/** How many days or seconds of a period count for each of several spans of it. */
export interface CountedSpans {
  /** In the order of the spans; together at most `whole`. */
  readonly counts: readonly number[]
  /** Of the whole period. */
  readonly whole: number
}

/**
 * Counts the days (of the cycle's zone) or seconds of a period that spans take up. Each counts once: for the span in force
 * as it begins, or where there is none for the first that begins in it. A day that was started therefore counts, a change in
 * the middle of a day counts from the next day on, and a span that ends as a day begins has nothing of it. Spans are in the
 * order of time and do not overlap; what lies outside of the period counts for nothing.
 */
export function countedSpans(
  spans: readonly TimeSpan[],
  period: Period,
  cycle: BillingCycle,
  proration: 'day' | 'second',
): CountedSpans {
  const unitAt = proration === 'day' ? dayCounter(period, cycle) : secondCounter(period)
  let counted = 0
  const counts = spans.map(({ fromMs, toMs }) => {
    const [startMs, endMs] = [Math.max(fromMs, period.startMs), Math.min(toMs, period.endMs)]
    if (startMs >= endMs) return 0
    const first = Math.max(counted, unitAt(startMs))
    counted = Math.max(counted, unitAt(endMs - 1) + 1)
    return Math.max(0, counted - first)
  })
  return { counts, whole: unitAt(period.endMs - 1) + 1 }
}

/** Which second of a period an instant lies in, from 0. */
function secondCounter(period: Period): (timeMs: number) => number {
  return (timeMs) => Math.floor((timeMs - period.startMs) / secondMs)
}

/**
 * Which day of a period an instant lies in, from 0. Where clocks are put back over midnight, the hour that comes twice is
 * counted with the later day, so that days never run backwards.
 */
function dayCounter(period: Period, { offsets }: BillingCycle): (timeMs: number) => number {
  const first = localDay(period.startMs, offsets)
  return (timeMs) => Math.max(localDay(timeMs, offsets), localDay(latestBefore(timeMs, offsets), offsets)) - first
}

/** Days since 1970-01-01 on the clocks of a zone; null: UTC. */
function localDay(timeMs: number, offsets: readonly ZoneOffset[] | null): number {
  const offset = offsets === null ? 0 : offsetAt(offsets, offsetIndexAt(offsets, timeMs)).offsetMinutes
  return Math.floor((timeMs + offset * minuteMs) / dayMs)
}

/** The last instant before clocks were changed for the last time up to an instant, or that instant itself. */
function latestBefore(timeMs: number, offsets: readonly ZoneOffset[] | null): number {
  if (offsets === null) return timeMs
  const index = offsetIndexAt(offsets, timeMs)
  return index === 0 ? timeMs : offsetAt(offsets, index).fromMs - 1
}

/**
 * Rounds exact parts to whole micros so that they sum to their rounded sum (half away from zero): each part is the
 * difference of two rounded sums, with and without it. All parts have the same denominator.
 */
export function roundedParts(numerators: readonly bigint[], denominator: bigint): readonly bigint[] {
  assertThat(denominator > 0n, 'the denominator of parts is above zero')
  let sum = 0n
  let rounded = 0n
  return numerators.map((numerator) => {
    sum += numerator
    const before = rounded
    rounded = divideRounded(sum, denominator, 'half-away')
    return rounded - before
  })
}
