import { assertThat } from './errors.ts'
import type { Random } from './random.ts'

/**
 * How long to wait before attempt number `attempt` (0 is the first retry), in whole milliseconds: full jitter, uniform
 * from 0 to min(capMs, baseMs × 2^attempt), so that a crowd cut off together does not come back together
 * (M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 */
export function backoffDelayMs(attempt: number, random: Random, limits: { baseMs: number; capMs: number }): number {
  assertThat(Number.isSafeInteger(attempt) && attempt >= 0, `attempt ${attempt} is not a count`)
  assertThat(limits.baseMs >= 1 && limits.capMs >= limits.baseMs, 'backoff needs 1 ≤ baseMs ≤ capMs')
  const ceilingMs = Math.floor(Math.min(limits.capMs, limits.baseMs * 2 ** attempt))
  return random.below(ceilingMs + 1)
}
