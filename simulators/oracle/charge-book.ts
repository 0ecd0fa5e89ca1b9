import type { StoredCharge } from './unit-duties.ts'

/** The charges of units, those of the first rating of their batch apart from those of releases, and what was taken back. */
export class ChargeBook {
  readonly #rated = new Map<string, Map<string, StoredCharge>>()
  readonly #released = new Map<string, Map<string, StoredCharge>>()
  readonly #taken = new Map<string, Set<string>>()
  #releasedPlaces: { readonly batchIndex: number; readonly unit: number }[] = []

  /** Notes a charge of a debt (record and segment). False: the unit was charged for it before. */
  note(batchIndex: number, unit: number, debt: string, charge: StoredCharge, byRelease: boolean): boolean {
    const place = `${batchIndex}/${unit}`
    const isFirst = this.#rated.get(place)?.has(debt) !== true && this.#released.get(place)?.has(debt) !== true
    const book = byRelease ? this.#released : this.#rated
    const charges = book.get(place) ?? new Map<string, StoredCharge>()
    book.set(place, charges)
    charges.set(debt, charge)
    if (byRelease) this.#releasedPlaces.push({ batchIndex, unit })
    return isFirst
  }

  /** Notes that a charge of a debt is taken back. False: there is no such charge, or it was taken back before. */
  takeBack(batchIndex: number, unit: number, debt: string, quantity: bigint): boolean {
    const place = `${batchIndex}/${unit}`
    const charge = this.#rated.get(place)?.get(debt) ?? this.#released.get(place)?.get(debt)
    const taken = this.#taken.get(place) ?? new Set<string>()
    const isCharged = charge !== undefined && charge.quantity === quantity && !taken.has(debt)
    this.#taken.set(place, taken.add(debt))
    return isCharged
  }

  /** How many charges of a unit stand: those that were not taken back. */
  standing(batchIndex: number, unit: number): number {
    const place = `${batchIndex}/${unit}`
    const all = (this.#rated.get(place)?.size ?? 0) + (this.#released.get(place)?.size ?? 0)
    return all - (this.#taken.get(place)?.size ?? 0)
  }

  /** What the first rating of its batch charged a unit; undefined when it charged nothing. */
  rated(batchIndex: number, unit: number): readonly StoredCharge[] | undefined {
    const charges = this.#rated.get(`${batchIndex}/${unit}`)
    return charges === undefined ? undefined : [...charges.values()]
  }

  /** What releases charged a unit. */
  released(batchIndex: number, unit: number): readonly StoredCharge[] {
    return [...(this.#released.get(`${batchIndex}/${unit}`)?.values() ?? [])]
  }

  /** Units that releases charged since this was last asked. */
  takeReleasedPlaces(): readonly { readonly batchIndex: number; readonly unit: number }[] {
    const taken = this.#releasedPlaces
    this.#releasedPlaces = []
    return taken
  }
}
