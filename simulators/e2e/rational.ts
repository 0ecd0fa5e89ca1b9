/**
 * Big rational arithmetic of the tests' own: amounts are checked against this, never against the product's rating.
 */
export interface Rational {
  readonly numerator: bigint
  readonly denominator: bigint
}

export function rational(numerator: bigint, denominator = 1n): Rational {
  return { numerator, denominator }
}

/** Reads a decimal such as '2.7183' exactly. */
export function fromDecimal(text: string): Rational {
  const [whole = '0', fraction = ''] = text.split('.')
  return { numerator: BigInt(whole + fraction), denominator: 10n ** BigInt(fraction.length) }
}

export function add(a: Rational, b: Rational): Rational {
  return {
    numerator: a.numerator * b.denominator + b.numerator * a.denominator,
    denominator: a.denominator * b.denominator,
  }
}

export function multiply(a: Rational, b: Rational): Rational {
  return { numerator: a.numerator * b.numerator, denominator: a.denominator * b.denominator }
}

export function divide(a: Rational, b: Rational): Rational {
  return { numerator: a.numerator * b.denominator, denominator: a.denominator * b.numerator }
}

/** Rounds a non-negative amount to whole 1/`parts`, halves up. */
export function roundToParts(value: Rational, parts: bigint): bigint {
  return (2n * value.numerator * parts + value.denominator) / (2n * value.denominator)
}

/** Amount of graduated tiers at a quantity: each tier prices its own stretch, tops inclusive. */
export function graduated(
  tiers: readonly { upTo: bigint | null; amount: string }[],
  per: bigint,
  quantity: bigint,
): Rational {
  let total = rational(0n)
  let below = 0n
  for (const tier of tiers) {
    const top = tier.upTo === null || tier.upTo > quantity ? quantity : tier.upTo
    if (top > below) total = add(total, multiply(fromDecimal(tier.amount), rational(top - below, per)))
    below = top
  }
  return total
}
