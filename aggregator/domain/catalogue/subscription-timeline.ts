import type { Account, Party } from '../accounts/account-tree.ts'
import type { CatalogueFee, CataloguePrice, CatalogueSubscription, Leg, SubscriptionVersion } from './catalogue.ts'

/** What is bought by everybody who buys a version of an offering, while its prices stay as they are. */
export interface OfferingTerms {
  /** Content hash, hexadecimal. */
  readonly id: string
  /** By meter, in the order of the offering. */
  readonly prices: ReadonlyMap<string, CataloguePrice>
  /** The same by content hash. */
  readonly pricesById: ReadonlyMap<string, CataloguePrice>
  readonly fees: readonly CatalogueFee[]
}

/** Terms from one instant to another. */
export interface TermsSpan {
  readonly fromMs: number
  /** Exclusive; Infinity: no end. */
  readonly toMs: number
  readonly terms: OfferingTerms
}

/** What a subscription is made of, beside its terms. */
export type SubscriptionParts = Omit<CatalogueSubscription, 'versions' | 'pricesById' | 'legsById'>

/**
 * A subscription over its terms. Legs are made when they are first asked for: of a million subscriptions most are never
 * used between two versions of the catalogue.
 */
export function subscriptionOver(parts: SubscriptionParts, spans: readonly TermsSpan[]): CatalogueSubscription {
  return new TimedSubscription(parts, spans)
}

class TimedSubscription implements CatalogueSubscription {
  readonly id: string
  readonly kind: CatalogueSubscription['kind']
  readonly account: Account
  readonly seller: Party
  readonly offering: Party
  readonly fromMs: number
  readonly toMs: number
  readonly subjects: readonly string[] | null
  readonly quantities: ReadonlyMap<string, bigint>
  readonly versions: readonly SubscriptionVersion[]
  #pricesById: ReadonlyMap<string, CataloguePrice> | null
  #legsById: ReadonlyMap<string, Leg> | null = null

  constructor(parts: SubscriptionParts, spans: readonly TermsSpan[]) {
    this.id = parts.id
    this.kind = parts.kind
    this.account = parts.account
    this.seller = parts.seller
    this.offering = parts.offering
    this.fromMs = parts.fromMs
    this.toMs = parts.toMs
    this.subjects = parts.subjects
    this.quantities = parts.quantities
    this.versions = spans.map((span) => new TimedVersion(this, span))
    const [only, ...others] = spans
    this.#pricesById = only !== undefined && others.length === 0 ? only.terms.pricesById : null
  }

  get pricesById(): ReadonlyMap<string, CataloguePrice> {
    this.#pricesById ??= new Map(
      this.versions.flatMap(({ prices }) => [...prices.values()].map((price) => [price.id, price] as const)),
    )
    return this.#pricesById
  }

  get legsById(): ReadonlyMap<string, Leg> {
    this.#legsById ??= new Map(
      this.versions.flatMap(({ legs }) => [...legs.values()].map((leg) => [leg.priceId, leg] as const)),
    )
    return this.#legsById
  }
}

class TimedVersion implements SubscriptionVersion {
  readonly fromMs: number
  readonly toMs: number
  readonly #subscription: TimedSubscription
  readonly #terms: OfferingTerms
  #legs: ReadonlyMap<string, Leg> | null = null

  constructor(subscription: TimedSubscription, { fromMs, toMs, terms }: TermsSpan) {
    this.fromMs = fromMs
    this.toMs = toMs
    this.#subscription = subscription
    this.#terms = terms
  }

  get offeringVersion(): string {
    return this.#terms.id
  }

  get prices(): ReadonlyMap<string, CataloguePrice> {
    return this.#terms.prices
  }

  get fees(): readonly CatalogueFee[] {
    return this.#terms.fees
  }

  get legs(): ReadonlyMap<string, Leg> {
    this.#legs ??= new Map([...this.prices].map(([meter, price]) => [meter, legOf(this.#subscription, price)]))
    return this.#legs
  }
}

function legOf({ id, account, seller }: CatalogueSubscription, price: CataloguePrice): Leg {
  const buyer = account.payer
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
  }
}
