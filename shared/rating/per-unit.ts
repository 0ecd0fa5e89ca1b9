import { commonEvenDenominator, exactMicrosPerUnit, numeratorOver } from './exact-rate.ts'

/** `amount` currency units for every `per` base units, in proportion. */
export interface PerUnitPrice {
  readonly model: 'per-unit'
  /** Decimal text in currency units. */
  readonly amount: string
  /** Base units. */
  readonly per: bigint
}

/** R(Q) = Q × rate / denominator micros. */
export interface CompiledPerUnit {
  readonly model: 'per-unit'
  readonly rate: bigint
  /** Even. */
  readonly denominator: bigint
  readonly half: bigint
}

/** Turns a price into integers once, so that charging needs no decimals. */
export function compilePerUnit(price: PerUnitPrice): CompiledPerUnit {
  const rate = exactMicrosPerUnit(price.amount, price.per)
  const denominator = commonEvenDenominator([rate])
  return { model: 'per-unit', rate: numeratorOver(rate, denominator), denominator, half: denominator / 2n }
}

/** R(Q) in micros, rounded half away from zero. */
export function perUnitTotalMicros(price: CompiledPerUnit, quantity: bigint): bigint {
  return (quantity * price.rate + price.half) / price.denominator
}

/** R(Q + q) − R(Q) is the same exact number everywhere; rounding can lift it to the next whole micro, not beyond. */
export function perUnitBoundMicros(price: CompiledPerUnit, quantity: bigint): bigint {
  return (quantity * price.rate + price.denominator - 1n) / price.denominator
}
