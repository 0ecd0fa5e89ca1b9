import { backoffDelayMs } from '@meterline/shared/base/backoff.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import type { UplinkTimer } from '../domain/uplink-types.ts'

/** How long the uplink waits for what. */
export interface UplinkTiming {
  /** Pause before connecting again: full jitter up to this, doubling from `retryBaseMs` to `retryCapMs`. */
  readonly retryBaseMs: number
  readonly retryCapMs: number
  /** The hello must be answered within this. */
  readonly greetingMs: number
  /** While batches are under way, some receipt must come within this. */
  readonly answerMs: number
}

/** How much longer than a lost connection a refusal is left alone before the aggregator is asked again. */
const probePatience = { baseMs: 1000, capMs: 300_000 }
/** A session that has held this long was a good one: the next pause starts small again. */
const steadyMs = 30_000

/** How long a timer of the uplink runs; `attempt` counts what was tried in vain. */
export function uplinkDelayMs(timer: UplinkTimer, attempt: number, timing: UplinkTiming, random: Random): number {
  const { retryBaseMs, retryCapMs, greetingMs, answerMs } = timing
  switch (timer) {
    case 'retry':
      return backoffDelayMs(attempt, random, { baseMs: retryBaseMs, capMs: retryCapMs })
    case 'probe':
      return backoffDelayMs(attempt, random, probePatience)
    case 'greeting':
      return greetingMs
    case 'answer':
      return answerMs
    case 'steady':
      return steadyMs
  }
}
