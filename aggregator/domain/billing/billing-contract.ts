import { assertThat } from '@meterline/shared/base/errors.ts'
import { openingMicros } from '@meterline/shared/rating/dispatch.ts'
import { parseSegmentKey, segmentKey } from '@meterline/shared/rating/segment.ts'
import { minorDigitsOf } from '@meterline/shared/units/currency.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { Account, Party } from '../accounts/account-tree.ts'
import type { Catalogue, CataloguePrice, CatalogueSubscription, Leg } from '../catalogue/catalogue.ts'
import type { Relation } from '../ledger/templates.ts'

/** One thing that can become a line: a meter of a subscription at one version of its price. */
export interface ContractItem {
  readonly segmentKey: string
  readonly leg: Leg
  readonly price: CataloguePrice
  readonly subscription: string
  readonly offering: Party
  /** What one base unit is called. */
  readonly unit: string
}

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

interface PlacedItem extends ContractItem {
  readonly account: Account
  readonly catalogue: Catalogue
  /** Place of the price in its offering. */
  readonly position: number
}

/**
 * The contracts of a period, sorted by seller, buyer, currency: what was used, at the version of the price it was rated
 * with, and what is due without usage (a first flat fee) of each subscription in force at some time of the period. A
 * meter of a subscription that was used is not due again under another version of its price.
 */
export function billingContracts(sources: ContractSources): readonly BillingContract[] {
  const items = [...usedItems(sources)]
  const used = new Set(items.map(({ leg }) => `${leg.subscription} ${leg.meter}`))
  items.push(...unusedItems(sources).filter(({ leg }) => !used.has(`${leg.subscription} ${leg.meter}`)))
  const groups = new Map<string, PlacedItem[]>()
  for (const item of items) {
    const { seller, buyer, currency } = item.leg
    const key = `${seller} ${buyer} ${currency}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return [...groups]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([, group]) => contractOf(sources, group))
}

function usedItems({ catalogues, segmentKeys, period }: ContractSources): readonly PlacedItem[] {
  return [...segmentKeys].map((key) => {
    const { subscription, meter, priceId, periodKey } = parseSegmentKey(key)
    assertThat(periodKey === period.key, `the segment ${key} belongs to the period ${period.key}`)
    for (const catalogue of catalogues) {
      const found = catalogue.subscriptions.get(subscription)
      if (found?.prices.get(meter)?.id === priceId) return itemOf(catalogue, found, meter, period)
    }
    assertThat(false, `the segment ${key} was rated with a catalogue that is given`)
  })
}

function unusedItems({ catalogues: [newest], period }: ContractSources): readonly PlacedItem[] {
  if (newest === undefined) return []
  return [...newest.subscriptions.values()]
    .filter(({ fromMs, toMs }) => fromMs < period.endMs && toMs > period.startMs)
    .flatMap((subscription) =>
      [...subscription.legs.values()]
        .filter((leg) => openingMicros(leg.price) > 0n)
        .map((leg) => itemOf(newest, subscription, leg.meter, period)),
    )
}

function itemOf(catalogue: Catalogue, subscription: CatalogueSubscription, meter: string, period: Period): PlacedItem {
  const leg = subscription.legs.get(meter)
  const price = subscription.prices.get(meter)
  const unit = catalogue.meters.get(meter)?.unit
  assertThat(
    leg !== undefined && price !== undefined && unit !== undefined,
    `${subscription.id} has a price for ${meter}`,
  )
  return {
    segmentKey: segmentKey(subscription.id, price.id, meter, period.key),
    leg,
    price,
    subscription: subscription.id,
    offering: subscription.offering,
    unit,
    account: subscription.account,
    catalogue,
    position: [...subscription.prices.keys()].indexOf(meter),
  }
}

function contractOf({ catalogues, period }: ContractSources, items: readonly PlacedItem[]): BillingContract {
  const [first] = items
  assertThat(first !== undefined, 'a contract has at least one item')
  const { seller, buyer, kind, currency, buyerKeepsBooks } = first.leg
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
    relation: { seller, buyer, kind, currency, buyerKeepsBooks },
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
  return { account: partyOf(catalogues, account.id), depth: account.depth, items: items.toSorted(byLine) }
}

function byLine(left: PlacedItem, right: PlacedItem): number {
  if (left.subscription !== right.subscription) return left.subscription < right.subscription ? -1 : 1
  return left.position - right.position || (left.segmentKey < right.segmentKey ? -1 : 1)
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
