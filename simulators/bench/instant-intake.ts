import type { Acknowledger, DeliveryKind, Intake } from '@meterline/agent/flow/ports.ts'

/** What is done with a delivery beside copying it. */
export type ReadDelivery = (origin: string, kind: DeliveryKind, payload: Uint8Array) => void

/**
 * The journal's place taken, for measuring a door alone: an intake that copies every payload, as it must, has it read
 * where that is asked for, and settles all of them at the end of the turn, as if a commit cost nothing.
 */
export class InstantIntake implements Intake {
  published = 0
  readonly #copy = Buffer.alloc(1024 * 1024)
  #copied = 0
  readonly #read: ReadDelivery | null
  #acknowledgers: Acknowledger[] = []
  #tokens: number[] = []

  constructor(read: ReadDelivery | null = null) {
    this.#read = read
  }

  submit(origin: string, kind: DeliveryKind, payload: Uint8Array, acknowledger: Acknowledger, token: number): boolean {
    if (this.#copied + payload.length > this.#copy.length) this.#copied = 0
    this.#copy.set(payload, this.#copied)
    this.#copied += payload.length
    this.published++
    this.#read?.(origin, kind, payload)
    if (this.#tokens.length === 0) setImmediate(() => this.#settle())
    this.#acknowledgers.push(acknowledger)
    this.#tokens.push(token)
    return true
  }

  onRoom(): void {
    // There always is room.
  }

  onReject(): void {
    // Nothing is looked at, so nothing is rejected.
  }

  #settle(): void {
    const acknowledgers = this.#acknowledgers
    const tokens = this.#tokens
    this.#acknowledgers = []
    this.#tokens = []
    const toFlush = new Set<Acknowledger>()
    let previous: Acknowledger | undefined
    for (const [index, acknowledger] of acknowledgers.entries()) {
      acknowledger.settled(tokens[index] ?? 0, 'stored')
      if (acknowledger !== previous) toFlush.add(acknowledger)
      previous = acknowledger
    }
    for (const acknowledger of toFlush) acknowledger.flush()
  }
}
