import type { CompiledPrice, Price } from '@meterline/shared/rating/price.ts'
import type { Account, AccountTree, Party } from '../accounts/account-tree.ts'
import type { AllowanceDefinition } from '../contract/allowance-definition.ts'
import type { BillingProfile } from '../contract/billing-profile.ts'
import type { MeterDefinition } from '../metering/meter-definition.ts'
import type { MeterRule } from '../metering/meter-rule.ts'
import type { LabelCondition } from './label-condition.ts'
import type { BillingCycle } from '../periods/billing-cycle.ts'
import type { TimeSpan } from '../contract/time-span.ts'
import type { FeeTerms } from './fee.ts'
import type { Quantities } from './subscription-quantities.ts'
import type { TaxTable } from './tax-table.ts'
import type { TenantFile } from './tenant-file.ts'

/** A price of a catalogue. Its id is the hash of what it charges, so the same terms are the same price for ever. */
export interface CataloguePrice {
  /** SHA-256 of the canonical JSON of meter, currency and terms, hexadecimal. */
  readonly id: string
  /** What the tenant file calls it. */
  readonly name: string
  readonly meter: string
  readonly currency: string
  readonly terms: Price
  readonly compiled: CompiledPrice
  /** How it is taxed: the id of a tax code of the tenant file; null when it names none. Not a part of what it charges. */
  readonly taxCode: string | null
}

/** What a subscription owes whether or not anything is used. Its id is the hash of what it charges. */
export interface CatalogueFee {
  /** SHA-256 of the canonical JSON of currency and terms, hexadecimal. */
  readonly id: string
  /** What the tenant file calls it. */
  readonly name: string
  readonly currency: string
  readonly terms: FeeTerms
  readonly taxCode: string | null
}

/** One seller-buyer relation that a meter's usage is charged on: one subscription at one version of one price. */
export interface Leg {
  /** `seller>buyer:subscription:priceId`. */
  readonly legKey: string
  readonly seller: string
  /** Who owes: the account that pays for the one that subscribed. */
  readonly buyer: string
  /** `cost`: a partner sells to the operator. */
  readonly kind: 'sale' | 'cost'
  readonly subscription: string
  /** The account that subscribed: the section of the buyer's invoice. */
  readonly account: string
  readonly meter: string
  /** Content hash, hexadecimal. */
  readonly priceId: string
  readonly price: CompiledPrice
  readonly currency: string
  /** The operator's direct child whose books change together, or `partner:<id>` for costs. */
  readonly partition: string
  /** Whether the buyer keeps books of its own here: resellers and the operator do. */
  readonly buyerKeepsBooks: boolean
  /** Whose periods its usage is charged in: those of the buyer. */
  readonly cycle: BillingCycle
  /** The only usage that it is charged for; null, as on every leg that sells: all. */
  readonly only: LabelCondition | null
}

/**
 * What a subscription buys from one instant to another: its version of the offering, at the terms in force then, while the
 * account that subscribed stays in its place in the tree.
 */
export interface SubscriptionVersion {
  readonly fromMs: number
  /** Exclusive; Infinity: no end. */
  readonly toMs: number
  /** Who subscribed, in the place of that time, and who sells to it there. */
  readonly account: Account
  readonly seller: Party
  /** What it is a version of: after a migration it may be another offering than the subscription began with. */
  readonly offering: Party
  /** SHA-256 of what is bought (offering, prices and fees by their hashes, tax codes), hexadecimal. */
  readonly offeringVersion: string
  /** By meter, in the order of the offering. */
  readonly legs: ReadonlyMap<string, Leg>
  /** By meter, in the order of the offering; shared by all subscriptions that buy the same. */
  readonly prices: ReadonlyMap<string, CataloguePrice>
  /** In the order of the offering. */
  readonly fees: readonly CatalogueFee[]
  /** What is included in every period, in the order of the offering. */
  readonly allowances: readonly AllowanceDefinition[]
}

/** Time in which a subscription is in force, is not paused, and neither its version nor its quantities change. */
export interface ActiveSpan extends TimeSpan {
  readonly version: SubscriptionVersion
  readonly quantities: Quantities
}

