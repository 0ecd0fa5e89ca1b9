import type { PlannedFee, PlannedPrice, SharedMatrix } from './planned-price.ts'

/**
 * What the world sells and to whom, as the oracle knows it. The tenant file that the aggregator is given is printed
 * from this, so the oracle never needs to read the product's catalogue.
 */
export interface TenantPlan {
  readonly tenant: string
  readonly currency: string
  /** Digits after the point of the currency's minor unit. */
  readonly minorDigits: number
  readonly operator: string
  readonly meters: readonly PlannedMeter[]
  readonly prices: readonly PlannedPrice[]
  readonly fees: readonly PlannedFee[]
  readonly matrices: readonly SharedMatrix[]
  readonly offerings: readonly PlannedOffering[]
  readonly accounts: readonly PlannedAccount[]
  readonly partners: readonly string[]
  readonly subscriptions: readonly PlannedSubscription[]
  readonly correlations: readonly PlannedCorrelation[]
}

/** Without a kind quantities are amounts; else readings, of which the meter says what usage they make. */
export interface PlannedMeter {
  readonly id: string
  readonly unit: string
  readonly kind?: 'counter' | 'gauge' | 'maximum' | 'distinct'
  /** Of a gauge: what one unit of its readings is called. */
  readonly reading?: string
  /** Of a gauge: how long a reading holds when no other follows, such as `15m`. */
  readonly longestGap?: string
}

/** What is sold: prices and fees by their ids, others from some instants on for those who subscribe then. */
export interface PlannedOffering {
  readonly id: string
  readonly prices: readonly string[]
  readonly versions?: readonly { readonly from: string; readonly prices: readonly string[] }[]
}

export interface PlannedAccount {
  readonly id: string
  readonly kind: 'reseller' | 'customer' | 'fleet'
  readonly parent: string
  readonly payer: 'self' | 'parent'
}

/** What control sources report of a meter is never charged. A source, or the beginning of several with a star. */
export interface PlannedCorrelation {
  readonly id: string
  readonly meter: string
  readonly charge: string
  readonly control: string
  readonly window: string
}

export interface PlannedSubscription {
  readonly id: string
  readonly account: string
  readonly offering: string
  /** Only on the operator's own account: the partner that sells to him. */
  readonly seller?: string
  /** First day, `YYYY-MM-DD`. */
  readonly from: string
  /** The first day it is not in force any more; left out: no end. */
  readonly to?: string
  /** Left out: everything below the account. */
  readonly subjects?: readonly string[]
  /** What fees go by. */
  readonly quantities?: Readonly<Record<string, number>>
  /** When it goes over to which version of its offering: the instant that one is from, or `first`. */
  readonly migrations?: readonly { readonly at: string; readonly version: string }[]
}
