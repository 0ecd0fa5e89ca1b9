import type { Clock, Timer } from '@meterline/shared/base/clock.ts'
import { ok } from '@meterline/shared/base/errors.ts'
import type { Fault, Result } from '@meterline/shared/base/errors.ts'

type Outcome = Result<null, Fault<'store_unavailable'>>

/** Commands that wait for a tenant's service: until what it received is rated, or for others to have their turn. */
export class WaitingCallers {
  readonly #clock: Clock
  #caughtUp: ((outcome: Outcome) => void)[] = []
  readonly #pauses = new Map<Timer, (outcome: Outcome) => void>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether somebody waits until everything received is rated. */
  get forRating(): boolean {
    return this.#caughtUp.length > 0
  }

  /** Resolves with the next `ratingCaughtUp` or `end`. */
  untilCaughtUp(): Promise<Outcome> {
    return new Promise((resolve) => void this.#caughtUp.push(resolve))
  }

  ratingCaughtUp(outcome: Outcome): void {
    const waiting = this.#caughtUp
    this.#caughtUp = []
    for (const resolve of waiting) resolve(outcome)
  }

  /** Resolves in a later turn of the clock, or with `end`. */
  pause(): Promise<Outcome> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(0, () => {
        this.#pauses.delete(timer)
        resolve(ok(null))
      })
      this.#pauses.set(timer, resolve)
    })
  }

  /** The service has stopped: everybody hears why. */
  end(outcome: Outcome): void {
    this.ratingCaughtUp(outcome)
    for (const [timer, resolve] of this.#pauses) {
      timer.cancel()
      resolve(outcome)
    }
    this.#pauses.clear()
  }
}
