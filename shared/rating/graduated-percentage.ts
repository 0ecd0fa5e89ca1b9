import { compileGraduated } from './graduated.ts'
import type { CommonTerms } from './terms.ts'
import type { CompiledTiered } from './tiers.ts'

/** A share of the period's amount that falls tier by tier. Splittable. */
export interface GraduatedPercentagePrice extends CommonTerms {
  readonly model: 'graduated-percentage'
  /** Base units of the meter that are one currency unit. */
  readonly per: bigint
  readonly tiers: readonly {
    /** Base units, inclusive; null: no end. */
    readonly upTo: bigint | null
    /** Percent, decimal text. */
    readonly rate: string
    /** Decimal text in currency units, charged once when the tier is entered. */
    readonly flat?: string
  }[]
  readonly flatAtZero?: false
}

/** A graduated price: so many percent of an amount are so many currency units for a hundred of them. */
export function compileGraduatedPercentage(price: GraduatedPercentagePrice): CompiledTiered {
  const tiers = price.tiers.map(({ rate, ...tier }) => ({ ...tier, amount: rate }))
  return compileGraduated({ ...price, per: price.per * 100n, tiers })
}
