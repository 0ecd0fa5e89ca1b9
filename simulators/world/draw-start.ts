import { startOfDay } from '../oracle/calendar.ts'

const minuteMs = 60_000

/** Some day of 2026, half of the runs close to the end of a month so that they span two periods. */
export function drawStart(month: number, nearMonthEnd: boolean, beforeMs: number): number {
  return nearMonthEnd
    ? startOfDay(2026, month + 3, 1) - 10 * minuteMs - beforeMs
    : startOfDay(2026, month + 2, 14) + beforeMs
}
