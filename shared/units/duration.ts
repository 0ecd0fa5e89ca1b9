import { failed, fault, ok, type Fault, type Result } from '../base/errors.ts'

const unitsMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const durationPattern = /^([1-9][0-9]{0,8})(s|m|h|d)$/

/** The longest duration that can be written, about a century: longer ones are slips of the pen. */
export const longestDurationMs = 36_525 * unitsMs.d

/** Reads a duration such as `90s`, `15m`, `6h` or `1d` (24 hours), in milliseconds. One whole number and one unit. */
export function parseDurationMs(text: string): Result<number, Fault<'duration_invalid'>> {
  const match = text.length <= 16 ? durationPattern.exec(text) : null
  const durationMs = match === null ? NaN : Number(match[1]) * unitsMs[match[2] as keyof typeof unitsMs]
  if (durationMs <= longestDurationMs) return ok(durationMs)
  const shown = JSON.stringify(text.length > 16 ? `${text.slice(0, 16)}…` : text)
  return failed(fault('duration_invalid', `${shown} is no duration: write it like 90s, 15m, 6h or 1d`))
}

/** The shortest text that `parseDurationMs` reads back to the same whole number of seconds. */
export function formatDuration(durationMs: number): string {
  for (const unit of ['d', 'h', 'm'] as const) {
    if (durationMs > 0 && durationMs % unitsMs[unit] === 0) return `${durationMs / unitsMs[unit]}${unit}`
  }
  return `${Math.round(durationMs / unitsMs.s)}s`
}
