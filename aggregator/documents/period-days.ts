import { dayMs } from '@meterline/shared/units/civil.ts'
import { formatInstant, parseInstant } from '@meterline/shared/units/instant.ts'

/**
 * All UTC days that a period (its first instant, and the first one after it) has a part in, in order, as `YYYY-MM-DD`:
 * usage is kept by UTC days whatever the zone of the period.
 */
export function periodDays(from: string, to: string): readonly string[] {
  const start = parseInstant(from)
  const end = parseInstant(to)
  const days: string[] = []
  if (!start.ok || !end.ok) return days
  const firstMs = Math.floor(start.value / dayMs) * dayMs
  for (let startMs = firstMs; startMs < end.value; startMs += dayMs) days.push(dayOf(formatInstant(startMs)))
  return days
}

/** A period in words: its first and last day, or, where it does not begin and end with days in UTC, its bounds. */
export function periodWords({ from, to }: { readonly from: string; readonly to: string }): string {
  const midnight = 'T00:00:00.000Z'
  if (from.endsWith(midnight) && to.endsWith(midnight)) return `${dayOf(from)} to ${lastDayOf(to)}`
  return `${minuteOf(from)} to before ${minuteOf(to)}`
}

/** The day of an instant. */
export function dayOf(instant: string): string {
  return instant.slice(0, 10)
}

/** The last day before an exclusive end, as people name the end of a month. */
export function lastDayOf(end: string): string {
  const parsed = parseInstant(end)
  return parsed.ok ? dayOf(formatInstant(parsed.value - 1)) : end
}

/** An instant to the minute: `2026-11-15 23:00`. */
function minuteOf(instant: string): string {
  return instant.slice(0, 16).replace('T', ' ')
}
