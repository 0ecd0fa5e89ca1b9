import type { StoredCharge } from './unit-duties.ts'

/** The charges of units, those of the first rating of their batch apart from those of releases. */
export class ChargeBook {
  readonly #rated = new Map<string, Map<string, StoredCharge>>()
  readonly #released = new Map<string, Map<string, StoredCharge>>()
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
