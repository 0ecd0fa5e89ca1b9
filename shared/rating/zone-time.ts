import { assertThat } from '../base/errors.ts'

/** From `fromMs` (epoch milliseconds) until the next one, local time is UTC plus `offsetMinutes`. */
export interface ZoneOffset {
  readonly fromMs: number
  readonly offsetMinutes: number
}

export const minuteMs = 60_000
/** A week of local time by a clock that is not put forward or back. */
export const weekMs = 7 * 24 * 60 * minuteMs
// 1970-01-01, where milliseconds are counted from, was a Thursday; weeks here begin on Monday.
const thursdayMs = 3 * 24 * 60 * minuteMs

/** The place of the offset in force at an instant; the first holds for all time before as well. */
export function offsetIndexAt(offsets: readonly ZoneOffset[], instantMs: number): number {
  let low = 0
  let high = offsets.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (offsetAt(offsets, middle).fromMs <= instantMs) low = middle
    else high = middle - 1
  }
  return low
}

/** An offset by its place. */
export function offsetAt(offsets: readonly ZoneOffset[], index: number): ZoneOffset {
  const offset = offsets[index]
  assertThat(offset !== undefined, 'the offsets of a price by time of use are resolved before it is compiled')
  return offset
}

/** Milliseconds since Monday, 00:00, on the clocks of a place where local time is UTC plus `offsetMinutes`. */
export function weekTimeMs(instantMs: number, offsetMinutes: number): number {
  const sinceMonday = (instantMs + offsetMinutes * minuteMs + thursdayMs) % weekMs
  return sinceMonday < 0 ? sinceMonday + weekMs : sinceMonday
}
