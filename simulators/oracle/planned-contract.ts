/** Usage that is included in every period of those who subscribe. */
export interface PlannedAllowance {
  readonly id: string
  readonly meter: string
  /** Base units. */
  readonly quantity: bigint
  readonly each?: 'subscription' | { readonly quantity: string }
  readonly prorate?: 'none' | 'day' | 'second'
  readonly rollover?: { readonly periods: number; readonly cap?: bigint }
  readonly priority?: number
  readonly pool?: 'subscription' | 'subtree'
}

/** What a buyer promised to spend in a period or term, or the least that he is billed. */
export interface PlannedPromise {
  readonly id: string
  readonly amount: string
  readonly per?: 'period' | 'term'
  readonly inAdvance?: boolean
  readonly prorate?: 'none' | 'day' | 'second'
  /** What counts towards it; left out: everything. */
  readonly meters?: readonly string[]
  readonly kinds?: readonly ('usage' | 'fee')[]
  /** Of commitments: how much dearer a unit is that is spent beyond. */
  readonly overageFactor?: string
}

/** What is taken off a bill: one of `percent`, `amount` and `tiers`. */
export interface PlannedDiscount {
  readonly id: string
  readonly percent?: string
  readonly amount?: string
  readonly tiers?: readonly { readonly upTo?: string; readonly percent: string }[]
  readonly tiered?: 'volume' | 'graduated'
  readonly atMost?: string
  readonly meters?: readonly string[]
  readonly kinds?: readonly ('usage' | 'fee')[]
}

/** What a buyer and his seller agreed on beyond prices. */
export interface PlannedContract {
  readonly id: string
  readonly account: string
  readonly from: string
  readonly to?: string
  /** Billing periods of a term; left out: the contract is one. */
  readonly termPeriods?: number
  readonly commitments?: readonly PlannedPromise[]
  readonly minimums?: readonly PlannedPromise[]
  readonly discounts?: readonly PlannedDiscount[]
}
