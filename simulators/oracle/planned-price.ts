/** What every model may say beside its own terms. Amounts are decimal texts in currency units everywhere here. */
export interface PlannedCommon {
  /** Left out: half away from zero to a micro. */
  readonly rounding?: { readonly digits: number; readonly rule: 'half-away' | 'half-even' | 'up' | 'down' }
  /** What usage of a period comes to at least and at most, before it is rounded. */
  readonly minimum?: string
  readonly maximum?: string
}

export interface PlannedPerUnit extends PlannedCommon {
  readonly model: 'per-unit'
  readonly amount: string
  readonly per: bigint
}

export interface PlannedTier {
  /** Last quantity of the tier, in base units; null: open. */
  readonly upTo: bigint | null
  readonly amount: string
  readonly flat?: string
  /** The amount is for started blocks of so many base units. */
  readonly block?: bigint
}

export interface PlannedTiered extends PlannedCommon {
  readonly model: 'graduated' | 'volume'
  readonly per: bigint
  readonly tiers: readonly PlannedTier[]
  readonly flatAtZero?: false
}

export interface PlannedStairStep extends PlannedCommon {
  readonly model: 'stair-step'
  readonly tiers: readonly { readonly upTo: bigint | null; readonly flat: string }[]
  readonly flatAtZero?: false
}

export interface PlannedPackage extends PlannedCommon {
  readonly model: 'package'
  readonly size: bigint
  readonly amount: string
  readonly free?: bigint
  readonly each: 'period' | 'event'
  readonly least?: bigint
}

export interface PlannedPercentage extends PlannedCommon {
  readonly model: 'percentage'
  readonly per: bigint
  readonly rate: string
  readonly fixed?: string
  readonly freeEvents?: number
  readonly freeAmount?: string
  readonly minimumEach?: string
  readonly maximumEach?: string
}

export interface PlannedGraduatedPercentage extends PlannedCommon {
  readonly model: 'graduated-percentage'
  readonly per: bigint
  readonly tiers: readonly { readonly upTo: bigint | null; readonly rate: string; readonly flat?: string }[]
  readonly flatAtZero?: false
}

export interface PlannedStepped extends PlannedCommon {
  readonly model: 'stepped'
  readonly connect?: string
  readonly steps: readonly {
    readonly from: bigint
    readonly amount: string
    readonly per: bigint
    readonly increment: bigint
  }[]
  readonly incrementDigits?: number
}

/** What makes an amount of usage by itself. */
export type PlannedModel =
  | PlannedPerUnit
  | PlannedTiered
  | PlannedStairStep
  | PlannedPackage
  | PlannedPercentage
  | PlannedGraduatedPercentage
  | PlannedStepped

/** All that an event used costs what its size asks for, strictly above a threshold. */
export interface PlannedThreshold {
  readonly model: 'request-threshold'
  readonly fact: string
  readonly amount: string
  readonly per: bigint
  readonly above: readonly { readonly above: bigint; readonly amount: string }[]
  readonly rounding?: PlannedCommon['rounding']
}

/** Rows by labels; a label that is left out or null matches whatever there is, also nothing. */
export interface PlannedMatrix {
  readonly model: 'matrix'
  readonly dimensions: readonly string[]
  readonly rows: readonly PlannedRow[]
}

export type PlannedRow = { readonly when: Readonly<Record<string, string | null>> } & (
  PlannedModel | PlannedThreshold | PlannedTimeOfUse
)

/** Hours of some days of the week, by the clocks of the zone; `to` is not in it any more. */
export interface PlannedHours {
  readonly days: readonly string[]
  readonly from: string
  readonly to: string
}

export interface PlannedTimeOfUse {
  readonly model: 'time-of-use'
  readonly zone: string
  readonly windows: readonly {
    readonly name: string
    readonly at: readonly PlannedHours[]
    readonly price: PlannedModel | PlannedThreshold
  }[]
  readonly otherwise: { readonly name: string; readonly price: PlannedModel | PlannedThreshold }
  /** The fact that says how long an event took, in units such as `100ms` or `1s`. */
  readonly duration?: { readonly fact: string; readonly unit: string }
}

/** How usage becomes an amount. */
export type PlannedTerms = PlannedModel | PlannedThreshold | PlannedMatrix | PlannedTimeOfUse

/** The rows of a matrix of the tenant that price a meter. */
export interface MatrixReference {
  readonly model: 'matrix'
  readonly matrix: string
}

/** Prices of several meters side by side; a row with thresholds prices each request by its size. */
export interface SharedMatrix {
  readonly id: string
  readonly dimensions: readonly string[]
  readonly fact: string
  readonly per: bigint
  readonly rows: readonly {
    readonly when: Readonly<Record<string, string | null>>
    /** Amounts by meter. */
    readonly amounts: Readonly<Record<string, string>>
    readonly above?: readonly { readonly above: bigint; readonly amounts: Readonly<Record<string, string>> }[]
  }[]
}

/** A price for usage; its terms may be others from some instants on. */
export type PlannedPrice = { readonly id: string; readonly meter: string; readonly tax?: string } & (
  PlannedTerms | MatrixReference
) & { readonly changes?: readonly ({ readonly from: string } & (PlannedTerms | MatrixReference))[] }

/** A price that no usage is charged by. */
export interface PlannedFee {
  readonly id: string
  readonly model: 'recurring' | 'one-time'
  readonly tax?: string
  readonly amount: string
  readonly due?: 'in-advance' | 'in-arrears'
  /** For each subscription where left out; else for each of its subjects, or of a quantity that it states. */
  readonly each?: 'subscription' | 'subject' | { readonly quantity: string }
  /** Left out: whole. */
  readonly prorate?: 'none' | 'day' | 'second'
}
