import { assertThat } from '@meterline/shared/base/errors.ts'
import { openingMicros } from '@meterline/shared/rating/dispatch.ts'
import { modelsOf, type PlacedModel } from '@meterline/shared/rating/placed-models.ts'
import { soleModel, type CompiledPrice } from '@meterline/shared/rating/price.ts'
import { parseSegmentKey, segmentKey } from '@meterline/shared/rating/segment.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { Account } from '../accounts/account-tree.ts'
import type { Catalogue, CataloguePrice, CatalogueSubscription } from '../catalogue/catalogue.ts'
import type { Relation } from '../ledger/templates.ts'
import { calendarMonths, periodKeyParts, type BillingCycle } from '../periods/billing-cycle.ts'
import { relationKey, type RelationParts } from './billed-relation.ts'
import type { ContractItem } from './contract-item.ts'
import { feesDue, feeSegmentKey, feeSegmentMeter, hasFees, type DueFee } from './fees-due.ts'
import { byLine, compared, pathOf, type PlacedItem } from './item-order.ts'

/** All that one seller can bill one buyer in one currency for one period, before what contracts make of it. */
export interface BillingContract {
  readonly relation: Relation
  readonly period: Period
  /** Sections from above to below, in each by subscription, then as its offering has them. */
  readonly items: readonly ContractItem[]
}

export interface ContractSources {
  /** The one in force, and every earlier version that usage of the period was rated with; newest first. */
  readonly catalogues: readonly Catalogue[]
  readonly period: Period
  /** Keys of the period's segments: all, or those of `subscriptions`. */
  readonly segmentKeys: Iterable<string>
  /** Those of the newest catalogue that matter; left out: all. */
  readonly subscriptions?: Iterable<CatalogueSubscription>
  /** Whether anything in a segment stands, and was not taken back; left out: in all. */
  readonly isUsed?: (segmentKey: string) => boolean
  /** Which contracts are wanted; left out: all. */
  readonly wants?: (relation: RelationParts) => boolean
  /**
   * How many subjects a subscription is billed for in a period whose documents are out, because lists of subjects have no
   * dates; undefined: as many as it has now.
   */
  readonly subjectCount?: (subscription: string) => bigint | undefined
}

/**
 * The contracts of a period by `relationKey`, in the order of these keys: what was used, at the model and the version of
 * the price it was rated with; the fees on the bill of the period; and what is due without usage (a first flat fee) of each
 * subscription in force at some time of the period, by the last version of the period that has the meter. A meter of a
 * subscription that was used is not due again under another version of its price. What was taken back was not used.
 */
