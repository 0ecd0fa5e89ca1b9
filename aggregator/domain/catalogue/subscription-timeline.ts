import { assertThat } from '@meterline/shared/base/errors.ts'
import type { Account, Party } from '../accounts/account-tree.ts'
import type { AllowanceDefinition } from '../contract/allowance-definition.ts'
import type { TimeSpan } from '../contract/time-span.ts'
import { activeSpans } from './active-spans.ts'
import type {
  ActiveSpan,
  CatalogueFee,
  CataloguePrice,
  CatalogueSubscription,
  Leg,
  SubscriptionVersion,
} from './catalogue.ts'
import type { LabelCondition } from './label-condition.ts'
import { legOf, type LegHolder, type SubscriptionPlace } from './subscription-leg.ts'
import type { Quantities, QuantitySpan } from './subscription-quantities.ts'

/** What is bought by everybody who buys a version of an offering, while its prices stay as they are. */
export interface OfferingTerms {
  /** Content hash, hexadecimal. */
  readonly id: string
  /** By meter, in the order of the offering. */
  readonly prices: ReadonlyMap<string, CataloguePrice>
  /** The same by content hash. */
  readonly pricesById: ReadonlyMap<string, CataloguePrice>
  readonly fees: readonly CatalogueFee[]
  readonly allowances: readonly AllowanceDefinition[]
}

/** Terms from one instant to another. */
export interface TermsSpan {
  readonly fromMs: number
  /** Exclusive; Infinity: no end. */
  readonly toMs: number
  readonly terms: OfferingTerms
}

/** A version of an offering for as long as a subscription has it, with what it comes to over all time. */
export interface BoughtVersion {
  readonly fromMs: number
  /** Exclusive; Infinity: no end. */
  readonly toMs: number
  readonly offering: Party
  /** Contiguous, from -Infinity to Infinity; one object for everybody who bought the version. */
  readonly timeline: readonly TermsSpan[]
  /** Who buys it, where he is then, and who sells it to him there. */
  readonly place: SubscriptionPlace
}

/** What a subscription is made of, beside its terms. */
export interface SubscriptionParts extends Pick<
  CatalogueSubscription,
  'id' | 'kind' | 'account' | 'seller' | 'offering' | 'fromMs' | 'toMs' | 'subjects' | 'pauses'
> {
  /** Contiguous, from -Infinity to Infinity. */
  readonly quantities: readonly QuantitySpan[]
  readonly only: LabelCondition | null
}

/**
 * A subscription over its terms. Versions and legs are made when they are first asked for: of a million subscriptions most
 * are never used between two versions of the catalogue, and a price may have changed on every day of a year.
 */
