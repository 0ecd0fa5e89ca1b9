import { assertThat } from '../base/errors.ts'
import { parseDecimal } from '../units/decimal.ts'

/** A rational number of micros; the denominator is above zero. */
export interface ExactMicros {
  readonly numerator: bigint
  readonly denominator: bigint
}

/** An amount of currency units (decimal text from a parsed price) for `per` base units, as exact micros per base unit. */
export function exactMicrosPerUnit(amount: string, per: bigint): ExactMicros {
  const parsed = parseDecimal(amount)
  assertThat(parsed.ok, `the amount ${amount} of a parsed price is a decimal`)
  assertThat(per > 0n, 'a price is for at least one base unit')
  const numerator = parsed.value.coefficient * 1_000_000n
  const denominator = 10n ** BigInt(parsed.value.scale) * per
  const divisor = greatestCommonDivisor(numerator, denominator)
  return { numerator: numerator / divisor, denominator: denominator / divisor }
}

/** An amount of currency units as exact micros. */
export function exactMicros(amount: string): ExactMicros {
  return exactMicrosPerUnit(amount, 1n)
}

/**
 * A denominator all the given numbers can be written over, and an even one: half a micro is then a whole number of its
 * parts, so rounding half away from zero is "add half, divide".
 */
export function commonEvenDenominator(values: readonly ExactMicros[]): bigint {
  return values.reduce((common, { denominator }) => leastCommonMultiple(common, denominator), 2n)
}

/** The numerator of a number over a denominator that is a multiple of its own. */
export function numeratorOver(value: ExactMicros, denominator: bigint): bigint {
  return value.numerator * (denominator / value.denominator)
}

function leastCommonMultiple(left: bigint, right: bigint): bigint {
  return (left / greatestCommonDivisor(left, right)) * right
}

/** Euclid's algorithm; with a zero on one side the other side. */
function greatestCommonDivisor(left: bigint, right: bigint): bigint {
  let [larger, smaller] = [left, right]
  while (smaller !== 0n) [larger, smaller] = [smaller, larger % smaller]
  return larger
}
