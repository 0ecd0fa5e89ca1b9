/** An exact fraction. The denominator is above zero; nothing is reduced until it is compared, rounded or asked for. */
export interface Rational {
  readonly numerator: bigint
  readonly denominator: bigint
}

/** Nothing. */
export const zero: Rational = { numerator: 0n, denominator: 1n }

/** A whole number as a fraction. */
export function whole(value: bigint): Rational {
  return { numerator: value, denominator: 1n }
}

/** Reads `12`, `0.0025` or `-3.5` exactly. Throws on anything else: the oracle only reads what the world itself wrote. */
export function rationalOf(text: string): Rational {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)
  if (match === null) throw new Error(`not a decimal number: ${text}`)
  const [, sign = '', before = '', after = ''] = match
  const magnitude = BigInt(before + after)
  return { numerator: sign === '-' ? -magnitude : magnitude, denominator: 10n ** BigInt(after.length) }
}

/** a + b */
export function plus(a: Rational, b: Rational): Rational {
  if (a.denominator === b.denominator) return { numerator: a.numerator + b.numerator, denominator: a.denominator }
  return {
    numerator: a.numerator * b.denominator + b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
  }
}

/** a − b */
export function minus(a: Rational, b: Rational): Rational {
  return plus(a, { numerator: -b.numerator, denominator: b.denominator })
}

/** a × b */
export function times(a: Rational, b: Rational): Rational {
  return { numerator: a.numerator * b.numerator, denominator: a.denominator * b.denominator }
}

/** a ÷ b for a b that is a whole number above zero. */
export function dividedBy(a: Rational, b: bigint): Rational {
  if (b <= 0n) throw new Error(`cannot divide by ${b}`)
  return { numerator: a.numerator, denominator: a.denominator * b }
}

/** Below zero, zero or above it as a is less than b, the same or more. */
export function compare(a: Rational, b: Rational): number {
  const difference = a.numerator * b.denominator - b.numerator * a.denominator
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

/** The smaller of two. */
export function least(a: Rational, b: Rational): Rational {
  return compare(a, b) <= 0 ? a : b
}

/** The larger of two. */
export function most(a: Rational, b: Rational): Rational {
  return compare(a, b) >= 0 ? a : b
}

/** The same fraction in its smallest terms, so that long sums stay short. */
export function reduced({ numerator, denominator }: Rational): Rational {
  let [divisor, rest] = [denominator, numerator < 0n ? -numerator : numerator]
  while (rest !== 0n) [divisor, rest] = [rest, divisor % rest]
  return { numerator: numerator / divisor, denominator: denominator / divisor }
}

/** The nearest whole number that is not above. */
export function roundDown({ numerator, denominator }: Rational): bigint {
  const cut = numerator / denominator
  return cut * denominator > numerator ? cut - 1n : cut
}

/** The nearest whole number that is not below. */
export function roundUp({ numerator, denominator }: Rational): bigint {
  return -roundDown({ numerator: -numerator, denominator })
}

/**
 * The nearest whole number; an exact half goes away from zero. Computed by adding a half and cutting, on the magnitude,
 * which is another way than comparing the remainder, so that a slip in one of the two does not hide in the other.
 */
export function roundHalfAway(value: Rational): bigint {
  const negative = value.numerator < 0n
  const magnitude = negative ? -value.numerator : value.numerator
  const rounded = (2n * magnitude + value.denominator) / (2n * value.denominator)
  return negative ? -rounded : rounded
}

/** The nearest whole number; an exact half goes to the even neighbour. */
export function roundHalfEven(value: Rational): bigint {
  const away = roundHalfAway(value)
  const isHalf = 2n * value.numerator === (2n * away - (away < 0n ? -1n : 1n)) * value.denominator
  if (!isHalf || away % 2n === 0n) return away
  return away < 0n ? away + 1n : away - 1n
}
