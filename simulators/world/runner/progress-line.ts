import type { WorldTally } from './world-tally.ts'

/** Minutes of a Julian year, the unit in which simulated time is told. */
export const minutesPerYear = 365.25 * 24 * 60

/** How a run stands: worlds done, faults, speed, simulated time, failures, and what is left of real time. */
export function progressLine(
  { total }: Pick<WorldTally, 'total'>,
  run: { readonly seeds: number; readonly passedMs: number; readonly timeMs: number | null },
): string {
  const { seeds, passedMs } = run
  const parts = [
    `${total.seeds}/${seeds} worlds`,
    `${whole(total.faults)} faults`,
    `${whole(passedMs === 0 ? 0 : (total.steps * 1000) / passedMs)} steps/s`,
    `${fraction(total.agentMinutes / minutesPerYear)} agent-years`,
    total.failures === 0 ? 'none failed' : `${total.failures} FAILED`,
  ]
  const leftMs = timeLeft(total.seeds, run)
  return [...parts, ...(leftMs === null ? [] : [`${duration(leftMs)} left`])].join(' · ')
}

/** Real time until the last world is done or the time is up; null while nothing can be said. */
function timeLeft(
  done: number,
  { seeds, passedMs, timeMs }: { readonly seeds: number; readonly passedMs: number; readonly timeMs: number | null },
): number | null {
  const untilLimitMs = timeMs === null ? Infinity : Math.max(0, timeMs - passedMs)
  const untilDoneMs = done === 0 ? Infinity : ((seeds - done) * passedMs) / done
  const leftMs = Math.min(untilLimitMs, untilDoneMs)
  return Number.isFinite(leftMs) ? leftMs : null
}

/** `1 h 05 min`, `2 min 10 s` or `9 s`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const minutes = Math.floor(seconds / 60)
  const padded = (value: number): string => String(value).padStart(2, '0')
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${padded(minutes % 60)} min`
  return minutes > 0 ? `${minutes} min ${padded(seconds % 60)} s` : `${seconds} s`
}

/** A whole number with its thousands apart. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en')
}

/** A number of years: small ones with more digits. */
export function fraction(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : 0 })
}
