import { eventKey } from '@meterline/shared/integrity/event-key.ts'
import type { SuspenseRow, UnitPlace } from '../store/suspense-table.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import type { ReplacementRow } from '../store/void-table.ts'
import { unitAt } from './admission.ts'

/**
 * The places of voided events, as far as other content under the same source and id waits for them in suspense: one unit
 * takes each, so that an event is never charged twice.
 */
export class FreePlaces {
  readonly #store: TenantStore
  readonly #tenant: string
  /** Voided places, as texts, that are taken by units tried now. */
  readonly #taken = new Set<string>()

  constructor(store: TenantStore, tenant: string) {
    this.#store = store
    this.#tenant = tenant
  }

  /** Takes the place of the event that a conflicting unit is of; null: what stands there counts. */
  take({ source, eventId }: SuspenseRow): UnitPlace | null {
    if (eventId === null) return null
    const known = this.#store.keys.lookup(eventKey(this.#tenant, source, eventId), 0)
    if (known === null) return null
    const voided = this.#store.voids.standing(unitAt(known))
    if (this.#store.voids.find(voided) === undefined || this.#taken.has(textOf(voided))) return null
    this.#taken.add(textOf(voided))
    return voided
  }

  /** Gives a place back that could not be used after all. */
  giveBack(voided: UnitPlace): void {
    this.#taken.delete(textOf(voided))
  }
}

/** Which units of a batch take which places of voided ones, by the index of the unit. */
export class ClaimedPlaces {
  readonly #places: FreePlaces
  readonly #byUnit = new Map<number, UnitPlace>()

  constructor(places: FreePlaces) {
    this.#places = places
  }

  /** Whether a conflicting unit may take the place of its event; it then has it. */
  claim(row: SuspenseRow): boolean {
    const voided = this.#places.take(row)
    if (voided !== null) this.#byUnit.set(row.unit, voided)
    return voided !== null
  }

  has(unit: number): boolean {
    return this.#byUnit.has(unit)
  }

  giveBack(unit: number): void {
    const voided = this.#byUnit.get(unit)
    if (voided !== undefined) this.#places.giveBack(voided)
    this.#byUnit.delete(unit)
  }

  /** What a release writes of those that are charged by it. */
  replacements(batchIndex: number, releaseIndex: number): readonly ReplacementRow[] {
    return [...this.#byUnit].map(([unit, voided]) => ({ voided, by: { logIndex: batchIndex, unit }, releaseIndex }))
  }
}

function textOf({ logIndex, unit }: UnitPlace): string {
  return `${logIndex}:${unit}`
}
