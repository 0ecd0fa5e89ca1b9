import type { Account } from '../accounts/account-tree.ts'
import type { Relation } from '../ledger/templates.ts'
import type { ContractItem } from './contract-item.ts'

/** An item with what decides on which bill it stands, and where. */
export interface PlacedItem {
  readonly item: ContractItem
  readonly relation: Relation
  /** The ids of the accounts from the operator down to its own, which sort each before those below it. */
  readonly path: string
  /** Place in the offering; fees stand before usage. */
  readonly position: number
  /** Place among the models of the price. */
  readonly place: number
}

/** The order of lines: sections from above to below, in each by subscription, then as its offering has them. */
export function byLine(left: PlacedItem, right: PlacedItem): number {
  const [own, other] = [left.item, right.item]
  return (
    compared(left.path, right.path) ||
    compared(own.subscription, other.subscription) ||
    left.position - right.position ||
    compared(priceOf(own), priceOf(other)) ||
    left.place - right.place ||
    compared(own.segmentKey, other.segmentKey)
  )
}

function priceOf(item: ContractItem): string {
  return item.kind === 'usage' ? item.price.id : item.due.fee.id
}

/** The order of texts by their code units. */
export function compared(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

/** The ids from the operator down, which sort each account before those below it; no id holds a space. */
export function pathOf(account: Account): string {
  return account.parent === null ? account.id : `${pathOf(account.parent)} ${account.id}`
}
