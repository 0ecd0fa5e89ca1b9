import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '@meterline/shared/base/random.ts'

/** One event of the load, as it goes into a payload. */
export interface LoadEvent {
  readonly id: string
  readonly time: number
  readonly subject: string
  readonly meter: string
  readonly quantity: number
}

/** How one device gets its events in. */
export interface LoadSender {
  /** Resolves when there is room for the next event; `onAcknowledged` runs when this one was said to be safe. */
  publish(event: LoadEvent, onAcknowledged: () => void): Promise<void>
  /** Resolves when everything published has been acknowledged. */
  drained(): Promise<void>
  close(): Promise<void>
}

const PERIOD_START_MS = Date.UTC(2025, 5, 1)

/** Two devices that publish as long as they are let; every message is published until it has been acknowledged. */
export class KillLoad {
  readonly acknowledged = new Set<string>()
  readonly #events = new Map<string, LoadEvent>()
  readonly #senders: ReadonlyMap<string, LoadSender>
  readonly #toRepeat: ReadonlyMap<string, LoadEvent[]>
  readonly #random: Random
  #stopped = false
  quantity = 0n

  constructor(senders: ReadonlyMap<string, LoadSender>, random: Random) {
    this.#senders = senders
    this.#toRepeat = new Map([...senders.keys()].map((device) => [device, []]))
    this.#random = random
  }

  stop(): void {
    this.#stopped = true
  }

  deviceOf(id: string): string {
    return this.#events.get(id)?.subject ?? ''
  }

  async run(): Promise<void> {
    await Promise.all([...this.#senders].map(async ([device, sender]) => await this.#publishFrom(device, sender)))
  }

  /** Has events published once more, as a source does that knows of its broker's crash. */
  repeat(ids: readonly string[]): void {
    for (const id of ids) {
      const event = this.#events.get(id)
      if (event !== undefined) this.#toRepeat.get(event.subject)?.push(event)
    }
  }

  async #publishFrom(device: string, sender: LoadSender): Promise<void> {
    let number = 0
    while (!this.#stopped) {
      const id = `${device}-${String(number).padStart(7, '0')}`
      const quantity = 1 + this.#random.below(5000)
      const event = { id, time: PERIOD_START_MS + number, subject: device, meter: 'data.bytes', quantity }
      this.#events.set(id, event)
      await sender.publish(event, () => {
        // A retry may be acknowledged after its first copy was: the set and the sum take the event once.
        if (this.acknowledged.has(id)) return
        this.acknowledged.add(id)
        this.quantity += BigInt(quantity)
      })
      number += 1
      await this.#repeatFrom(device, sender)
      // About two thousand events a second keep both processes busy without hiding restarts behind a long backlog.
      if (number % 10 === 0) await pause(10)
    }
    await this.#repeatFrom(device, sender)
    await sender.drained()
    await sender.close()
  }

  async #repeatFrom(device: string, sender: LoadSender): Promise<void> {
    const events = this.#toRepeat.get(device)?.splice(0) ?? []
    for (const event of events) await sender.publish(event, () => undefined)
  }
}
