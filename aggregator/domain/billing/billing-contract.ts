import { assertThat } from '@meterline/shared/base/errors.ts'
import { openingMicros } from '@meterline/shared/rating/dispatch.ts'
import type { CompiledModel } from '@meterline/shared/rating/model.ts'
import { modelsOf, type PlacedModel } from '@meterline/shared/rating/placed-models.ts'
import { soleModel, type CompiledPrice } from '@meterline/shared/rating/price.ts'
import { parseSegmentKey, segmentKey } from '@meterline/shared/rating/segment.ts'
import { minorDigitsOf } from '@meterline/shared/units/currency.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { Account, Party } from '../accounts/account-tree.ts'
import type { Catalogue, CataloguePrice, CatalogueSubscription, Leg } from '../catalogue/catalogue.ts'
import type { Relation } from '../ledger/templates.ts'
import { feesDue, feeSegmentKey, feeSegmentMeter, hasFees, type DueFee } from './fees-due.ts'

/** Usage that can become a line: a meter of a subscription at one model of one version of its price. */
export interface UsageItem {
  readonly kind: 'usage'
  readonly segmentKey: string
  readonly leg: Leg
  readonly price: CataloguePrice
  readonly model: CompiledModel
  /** The model's terms, and which usage it is for. */
  readonly placed: PlacedModel
  readonly subscription: string
  readonly offering: Party
  /** What one base unit is called. */
  readonly unit: string
}

/** A fee that becomes a line, whatever was used. */
export interface FeeItem {
  readonly kind: 'fee'
  readonly segmentKey: string
  readonly due: DueFee
  readonly subscription: string
  readonly offering: Party
}

export type ContractItem = UsageItem | FeeItem

/** The items of one account, which is the buyer or an account he pays for. */
export interface ContractSection {
  readonly account: Party
  /** How far below the operator the account is. */
  readonly depth: number
  readonly items: readonly ContractItem[]
}

/** All that one seller can bill one buyer in one currency for one period. */
export interface BillingContract {
  readonly relation: Relation
  readonly seller: Party
  readonly buyer: Party
  /** Digits after the point of the currency's minor unit. */
  readonly minorDigits: number
  readonly period: Period
  /** Each account before those below it; neighbours by id. */
  readonly sections: readonly ContractSection[]
}

export interface ContractSources {
  /** Every version that usage of the period was rated with, and the one in force; newest first. */
  readonly catalogues: readonly Catalogue[]
  readonly period: Period
  /** Keys of the period's segments. */
  readonly segmentKeys: Iterable<string>
}

/** An item with what decides on which bill it stands, and where. */
interface PlacedItem {
  readonly item: ContractItem
  readonly relation: Relation
  readonly account: Account
  /** Place in the offering; fees stand before usage. */
  readonly position: number
  /** Place among the models of the price. */
  readonly place: number
}

/**
 * The contracts of a period, sorted by seller, buyer, currency: what was used, at the model and the version of the price it
 * was rated with; the fees of the period; and what is due without usage (a first flat fee) of each subscription in force at
 * some time of the period, by the last version of the period that has the meter. A meter of a subscription that was used is
 * not due again under another version of its price.
 */
