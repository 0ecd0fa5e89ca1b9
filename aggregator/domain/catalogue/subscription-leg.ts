import { payerOf, type Account, type Party } from '../accounts/account-tree.ts'
import type { CataloguePrice, Leg } from './catalogue.ts'
import type { LabelCondition } from './label-condition.ts'

/** Who buys from whom through a subscription while its account stays where it is. */
export interface SubscriptionPlace {
  readonly account: Account
  readonly seller: Party
}

/** A subscription as its legs name it. */
export interface LegHolder {
  readonly id: string
  /** The only usage that its legs are for; null: all. */
  readonly only: LabelCondition | null
}

/** The leg of one of a subscription's prices while its account is in one place. */
export function legOf({ id, only }: LegHolder, { account, seller }: SubscriptionPlace, price: CataloguePrice): Leg {
  const buyer = payerOf(account, price.meter)
  return {
    legKey: `${seller.id}>${buyer.id}:${id}:${price.id}`,
    seller: seller.id,
    buyer: buyer.id,
    kind: account.kind === 'operator' ? 'cost' : 'sale',
    subscription: id,
    account: account.id,
    meter: price.meter,
    priceId: price.id,
    price: price.compiled,
    currency: price.currency,
    partition: account.partition ?? `partner:${seller.id}`,
    buyerKeepsBooks: buyer.kind === 'operator' || buyer.kind === 'reseller',
    cycle: buyer.cycle,
    only,
  }
}
