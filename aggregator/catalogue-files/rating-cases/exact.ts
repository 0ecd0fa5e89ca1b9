import { formatDecimal, type Decimal } from '@meterline/shared/units/decimal.ts'
import { divideRounded } from '@meterline/shared/units/money.ts'

/** An exact number; the denominator is above zero. */
export interface Exact {
  readonly numerator: bigint
  readonly denominator: bigint
}

/** The number a decimal stands for. */
export function exactOf({ coefficient, scale }: Decimal): Exact {
  return { numerator: coefficient, denominator: 10n ** BigInt(scale) }
}

export const nothing: Exact = { numerator: 0n, denominator: 1n }

/** left + right. */
export function plus(left: Exact, right: Exact): Exact {
  return {
    numerator: left.numerator * right.denominator + right.numerator * left.denominator,
    denominator: left.denominator * right.denominator,
  }
}

/** left − right. */
export function minus(left: Exact, right: Exact): Exact {
  return plus(left, { numerator: -right.numerator, denominator: right.denominator })
}

/** left / right, which is above zero. */
export function dividedBy(left: Exact, right: Exact): Exact {
  return { numerator: left.numerator * right.denominator, denominator: left.denominator * right.numerator }
}

/** The number, or zero where it is below. */
export function positivePart(value: Exact): Exact {
  return value.numerator > 0n ? value : nothing
}

/** Whether two numbers are the same one. */
export function isSame(left: Exact, right: Exact): boolean {
  return left.numerator * right.denominator === right.numerator * left.denominator
}

/** Whether a number is zero. */
export function isZero({ numerator }: Exact): boolean {
  return numerator === 0n
}

/** The number rounded half away from zero to `digits` digits after the point. */
export function roundedTo({ numerator, denominator }: Exact, digits: number): Decimal {
  const parts = 10n ** BigInt(digits)
  return { coefficient: divideRounded(numerator * parts, denominator, 'half-away'), scale: digits }
}

/** The number with what is behind `digits` digits after the point cut off. */
export function cutTo({ numerator, denominator }: Exact, digits: number): Decimal {
  return { coefficient: (numerator * 10n ** BigInt(digits)) / denominator, scale: digits }
}

const mostDigits = 12

/** The number for people: in full where it has at most 12 digits after the point, else cut off and marked so. */
export function exactText(value: Exact): string {
  for (let digits = 0; digits <= mostDigits; digits++) {
    const rounded = roundedTo(value, digits)
    if (isSame(exactOf(rounded), value)) return formatDecimal(rounded)
  }
  return `${formatDecimal(cutTo(value, mostDigits))}…`
}
