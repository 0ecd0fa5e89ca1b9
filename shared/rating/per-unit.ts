import { commonEvenDenominator, exactMicrosPerUnit, numeratorOver } from './exact-rate.ts'
import { compileLimits, limitAmounts, limitedMicros, type LimitedModel } from './limits.ts'
import type { CommonTerms } from './terms.ts'

/** `amount` currency units for every `per` base units, in proportion. Splittable. */
export interface PerUnitPrice extends CommonTerms {
  readonly model: 'per-unit'
  /** Decimal text in currency units. */
  readonly amount: string
  /** Base units. */
  readonly per: bigint
}

/** R(Q) = Q × rate / denominator micros. */
export interface CompiledPerUnit extends LimitedModel {
  readonly model: 'per-unit'
  readonly rate: bigint
  readonly half: bigint
}

/** Turns a price into integers once, so that charging needs no decimals. */
export function compilePerUnit(price: PerUnitPrice): CompiledPerUnit {
  const rate = exactMicrosPerUnit(price.amount, price.per)
  const denominator = commonEvenDenominator([rate, ...limitAmounts(price)])
  return {
    model: 'per-unit',
    rate: numeratorOver(rate, denominator),
    denominator,
    half: denominator / 2n,
    limits: compileLimits(price, denominator),
  }
}

/** R(Q) in micros, limited and rounded as the price says. */
export function perUnitTotalMicros(price: CompiledPerUnit, quantity: bigint): bigint {
  if (price.limits !== null) return limitedMicros(quantity * price.rate, price)
  return (quantity * price.rate + price.half) / price.denominator
}
