/** A timer takes 24 days at most, and a stop request should not wait for the end of a long silence. */
const LONGEST_WAIT_MS = 500

/** Keeps events as far apart as they were or would be, divided by a speed. */
export class Pace {
  readonly #speed: number
  readonly #signal: AbortSignal | undefined
  readonly #startedMs = performance.now()
  #firstMs: number | null = null

  /** `speed`: 1 is real time, 60 a minute a second, Infinity no waiting at all. */
  constructor(speed: number, signal: AbortSignal | undefined) {
    this.#speed = speed
    this.#signal = signal
  }

  /** Waits until an event of this time is due, seen from the first one; returns early at a stop request. */
  async until(timeMs: number): Promise<void> {
    this.#firstMs ??= timeMs
    const dueMs = this.#startedMs + (timeMs - this.#firstMs) / this.#speed
    while (this.#signal?.aborted !== true) {
      const waitMs = Math.min(dueMs - performance.now(), LONGEST_WAIT_MS)
      if (waitMs <= 1) return
      await new Promise((resolve) => setTimeout(resolve, waitMs))
    }
  }
}

/** 'real', 'max' or a factor as typed. Throws with what is expected. */
export function speedOf(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY
  const speed = text === 'real' ? 1 : Number(text)
  if (speed > 0 && Number.isFinite(speed)) return speed
  throw new Error(`--speed: expected 'real', 'max' or a number above 0, found '${text}'`)
}