/** A subscription with everything that follows from it. */
export interface CatalogueSubscription {
  readonly id: string
  readonly kind: 'retail' | 'wholesale' | 'cost'
  /** Who subscribed and who sells to it, in the place it has when the subscription begins; versions say it for later. */
  readonly account: Account
  readonly seller: Party
  readonly offering: Party
  readonly fromMs: number
  /** Exclusive; Infinity: no end. */
  readonly toMs: number
  /** Null for wholesale and cost, which cover everything below the account. */
  readonly subjects: readonly string[] | null
  /** When it is paused, by itself or with what it depends on; merged. */
  readonly pauses: readonly TimeSpan[]
  /** In order of time and without gaps, from `fromMs` to `toMs`. */
  readonly versions: readonly SubscriptionVersion[]
  /** The one in force at an instant (epoch milliseconds); null before `fromMs` and from `toMs` on. */
  versionAt(timeMs: number): SubscriptionVersion | null
  /** Those in force at some instant from one time to another (exclusive), in their order. */
  versionsBetween(fromMs: number, toMs: number): readonly SubscriptionVersion[]
  /** How many of what it has at an instant, such as seats, by the name that fees use. */
  quantitiesAt(timeMs: number): Quantities
  /** When it is in force and not paused from one time to another (exclusive), cut where version or quantities change. */
  activeBetween(fromMs: number, toMs: number): readonly ActiveSpan[]
  /** Whether some version has a price for a meter. */
  prices(meter: string): boolean
  /** The account in the place it has at an instant; before and after the subscription as at its ends. */
  accountAt(timeMs: number): Account
  /** The leg of one of its prices at an instant; before and after the subscription as at its ends. */
  legFor(price: CataloguePrice, timeMs: number): Leg
  /** The prices, by content hash, of the versions of the offering that it has, also those from before and after it. */
  readonly pricesById: ReadonlyMap<string, CataloguePrice>
  /** Their legs when the subscription begins, by the same hash. */
  readonly legsById: ReadonlyMap<string, Leg>
}

/** Why usage cannot be charged. */
export type LegFaultCode = 'unknown_subject' | 'unknown_meter' | 'no_price' | 'subscription_not_active'

/** What holds for one subject and meter from one instant to another: the legs to charge, or why there are none. */
export interface LegPlan {
  readonly fromMs: number
  /** Exclusive. */
  readonly toMs: number
  readonly legs: readonly Leg[]
  /** How its records become usage; null when there is no such meter. */
  readonly rule: MeterRule | null
  /** Null exactly when there are legs. */
  readonly code: LegFaultCode | null
}

/** The plans of one meter that were asked for so far. There are at most as many as subscriptions begin and end. */
export interface MeterPlans {
  last: LegPlan
  readonly all: LegPlan[]
}

/** What all subjects of the same subscriptions share; most subjects of a tenant share one such object. */
export interface SubjectPlan {
  readonly subscriptions: readonly CatalogueSubscription[]
  /** Found plans by meter, kept because finding one costs far more than charging does. */
  readonly meters: Map<string, MeterPlans>
}

/** How to find the legs of a subject's usage. The plans inside are filled in as they are asked for; nothing else changes. */
export interface LegIndex {
  readonly subjects: ReadonlyMap<string, SubjectPlan>
  /** Wholesale subscriptions by reseller. */
  readonly purchases: ReadonlyMap<string, readonly CatalogueSubscription[]>
  /** Partner costs in the order of their ids. */
  readonly costs: readonly CatalogueSubscription[]
}

/** An immutable version of what a tenant declared, compiled. Two files that say the same have the same hash. */
export interface Catalogue {
  /** SHA-256 of `bytes`, hexadecimal. */
  readonly hash: string
  /** Canonical JSON (RFC 8785) of the file; `catalogueFromBytes` reads it back. */
  readonly bytes: Uint8Array
  /** Lists sorted by id, subjects sorted. */
  readonly file: TenantFile
  readonly tree: AccountTree
  readonly partners: ReadonlyMap<string, Party>
  readonly meters: ReadonlyMap<string, MeterDefinition>
  /** How each meter's records become usage, by its id. */
  readonly meterRules: ReadonlyMap<string, MeterRule>
  readonly subscriptions: ReadonlyMap<string, CatalogueSubscription>
  readonly index: LegIndex
  /** When billing periods begin, by the id of the cycle; without calendar months, which need no declaration. */
  readonly cycles: ReadonlyMap<string, BillingCycle>
  /** How an account, the operator or a partner is billed or bills; as usual where the file says nothing. */
  profile(id: string): BillingProfile
  /** What tax codes come to, by region and date. */
  readonly taxes: TaxTable
}
