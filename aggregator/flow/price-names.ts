import { assertThat } from '@meterline/shared/base/errors.ts'
import type { Catalogue, CataloguePrice } from '../domain/catalogue/catalogue.ts'
import { catalogueFromBytes } from '../domain/catalogue/compile-catalogue.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import type { CatalogueInForce } from './catalogue-in-force.ts'

/** Reading a catalogue takes a while, in which nothing else is done: what stands in no newer one goes without its name. */
const mostEarlierVersions = 4

/** The names of prices that something was charged at, also of those that only earlier versions of the catalogue have. */
export class PriceNames {
  readonly #store: TenantStore
  readonly #known: Catalogue[] = []
  /** Where the next earlier version is looked for. */
  #before: number

  constructor(store: TenantStore, inForce: CatalogueInForce | null) {
    this.#store = store
    this.#before = inForce?.version ?? 0
    if (inForce !== null) this.#known.push(inForce.catalogue)
  }

  /** The price a subscription had by this id (hexadecimal hash), newest version first; null when none of them has it. */
  find(subscription: string, priceId: string): CataloguePrice | null {
    for (let place = 0; ; place++) {
      const catalogue = this.#known[place] ?? this.#earlier()
      if (catalogue === null) return null
      const price = catalogue.subscriptions.get(subscription)?.pricesById.get(priceId)
      if (price !== undefined) return price
    }
  }

  #earlier(): Catalogue | null {
    if (this.#known.length > mostEarlierVersions || this.#before <= 0) return null
    const row = this.#store.catalogues.inForceAt(this.#before - 1)
    if (row === undefined) return null
    this.#before = row.logIndex
    const catalogue = catalogueFromBytes(row.content)
    assertThat(catalogue.ok, `catalogue ${row.logIndex}, which was applied, can be read`)
    this.#known.push(catalogue.value)
    return catalogue.value
  }
}
