import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { exactDecimal } from '../payload/exact-number.ts'
import type { Rounding } from './rule-definition.ts'

/** An exact fraction; the denominator is positive. Not reduced: it is divided once, at the end. */
export interface Rational {
  readonly numerator: bigint
  readonly denominator: bigint
}

export const one: Rational = { numerator: 1n, denominator: 1n }

/** Reads a factor above zero: `1000`, `"0.001"`, or a fraction `"1/24"` of two such numbers. */
export function parseFactor(factor: string | number): Result<Rational, Fault<'factor_invalid'>> {
  const [above, beneath, ...more] = typeof factor === 'number' ? [factor] : factor.split('/').map((part) => part.trim())
  const numerator = exactDecimal(above)
  const denominator = beneath === undefined ? exactDecimal(1) : exactDecimal(beneath)
  if (more.length > 0 || !numerator.ok || !denominator.ok) {
    const message = `${JSON.stringify(factor)} is no factor: write it like 1000, "0.001" or "1/24"`
    return failed(fault('factor_invalid', message))
  }
  if (numerator.value.negative || denominator.value.negative || !numerator.value.digits || !denominator.value.digits) {
    return failed(fault('factor_invalid', `${JSON.stringify(factor)} must be above zero`))
  }
  return ok({
    numerator: numerator.value.digits * 10n ** BigInt(denominator.value.scale),
    denominator: denominator.value.digits * 10n ** BigInt(numerator.value.scale),
  })
}

export function times(left: Rational, right: Rational): Rational {
  return { numerator: left.numerator * right.numerator, denominator: left.denominator * right.denominator }
}

export function dividedBy(left: Rational, right: Rational): Rational {
  return { numerator: left.numerator * right.denominator, denominator: left.denominator * right.numerator }
}

/** The smallest terms, so that what is multiplied for each record stays short. */
export function reduced({ numerator, denominator }: Rational): Rational {
  let left = numerator < 0n ? -numerator : numerator
  let right = denominator
  while (right > 0n) [left, right] = [right, left % right]
  return { numerator: numerator / left, denominator: denominator / left }
}

/** The whole number that a fraction is or is rounded to; null when it is none and `exact` was asked for. */
export function roundedQuotient(numerator: bigint, denominator: bigint, rounding: Rounding): bigint | null {
  const towardsZero = numerator / denominator
  const rest = numerator % denominator
  if (rest === 0n) return towardsZero
  const floor = numerator < 0n ? towardsZero - 1n : towardsZero
  switch (rounding) {
    case 'exact':
      return null
    case 'floor':
      return floor
    case 'ceiling':
      return floor + 1n
    case 'half-even': {
      const twice = 2n * (numerator - floor * denominator)
      if (twice !== denominator) return twice < denominator ? floor : floor + 1n
      return floor % 2n === 0n ? floor : floor + 1n
    }
  }
}
