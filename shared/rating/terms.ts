/** Which way an amount between two neighbours goes: an exact half away from zero or to the even one, or always up or down. */
export type RoundingDirection = 'half-away' | 'half-even' | 'up' | 'down'

/** Where the exact amount of a segment becomes micros: rounded to `digits` digits after the point of the currency unit. */
export interface Rounding {
  /** 0 to 6; 6 is a micro. */
  readonly digits: number
  readonly rule: RoundingDirection
}

/** What every model may say beside its own terms. Left out, amounts are rounded half away from zero to a micro. */
export interface CommonTerms {
  readonly rounding?: Rounding
  /** Decimal text in currency units: a segment costs at least this in a period, also without usage. */
  readonly minimum?: string
  /** Decimal text in currency units: a segment costs at most this in a period. */
  readonly maximum?: string
}

/** One tier of a graduated or volume price. */
export interface TierTerms {
  /** The last base unit of the tier, inclusive; null: no end. */
  readonly upTo: bigint | null
  /** Decimal text in currency units for `per` base units of the price, or for a started block where `block` is given. */
  readonly amount: string
  /** Decimal text. Graduated: charged once when the tier is entered. Volume: charged while the total lies in the tier. */
  readonly flat?: string
  /** Units of the tier are charged in started blocks of this many base units. */
  readonly block?: bigint
}

/** What prices with tiers share. */
export interface TieredTerms extends CommonTerms {
  /** Base units the tiers' amounts are for. */
  readonly per: bigint
  /** Bounds increase and only the last tier is open. */
  readonly tiers: readonly TierTerms[]
  /** False: the flat fee of the first tier is due with the first unit. Left out: it is due without usage as well. */
  readonly flatAtZero?: false
}
