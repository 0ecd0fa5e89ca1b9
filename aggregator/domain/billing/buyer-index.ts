import { payerOf, sells, type Account } from '../accounts/account-tree.ts'
import type { Catalogue, CatalogueSubscription } from '../catalogue/catalogue.ts'
import type { Relation } from '../ledger/templates.ts'
import type { RelationParts } from './billed-relation.ts'

/** Which subscriptions can stand on the documents of a buyer, at any time. */
export type BuyerIndex = ReadonlyMap<string, readonly CatalogueSubscription[]>

const indexes = new WeakMap<Catalogue, BuyerIndex>()

/** Finds for every account that gets documents what may stand on them, so that they can be made one by one. */
export function buyerIndexOf(catalogue: Catalogue): BuyerIndex {
  const index = indexes.get(catalogue) ?? madeIndex(catalogue)
  indexes.set(catalogue, index)
  return index
}

function madeIndex({ subscriptions, tree }: Catalogue): BuyerIndex {
  const index = new Map<string, CatalogueSubscription[]>()
  for (const subscription of subscriptions.values()) {
    const buyers = new Set(tree.placesOf(subscription.account.id).flatMap(({ account }) => payersOf(account)))
    for (const buyer of buyers) {
      const known = index.get(buyer)
      if (known === undefined) index.set(buyer, [subscription])
      else known.push(subscription)
    }
  }
  return index
}

/** Everybody who pays for something that an account in one place buys: its payer, and whoever pays for single meters. */
function payersOf(account: Account): readonly string[] {
  const found = [account.payer.id]
  for (let each: Account | null = account; each !== null; each = each.parent) {
    for (const meter of each.parentPays?.meters ?? []) found.push(payerOf(account, meter).id)
  }
  return found
}

/** A relation by its parts: whether partners sell in it and whether its buyer keeps books follows from who he is. */
export function relationOfParts({ seller, buyer, currency }: RelationParts, { tree }: Catalogue): Relation {
  const account = tree.accounts.get(buyer)
  const kind = account?.kind === 'operator' ? 'cost' : 'sale'
  return { seller, buyer, currency, kind, buyerKeepsBooks: account !== undefined && sells(account) }
}
