import { formatDuration, parseDurationMs } from '../units/duration.ts'

/** Milliseconds of a unit of time such as `1s`, `15m` or, for finer ones, `100ms`; null for any other text. */
export function parseTimeUnitMs(text: string): number | null {
  const match = /^([1-9][0-9]{0,8})ms$/.exec(text)
  if (match !== null) return Number(match[1])
  const parsed = parseDurationMs(text)
  return parsed.ok ? parsed.value : null
}

/** The shortest text `parseTimeUnitMs` reads back. */
export function timeUnitText(unitMs: number): string {
  return unitMs % 1000 === 0 ? formatDuration(unitMs) : `${unitMs}ms`
}
