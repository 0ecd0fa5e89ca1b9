import type { Clock, Timer } from '@meterline/shared/base/clock.ts'

const quietMs = 2_000
const repeatMs = 10_000

/** Says after two seconds without a word, and every ten seconds from then on, that somebody still waits. */
export class Patience {
  readonly #clock: Clock
  readonly #say: (text: string) => void
  #timer: Timer | null = null
  #waitedMs = 0

  /** Begins to wait. */
  constructor(clock: Clock, say: (text: string) => void) {
    this.#clock = clock
    this.#say = say
    this.#wait(quietMs)
  }

  /** Something was heard: no need to say anything for a while. */
  heard(): void {
    this.#stop()
    this.#waitedMs = 0
    this.#wait(repeatMs)
  }

  /** The wait is over. */
  end(): void {
    this.#stop()
  }

  #wait(forMs: number): void {
    this.#timer = this.#clock.after(forMs, () => {
      this.#waitedMs += forMs
      this.#say(`still at it after ${this.#waitedMs / 1_000} s`)
      this.#wait(repeatMs)
    })
  }

  #stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }
}
