import type { PlannedAllowance, PlannedContract } from './planned-contract.ts'
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
  readonly cycles?: readonly PlannedCycle[]
  readonly billingProfiles?: readonly PlannedProfile[]
  readonly contracts?: readonly PlannedContract[]
  readonly taxCodes?: readonly PlannedTaxCode[]
}

/** What a tax comes to, by region from dates on. */
export interface PlannedTaxCode {
  readonly id: string
  readonly rates: readonly { readonly region: string; readonly percent: string; readonly from: string }[]
}

/** Billing periods that begin at midnight of a zone on a day of every month, the last one where a month is shorter. */
export interface PlannedCycle {
  readonly id: string
  readonly day: number
  readonly zone: string
}

/** How an account, the operator or a partner is billed or bills. */
export interface PlannedProfile {
  readonly id: string
  /** Left out: calendar months in UTC. */
  readonly cycle?: string
  /** How long a bill waits after the end of its period, such as `2h`. */
  readonly grace?: string
  /** As a buyer: whenever so much is not billed, he gets an invoice in the middle of the period. */
  readonly progressiveAmount?: string
  /** As a buyer: where he is taxed; left out: nowhere. */
  readonly region?: string
  readonly taxExemption?: string
  /** As a seller. */
  readonly pricesIncludeTax?: boolean
  readonly taxRounding?: 'line' | 'document'
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
  readonly allowances?: readonly PlannedAllowance[]
  readonly versions?: readonly {
    readonly from: string
    readonly prices: readonly string[]
    readonly allowances?: readonly PlannedAllowance[]
  }[]
}

export interface PlannedAccount {
  readonly id: string
  readonly kind: 'reseller' | 'customer' | 'fleet'
  /** Where it hangs until its first move. */
  readonly parent: string
  readonly payer: 'self' | 'parent'
  /** Where it hangs from some instants on, with everything below it. */
  readonly moves?: readonly { readonly at: string; readonly parent: string }[]
  /** What the payer of the parent pays although the account has documents of its own. */
  readonly parentPays?: {
    /** All usage of these. */
    readonly meters?: readonly string[]
    /** A part of everything else. */
    readonly share?: string
  }
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
  /** When it goes over to which version of its offering, or of another one: the instant that is from, or `first`. */
  readonly migrations?: readonly { readonly at: string; readonly version: string; readonly offering?: string }[]
  /** Other quantities from some instants on; those that are not named stay. */
  readonly changes?: readonly { readonly at: string; readonly quantities: Readonly<Record<string, number>> }[]
  /** Left out `to`: nobody knows yet. */
  readonly pauses?: readonly { readonly from: string; readonly to?: string; readonly reason: string }[]
  /** Another subscription of the same account's; it pauses with that one unless it stays. */
  readonly dependsOn?: string
  readonly whenPaused?: 'pause' | 'stays'
  /** Of what a partner sells: it is due for usage with one of these values of each label; left out: for all. */
  readonly only?: Readonly<Record<string, string | readonly string[]>>
}