export function billingContracts(sources: ContractSources): ReadonlyMap<string, BillingContract> {
  const wants = sources.wants ?? (() => true)
  const models = new PlacedModels()
  const items = usedItems(sources, models)
  const isUsed = sources.isUsed ?? (() => true)
  const charged = Map.groupBy(items, ({ item }) => usedKey(item.subscription, meterOf(item)))
  const wasUsed = (key: string): boolean => charged.get(key)?.some(({ item }) => isUsed(item.segmentKey)) === true
  const unused = [...dueItems(sources, models, wasUsed)]
  const open = new Set(unused.map(({ item }) => item.segmentKey))
  const groups = new Map<string, PlacedItem[]>()
  const take = (item: PlacedItem): void => {
    if (!wants(item.relation)) return
    const key = relationKey(item.relation)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  for (const item of items) if (!open.has(item.item.segmentKey)) take(openedBy(item, isUsed))
  for (const item of unused) take(item)
  const sorted = [...groups].toSorted(([left], [right]) => compared(left, right))
  return new Map(sorted.map(([key, group]) => [key, contractOf(sources.period, group)]))
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
  return Array.from(segmentKeys, (key) => {
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
function* dueItems(
  sources: ContractSources,
  models: PlacedModels,
  wasUsed: (key: string) => boolean,
): Iterable<PlacedItem> {
  const { period } = sources
  const [newest] = sources.catalogues
  if (newest === undefined) return
  const withFees = hasFees(newest)
  const openings = new Map<CataloguePrice, boolean>()
  const cycle = cycleOfPeriod(newest, period)
  for (const subscription of sources.subscriptions ?? newest.subscriptions.values()) {
    if (subscription.toMs <= period.startMs) continue
    if (withFees) yield* feeItems(sources, subscription, cycle)
    if (subscription.fromMs >= period.endMs) continue
    for (const price of lastPrices(subscription, period)) {
      const isDue = openings.get(price) ?? hasOpening(price.compiled)
      openings.set(price, isDue)
      if (!isDue || wasUsed(usedKey(subscription.id, price.meter))) continue
      if (subscription.legFor(price, period.startMs).cycle.id !== cycle.id) continue
      yield usageItem(newest, subscription, price, null, period, models)
    }
  }
}

/** The cycle that a period is one of; a cycle the catalogue does not have has no account, and so no matter. */
function cycleOfPeriod({ cycles }: Catalogue, { key }: Period): BillingCycle {
  const { cycle } = periodKeyParts(key)
  return cycle === '' ? calendarMonths : (cycles.get(cycle) ?? { ...calendarMonths, id: cycle })
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

/** An item whose usage was all taken back owes nothing that was due with the first of it. */
function openedBy(placed: PlacedItem, isUsed: (segmentKey: string) => boolean): PlacedItem {
  const { item } = placed
  if (item.kind === 'fee' || openingMicros(item.model) === 0n || isUsed(item.segmentKey)) return placed
  return { ...placed, item: { ...item, isOpen: false } }
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
  const leg = subscription.legFor(price, period.startMs)
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
      isOpen: true,
      subscription: subscription.id,
      account: leg.account,
      offering: version?.offering ?? subscription.offering,
      unit,
    },
    relation: { seller, buyer, kind, currency, buyerKeepsBooks },
    path: pathOf(subscription.accountAt(period.startMs)),
    position: [...(version?.prices.keys() ?? [])].indexOf(price.meter),
    place: place ?? 0,
  }
}

/** The fees of a subscription on the bill of a period, where whoever pays for it is billed by the period's cycle. */
function* feeItems(
  { period, subjectCount }: ContractSources,
  subscription: CatalogueSubscription,
  cycle: BillingCycle,
): Iterable<PlacedItem> {
  const now = subscription.accountAt(period.startMs)
  if (now.payer.cycle.id !== cycle.id) return
  const fees = feesDue(subscription, period, cycle, subjectCount?.(subscription.id))
  for (const [index, due] of fees.entries()) {
    // Once the account has moved, somebody else pays, and not in advance on the bill of a period before.
    const account = subscription.accountAt(due.period.startMs)
    const hasMoved = account.payer.id !== now.payer.id || account.seller?.id !== now.seller?.id
    if (hasMoved && due.period.key !== period.key) continue
    yield feeItem(subscription, now, due, index - fees.length)
  }
}

function feeItem(subscription: CatalogueSubscription, account: Account, due: DueFee, position: number): PlacedItem {
  const { payer, kind } = account
  const seller = kind === 'operator' ? subscription.seller.id : account.seller?.id
  assertThat(seller !== undefined, `somebody sells to ${account.id}`)
  return {
    item: {
      kind: 'fee',
      segmentKey: feeSegmentKey(subscription.id, due),
      due,
      subscription: subscription.id,
      account: account.id,
      offering: due.offering,
    },
    relation: {
      seller,
      buyer: payer.id,
      kind: kind === 'operator' ? 'cost' : 'sale',
      currency: due.fee.currency,
      buyerKeepsBooks: payer.kind === 'operator' || payer.kind === 'reseller',
    },
    path: pathOf(account),
    position,
    place: 0,
  }
}

function contractOf(period: Period, items: readonly PlacedItem[]): BillingContract {
  const [first] = items
  assertThat(first !== undefined, 'a contract has at least one item')
  return { relation: first.relation, period, items: items.toSorted(byLine).map(({ item }) => item) }
}
