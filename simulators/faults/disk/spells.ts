import type { Random } from '@meterline/shared/base/random.ts'

const minuteMs = 60_000

/** Times at which something is wrong, drawn as they are reached; asked in the order of time. */
export class Spells {
  readonly #random: Random
  readonly #everyMin: number | null
  readonly #maxMs: number
  #fromMs: number
  #untilMs: number
  #isCounted = false

  /** On average `everyMin` minutes without, then up to `maxMs` with it; null: never. */
  constructor(random: Random, everyMin: number | null, maxMs: number, startMs: number) {
    this.#random = random
    this.#everyMin = everyMin
    this.#maxMs = maxMs
    this.#fromMs = Number.POSITIVE_INFINITY
    this.#untilMs = startMs
    this.#next()
  }

  /** Whether it is wrong at this time. */
  at(nowMs: number): boolean {
    while (nowMs >= this.#untilMs && this.#everyMin !== null) this.#next()
    return nowMs >= this.#fromMs
  }

  /** Whether this spell has not been asked about before: a fault is counted once, however many writes it hits. */
  isNew(): boolean {
    const isNew = !this.#isCounted
    this.#isCounted = true
    return isNew
  }

  /** The spell at hand is over. */
  end(): void {
    this.#next()
  }

  #next(): void {
    if (this.#everyMin === null) return
    this.#isCounted = false
    // A process without memory: the time to the next one is exponential, cut to a sensible range.
    const pauseMs = Math.min(8, -Math.log(1 - this.#random.fraction())) * this.#everyMin * minuteMs
    this.#fromMs = this.#untilMs + Math.ceil(pauseMs)
    this.#untilMs = this.#fromMs + 1 + this.#random.below(this.#maxMs + 1)
  }
}