export function billingContracts(sources: ContractSources): readonly BillingContract[] {
  const models = new PlacedModels()
  const items = [...usedItems(sources, models)]
  const used = new Set(items.map(({ item }) => usedKey(item.subscription, meterOf(item))))
  items.push(...dueItems(sources, models, used))
  const groups = new Map<string, PlacedItem[]>()
  for (const item of items) {
    const { seller, buyer, currency } = item.relation
    const key = `${seller} ${buyer} ${currency}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return [...groups]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([, group]) => contractOf(sources, group))
}

/** The models of prices with where they stand, worked out once for all the lines of a price. */
class PlacedModels {
  readonly #byPrice = new Map<string, readonly PlacedModel[]>()

  at({ id, terms }: CataloguePrice, place: number): PlacedModel | undefined {
    const known = this.#byPrice.get(id) ?? modelsOf(terms)
    this.#byPrice.set(id, known)
    return known[place]
  }
}

function usedItems({ catalogues, segmentKeys, period }: ContractSources, models: PlacedModels): readonly PlacedItem[] {
  return [...segmentKeys].map((key) => {
    const { subscription, priceId, periodKey, model } = parseSegmentKey(key)
    assertThat(periodKey === period.key, `the segment ${key} belongs to the period ${period.key}`)
    for (const catalogue of catalogues) {
      const found = catalogue.subscriptions.get(subscription)
      const price = found?.pricesById.get(priceId)
      if (found !== undefined && price !== undefined) return usageItem(catalogue, found, price, model, period, models)
    }
    assertThat(false, `the segment ${key} was rated with a catalogue that is given`)
  })
}

/** What is owed whether or not it was used: fees, and what prices ask for before any usage. */
function dueItems(
  { catalogues: [newest], period }: ContractSources,
  models: PlacedModels,
  used: ReadonlySet<string>,
): readonly PlacedItem[] {
  if (newest === undefined) return []
  const withFees = hasFees(newest)
  const openings = new Map<CataloguePrice, boolean>()
  const items: PlacedItem[] = []
  for (const subscription of newest.subscriptions.values()) {
    if (subscription.fromMs >= period.endMs || subscription.toMs <= period.startMs) continue
    const fees = withFees ? feesDue(subscription, period) : []
    fees.forEach((due, index) => items.push(feeItem(subscription, due, index - fees.length)))
    for (const price of lastPrices(subscription, period)) {
      const isDue = openings.get(price) ?? hasOpening(price.compiled)
      openings.set(price, isDue)
      if (!isDue || used.has(usedKey(subscription.id, price.meter))) continue
      items.push(usageItem(newest, subscription, price, null, period, models))
    }
  }
  return items
}

/** Only prices that do not ask for the kind of usage owe anything without it. */
function hasOpening(price: CompiledPrice): boolean {
  return price.router === null && openingMicros(soleModel(price)) > 0n
}

/** The prices of a subscription in a period; of each meter the one of the last version that has it. */
function lastPrices(subscription: CatalogueSubscription, period: Period): Iterable<CataloguePrice> {
  const inPeriod = subscription.versionsBetween(period.startMs, period.endMs)
  const last = inPeriod.at(-1)
  // Nearly always the last one has every meter that the others have.
  const lacks = (prices: ReadonlyMap<string, unknown>): boolean =>
    prices !== last?.prices && [...prices.keys()].some((meter) => last?.prices.has(meter) !== true)
  if (last !== undefined && !inPeriod.some(({ prices }) => lacks(prices))) return last.prices.values()
  return new Map(inPeriod.flatMap(({ prices }) => [...prices])).values()
}

function usedKey(subscription: string, meter: string): string {
  return `${subscription} ${meter}`
}

function meterOf(item: ContractItem): string {
  return item.kind === 'usage' ? item.leg.meter : feeSegmentMeter
}

function usageItem(
  catalogue: Catalogue,
  subscription: CatalogueSubscription,
  price: CataloguePrice,
  place: number | null,
  period: Period,
  models: PlacedModels,
): PlacedItem {
  const leg = subscription.legFor(price)
  const unit = catalogue.meters.get(price.meter)?.unit
  const model = price.compiled.models[place ?? 0]
  const placed = models.at(price, place ?? 0)
  assertThat(
    unit !== undefined && model !== undefined && placed !== undefined,
    `${subscription.id} has a price for ${price.meter} with a model ${place ?? 0}`,
  )
  const version = subscription
    .versionsBetween(period.startMs, period.endMs)
    .find(({ prices }) => prices.get(price.meter)?.id === price.id)
  const { seller, buyer, kind, currency, buyerKeepsBooks } = leg
  return {
    item: {
      kind: 'usage',
      segmentKey: segmentKey(subscription.id, price.id, price.meter, period.key, place),
      leg,
      price,
      model,
      placed,
      subscription: subscription.id,
      offering: subscription.offering,
      unit,
    },
    relation: { seller, buyer, kind, currency, buyerKeepsBooks },
    account: subscription.account,
    position: [...(version?.prices.keys() ?? [])].indexOf(price.meter),
    place: place ?? 0,
  }
}

function feeItem({ id, account, seller, offering }: CatalogueSubscription, due: DueFee, position: number): PlacedItem {
  const { payer, kind } = account
  return {
    item: { kind: 'fee', segmentKey: feeSegmentKey(id, due), due, subscription: id, offering },
    relation: {
      seller: seller.id,
      buyer: payer.id,
      kind: kind === 'operator' ? 'cost' : 'sale',
      currency: due.fee.currency,
      buyerKeepsBooks: payer.kind === 'operator' || payer.kind === 'reseller',
    },
    account,
    position,
    place: 0,
  }
}

function contractOf({ catalogues, period }: ContractSources, items: readonly PlacedItem[]): BillingContract {
  const [first] = items
  assertThat(first !== undefined, 'a contract has at least one item')
  const { relation } = first
  const { seller, buyer, currency } = relation
  const minorDigits = minorDigitsOf(currency)
  assertThat(minorDigits !== undefined, `${currency} is a currency of a checked tenant file`)
  const sections = new Map<string, PlacedItem[]>()
  for (const item of items) {
    const path = pathOf(item.account)
    const section = sections.get(path)
    if (section === undefined) sections.set(path, [item])
    else section.push(item)
  }
  return {
    relation,
    seller: partyOf(catalogues, seller),
    buyer: partyOf(catalogues, buyer),
    minorDigits,
    period,
    sections: [...sections]
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([, own]) => sectionOf(catalogues, own)),
  }
}

function sectionOf(catalogues: readonly Catalogue[], items: readonly PlacedItem[]): ContractSection {
  const account = items[0]?.account
  assertThat(account !== undefined, 'a section has at least one item')
  return {
    account: partyOf(catalogues, account.id),
    depth: account.depth,
    items: items.toSorted(byLine).map(({ item }) => item),
  }
}

function byLine(left: PlacedItem, right: PlacedItem): number {
  const [own, other] = [left.item, right.item]
  if (own.subscription !== other.subscription) return own.subscription < other.subscription ? -1 : 1
  return (
    left.position - right.position ||
    compared(priceOf(own), priceOf(other)) ||
    left.place - right.place ||
    compared(own.segmentKey, other.segmentKey)
  )
}

function priceOf(item: ContractItem): string {
  return item.kind === 'usage' ? item.price.id : item.due.fee.id
}

function compared(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}

/** The ids from the operator down, which sort each account before those below it; no id holds a space. */
function pathOf(account: Account): string {
  return account.parent === null ? account.id : `${pathOf(account.parent)} ${account.id}`
}

/** Who somebody is, under the newest name. */
function partyOf(catalogues: readonly Catalogue[], id: string): Party {
  for (const { tree, partners } of catalogues) {
    const found = tree.accounts.get(id) ?? partners.get(id)
    if (found !== undefined) return { id, name: found.name }
  }
  assertThat(false, `${id} is an account or partner of a catalogue that is given`)
}
