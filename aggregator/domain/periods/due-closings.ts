import { periodAfter, periodAt, type BillingCycle } from './billing-cycle.ts'
import type { Period } from '@meterline/shared/units/period.ts'

/** What decides when periods are to be closed by themselves; instants in epoch milliseconds. */
export interface ClosingCalendar {
  /** The cycles that somebody's documents follow. */
  readonly cycles: readonly BillingCycle[]
  /** How long buyers' documents wait for late usage behind the end of a period, each length once. */
  readonly gracesMs: readonly number[]
  /** From when on periods are closed. */
  readonly firstMs: number
  /** Earlier ones that something was charged in, or whose closing is not finished. */
  readonly earlier: readonly Period[]
  isClosed(periodKey: string): boolean
}

/** The periods that are over at an instant and not closed, in the order of their ends, and by their keys where those meet. */
export function dueClosings(calendar: ClosingCalendar, atMs: number): readonly Period[] {
  const found = new Map<string, Period>()
  for (const period of calendar.earlier) if (period.endMs <= atMs) found.set(period.key, period)
  for (const cycle of calendar.cycles) {
    for (let period = periodAt(cycle, calendar.firstMs); period.endMs <= atMs; period = periodAfter(cycle, period)) {
      found.set(period.key, period)
    }
  }
  return [...found.values()].filter(({ key }) => !calendar.isClosed(key)).toSorted(byEnd)
}

/** The next instant after one at which a period ends, or the grace of one that is not closed; Infinity where there is none. */
export function nextDueMs(calendar: ClosingCalendar, afterMs: number): number {
  const ends = [
    ...calendar.cycles.map((cycle) => periodAt(cycle, afterMs).endMs),
    ...calendar.earlier.map(({ endMs }) => endMs),
  ]
  const waits = dueClosings(calendar, afterMs).flatMap(({ endMs }) =>
    calendar.gracesMs.map((graceMs) => endMs + graceMs),
  )
  return Math.min(...[...ends, ...waits].filter((dueMs) => dueMs > afterMs))
}

function byEnd(left: Period, right: Period): number {
  return left.endMs - right.endMs || (left.key < right.key ? -1 : 1)
}
