import type { Acknowledger, Intake } from '../flow/ports.ts'
import type { PublishRoute } from './mqtt-routes.ts'

/** Called once: without an error after the commit, with one when the message could not be stored. */
export type StoredCallback = (error?: Error | null) => void

interface WaitingDelivery {
  readonly route: PublishRoute
  readonly payload: Uint8Array
  readonly done: StoredCallback
}

/**
 * Hands telemetry that comes out of aedes to the intake: QoS 2, and everything while the fast path is switched off.
 * Aedes acknowledges when `done` is called, so the commit comes first on this way too. What waits here is bounded by
 * aedes, which reads a client's next bytes only when all its earlier packets are done.
 */
export class AedesDeliveries implements Acknowledger {
  readonly #intake: Intake
  readonly #unsettled = new Map<number, StoredCallback>()
  readonly #waiting: WaitingDelivery[] = []
  #lastToken = 0

  constructor(intake: Intake) {
    this.#intake = intake
  }

  submit(route: PublishRoute, payload: Uint8Array, done: StoredCallback): void {
    const delivery = { route, payload, done }
    if (this.#waiting.length > 0 || !this.#take(delivery)) this.#waiting.push(delivery)
  }

  /** The intake has room again. */
  onRoom(): void {
    let taken = 0
    for (const delivery of this.#waiting) {
      if (!this.#take(delivery)) break
      taken++
    }
    this.#waiting.splice(0, taken)
  }

  settled(token: number, outcome: 'stored' | 'unavailable'): void {
    const done = this.#unsettled.get(token)
    this.#unsettled.delete(token)
    if (outcome === 'stored') done?.(null)
    else done?.(new Error('the message cannot be stored now'))
  }

  flush(): void {
    // Aedes writes its acknowledgements itself.
  }

  #take({ route, payload, done }: WaitingDelivery): boolean {
    this.#lastToken = (this.#lastToken + 1) % Number.MAX_SAFE_INTEGER
    const token = this.#lastToken
    this.#unsettled.set(token, done)
    if (this.#intake.submit(route.origin, route.kind, payload, this, token)) return true
    this.#unsettled.delete(token)
    return false
  }
}
