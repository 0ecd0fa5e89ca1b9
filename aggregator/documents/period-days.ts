import { dayMs } from '@meterline/shared/units/civil.ts'
import { formatInstant, parseInstant } from '@meterline/shared/units/instant.ts'

/** All days of a period (its first instant, and the first one after it) in order, as `YYYY-MM-DD`. */
export function periodDays(from: string, to: string): readonly string[] {
  const start = parseInstant(from)
  const end = parseInstant(to)
  const days: string[] = []
  if (!start.ok || !end.ok) return days
  for (let startMs = start.value; startMs < end.value; startMs += dayMs) days.push(dayOf(formatInstant(startMs)))
  return days
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
