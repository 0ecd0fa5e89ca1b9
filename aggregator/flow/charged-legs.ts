import { assertThat } from '@meterline/shared/base/errors.ts'
import type { CompiledModel } from '@meterline/shared/rating/model.ts'
import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { catalogueFromBytes } from '../domain/catalogue/compile-catalogue.ts'
import type { PostedLeg } from '../domain/rating-of-record/rated-partitions.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import type { CatalogueInForce } from './catalogue-in-force.ts'

/** How a segment was charged. */
export interface ChargedLeg {
  readonly leg: PostedLeg
  readonly model: CompiledModel
}

/**
 * Finds how segments were charged, also by prices that only earlier versions of the catalogue have: those are read again
 * for each such segment, newest first, since they are large and hardly ever needed.
 */
export class ChargedLegs {
  readonly #store: TenantStore
  readonly #inForce: CatalogueInForce
  readonly #found = new Map<string, ChargedLeg>()

  constructor(store: TenantStore, inForce: CatalogueInForce) {
    this.#store = store
    this.#inForce = inForce
  }

  /** How usage of an instant (epoch milliseconds) was charged in a segment, on the leg that its charge block names. */
  find(segmentKey: string, legKey: string, timeMs: number): ChargedLeg {
    const known = this.#found.get(segmentKey)
    if (known !== undefined) return known
    let found = chargedLeg(this.#inForce.catalogue, segmentKey, legKey, timeMs)
    for (let at = this.#inForce.version - 1; found === null;) {
      const row = this.#store.catalogues.inForceAt(at)
      assertThat(row !== undefined, `some catalogue has the price of segment ${segmentKey}, which was charged`)
      const catalogue = catalogueFromBytes(row.content)
      assertThat(catalogue.ok, `catalogue ${row.logIndex}, which was applied, can be read`)
      found = chargedLeg(catalogue.value, segmentKey, legKey, timeMs)
      at = row.logIndex - 1
    }
    this.#found.set(segmentKey, found)
    return found
  }
}

function chargedLeg(catalogue: Catalogue, segmentKey: string, legKey: string, timeMs: number): ChargedLeg | null {
  const { subscription: id, priceId, model: place } = parseSegmentKey(segmentKey)
  const subscription = catalogue.subscriptions.get(id)
  const price = subscription?.pricesById.get(priceId)
  if (subscription === undefined || price === undefined) return null
  const model = price.compiled.models[place ?? 0]
  assertThat(model !== undefined, `the price of segment ${segmentKey} has its model`)
  const { partition } = subscription.legFor(price, timeMs)
  // The account may be elsewhere by now: who owed whom is what the charge says.
  const { seller, buyer } = partiesOf(legKey)
  const buyerKind = catalogue.tree.accounts.get(buyer)?.kind
  const kind = buyerKind === 'operator' ? 'cost' : 'sale'
  const buyerKeepsBooks = buyerKind === 'operator' || buyerKind === 'reseller'
  return { leg: { seller, buyer, kind, currency: price.currency, buyerKeepsBooks, partition }, model }
}

/** Seller and buyer of a leg key, `seller>buyer:subscription:priceId`. No id holds `>` or `:`. */
export function partiesOf(legKey: string): { readonly seller: string; readonly buyer: string } {
  const [parties = ''] = legKey.split(':', 1)
  const [seller = '', buyer = ''] = parties.split('>')
  return { seller, buyer }
}
