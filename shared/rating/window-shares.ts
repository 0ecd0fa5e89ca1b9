import { switchAt, switchIndexAt, type CompiledTimeOfUse } from './time-of-use.ts'
import { offsetAt, offsetIndexAt, weekMs, weekTimeMs } from './zone-time.ts'

/** How long a span of time lies in a window. */
export interface WindowShare {
  readonly window: number
  readonly durationMs: number
}

/**
 * How the time from one instant to another (exclusive, epoch milliseconds) lies in the windows of a price, in the order in
 * which they are first entered; windows it does not touch are left out. Where clocks are put back or forward, the span is
 * cut too: an hour that clocks show twice counts twice, one they leave out not at all. Whole weeks under one offset are
 * added at once, so that the work does not grow with the length of the span.
 */
export function windowShares(router: CompiledTimeOfUse, fromMs: number, toMs: number): readonly WindowShare[] {
  const durations = new Map<number, number>()
  let at = fromMs
  for (let index = offsetIndexAt(router.offsets, fromMs); at < toMs; index++) {
    const next = router.offsets[index + 1]?.fromMs ?? Infinity
    const end = Math.min(toMs, next)
    addSpan(durations, router, at, end, offsetAt(router.offsets, index).offsetMinutes)
    at = end
  }
  return [...durations].map(([window, durationMs]) => ({ window, durationMs }))
}

/** Adds a span under one offset to what the windows have so far. */
function addSpan(
  durations: Map<number, number>,
  { week }: CompiledTimeOfUse,
  fromMs: number,
  toMs: number,
  offsetMinutes: number,
): void {
  const start = weekTimeMs(fromMs, offsetMinutes)
  const wholeWeeks = Math.floor((toMs - fromMs) / weekMs)
  const rest = (toMs - fromMs) % weekMs
  const add = (window: number, durationMs: number): void => {
    if (durationMs > 0) durations.set(window, (durations.get(window) ?? 0) + durationMs)
  }
  let index = switchIndexAt(week, start)
  let place = start
  // Once around the week from where the span begins, and back to there.
  for (let passed = 0; passed < weekMs; index = (index + 1) % week.length) {
    const until = index + 1 < week.length ? switchAt(week, index + 1).weekTimeMs : weekMs
    const length = Math.min(until - place, weekMs - passed)
    const ofRest = Math.max(0, Math.min(length, rest - passed))
    add(switchAt(week, index).window, wholeWeeks * length + ofRest)
    passed += length
    place = until === weekMs ? 0 : until
  }
}