export function subscriptionOver(parts: SubscriptionParts, bought: readonly BoughtVersion[]): CatalogueSubscription {
  return new TimedSubscription(parts, bought)
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
  readonly pauses: readonly TimeSpan[]
  readonly only: LabelCondition | null
  readonly #quantities: readonly QuantitySpan[]
  readonly #bought: readonly BoughtVersion[]
  /** By when they begin. */
  #made: Map<number, TimedVersion> | null = null
  #pricesById: ReadonlyMap<string, CataloguePrice> | null = null
  #legsById: ReadonlyMap<string, Leg> | null = null

  constructor(parts: SubscriptionParts, bought: readonly BoughtVersion[]) {
    this.id = parts.id
    this.kind = parts.kind
    this.account = parts.account
    this.seller = parts.seller
    this.offering = parts.offering
    this.fromMs = parts.fromMs
    this.toMs = parts.toMs
    this.subjects = parts.subjects
    this.pauses = parts.pauses
    this.only = parts.only
    this.#quantities = parts.quantities
    this.#bought = bought
  }

  get versions(): readonly SubscriptionVersion[] {
    return this.versionsBetween(-Infinity, Infinity)
  }

  versionAt(timeMs: number): SubscriptionVersion | null {
    const piece = this.#bought.find(({ fromMs, toMs }) => fromMs <= timeMs && timeMs < toMs)
    if (piece === undefined) return null
    const span = piece.timeline[spanIndexAt(piece.timeline, timeMs)]
    return span === undefined ? null : this.#version(piece, span)
  }

  versionsBetween(fromMs: number, toMs: number): readonly SubscriptionVersion[] {
    return this.#bought.flatMap((piece) => {
      const [startMs, endMs] = [Math.max(fromMs, piece.fromMs), Math.min(toMs, piece.toMs)]
      if (startMs >= endMs) return []
      const first = spanIndexAt(piece.timeline, startMs)
      const end = piece.timeline.findIndex((span) => span.toMs >= endMs) + 1
      return piece.timeline.slice(first, end).map((span) => this.#version(piece, span))
    })
  }

  quantitiesAt(timeMs: number): Quantities {
    const held = this.#quantities.findLast(({ fromMs }) => fromMs <= timeMs)
    assertThat(held !== undefined, 'the quantities of a subscription are known for all time')
    return held.quantities
  }

  activeBetween(fromMs: number, toMs: number): readonly ActiveSpan[] {
    return activeSpans({ fromMs, toMs }, this.versionsBetween(fromMs, toMs), this.#quantities, this.pauses)
  }

  prices(meter: string): boolean {
    return this.#bought.some(({ fromMs, toMs, timeline }) =>
      timeline.some((span) => span.terms.prices.has(meter) && span.fromMs < toMs && span.toMs > fromMs),
    )
  }

  accountAt(timeMs: number): Account {
    return this.#placeAt(timeMs).account
  }

  legFor(price: CataloguePrice, timeMs: number): Leg {
    return legOf(this, this.#placeAt(timeMs), price)
  }

  get pricesById(): ReadonlyMap<string, CataloguePrice> {
    const [only, ...others] = this.#bought
    if (only !== undefined && others.length === 0) return pricesOfTimeline(only.timeline)
    this.#pricesById ??= new Map(this.#bought.flatMap(({ timeline }) => [...pricesOfTimeline(timeline)]))
    return this.#pricesById
  }

  get legsById(): ReadonlyMap<string, Leg> {
    this.#legsById ??= new Map([...this.pricesById].map(([id, price]) => [id, legOf(this, this, price)]))
    return this.#legsById
  }

  #placeAt(timeMs: number): SubscriptionPlace {
    return this.#bought.findLast(({ fromMs }) => fromMs <= timeMs)?.place ?? this
  }

  #version(piece: BoughtVersion, span: TermsSpan): TimedVersion {
    const fromMs = Math.max(span.fromMs, piece.fromMs)
    this.#made ??= new Map()
    let version = this.#made.get(fromMs)
    if (version === undefined) {
      version = new TimedVersion(this, piece, { fromMs, toMs: Math.min(span.toMs, piece.toMs), terms: span.terms })
      this.#made.set(fromMs, version)
    }
    return version
  }
}

/** The span of a timeline that an instant lies in. */
function spanIndexAt(timeline: readonly TermsSpan[], timeMs: number): number {
  let low = 0
  let high = timeline.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((timeline[middle]?.fromMs ?? Infinity) <= timeMs) low = middle
    else high = middle - 1
  }
  return low
}

const pricesByTimeline = new WeakMap<readonly TermsSpan[], ReadonlyMap<string, CataloguePrice>>()

/** The prices of a version over all time, by content hash; worked out once for everybody who bought it. */
function pricesOfTimeline(timeline: readonly TermsSpan[]): ReadonlyMap<string, CataloguePrice> {
  const known = pricesByTimeline.get(timeline)
  if (known !== undefined) return known
  const [only] = timeline
  const prices =
    only !== undefined && timeline.length === 1
      ? only.terms.pricesById
      : new Map(timeline.flatMap(({ terms }) => [...terms.pricesById]))
  pricesByTimeline.set(timeline, prices)
  return prices
}

class TimedVersion implements SubscriptionVersion {
  readonly fromMs: number
  readonly toMs: number
  readonly account: Account
  readonly seller: Party
  readonly offering: Party
  readonly #subscription: LegHolder
  readonly #terms: OfferingTerms
  #legs: ReadonlyMap<string, Leg> | null = null

  constructor(subscription: LegHolder, { place, offering }: BoughtVersion, { fromMs, toMs, terms }: TermsSpan) {
    this.fromMs = fromMs
    this.toMs = toMs
    this.account = place.account
    this.seller = place.seller
    this.offering = offering
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

  get allowances(): readonly AllowanceDefinition[] {
    return this.#terms.allowances
  }

  get legs(): ReadonlyMap<string, Leg> {
    this.#legs ??= new Map([...this.prices].map(([meter, price]) => [meter, legOf(this.#subscription, this, price)]))
    return this.#legs
  }
}
