import { startOfDay } from '../oracle/calendar.ts'

const minuteMs = 60_000

/** When clocks of Europe and of New York are set in 2026. */
const clockChanges = [
  startOfDay(2026, 3, 29) + 60 * minuteMs,
  startOfDay(2026, 10, 25) + 60 * minuteMs,
  startOfDay(2026, 3, 8) + 7 * 60 * minuteMs,
  startOfDay(2026, 11, 1) + 6 * 60 * minuteMs,
] as const

/**
 * Some day of 2026: half of the runs close to the end of a month so that they span two periods, a quarter of them just
 * before clocks are set somewhere. `kind`: 0 to 3.
 */
export function drawStart(month: number, kind: number, beforeMs: number): number {
  if (kind < 2) return startOfDay(2026, month + 3, 1) - 10 * minuteMs - beforeMs
  if (kind === 2) return startOfDay(2026, month + 2, 14) + beforeMs
  const change = clockChanges[month % clockChanges.length] ?? clockChanges[0]
  return change - 3 * minuteMs - Math.floor(beforeMs / 3)
}
