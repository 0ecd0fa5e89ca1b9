import type { LogWatch } from './log-watch.ts'
import { identityKey } from './published.ts'
import type { StoredUnit } from './stored-batch.ts'

/** Where a unit stands in the log. */
export interface Place {
  readonly batchIndex: number
  readonly unit: number
  readonly stored: StoredUnit
}

/** Which unit of the log stands for which event: the first one, until that is voided and another content takes its place. */
export class EventPlaces {
  readonly #first = new Map<string, Place>()
  readonly #standing = new Map<string, Place>()
  readonly #standIns = new Set<string>()
  #lastBatch = -1

  advance(log: LogWatch): void {
    for (const [batchIndex, { units }] of log.batchesAfter(this.#lastBatch)) {
      for (const [unit, stored] of units.entries()) {
        if (stored.eventId === null) continue
        const identity = identityKey(stored.source, stored.eventId)
        if (!this.#first.has(identity)) this.#first.set(identity, { batchIndex, unit, stored })
      }
      this.#lastBatch = batchIndex
    }
  }

  /** What stands for each identity now. */
  all(): readonly Place[] {
    return [...this.#first.keys()].flatMap((identity) => this.standing(identity) ?? [])
  }

  /** Where an identity stands first in the log. */
  first(identity: string): Place | undefined {
    return this.#first.get(identity)
  }

  /** What stands for an identity now. */
  standing(identity: string): Place | undefined {
    return this.#standing.get(identity) ?? this.#first.get(identity)
  }

  /** A unit takes the place of what stood for its event until now; answers with that. */
  standIn(place: Place): Place | undefined {
    const { batchIndex, unit, stored } = place
    if (stored.eventId === null) return undefined
    const identity = identityKey(stored.source, stored.eventId)
    const before = this.standing(identity)
    this.#standing.set(identity, place)
    this.#standIns.add(`${batchIndex}/${unit}`)
    return before
  }

  /** Whether a unit took the place of another one. */
  isStandIn(batchIndex: number, unit: number): boolean {
    return this.#standIns.has(`${batchIndex}/${unit}`)
  }
}
