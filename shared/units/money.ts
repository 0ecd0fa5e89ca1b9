import { assertThat } from '../base/errors.ts'

export { minorDigitsOf } from './currency.ts'

/** An amount of money in millionths of the currency unit: 1 EUR is 1_000_000n. */
export type Micros = bigint

/** What happens to an exact half: away from zero (commercial rounding) or to the even neighbour (IEEE 754, bankers'). */
export type RoundingRule = 'half-away' | 'half-even'

const microDigits = 6

/** numerator / denominator rounded to a whole number by `rule`. The denominator is above zero. */
export function divideRounded(numerator: bigint, denominator: bigint, rule: RoundingRule): bigint {
  assertThat(denominator > 0n, 'the denominator of a rounded division is above zero')
  const quotient = numerator / denominator
  const remainder = numerator % denominator
  if (remainder === 0n) return quotient
  const negative = numerator < 0n
  const twice = negative ? -2n * remainder : 2n * remainder
  const roundsOut = twice > denominator || (twice === denominator && (rule === 'half-away' || (quotient & 1n) === 1n))
  if (!roundsOut) return quotient
  return negative ? quotient - 1n : quotient + 1n
}

/**
 * Rounds an exact amount to the currency's minor unit, which has `minorDigits` (0 to 6) digits after the point.
 * `residueMicros` is what rounding took away (micros − roundedMicros), to be posted under its own name.
 */
export function roundToMinorUnit(
  micros: Micros,
  minorDigits: number,
  rule: RoundingRule,
): { minorUnits: bigint; roundedMicros: Micros; residueMicros: Micros } {
  assertMinorDigits(minorDigits)
  const microsPerUnit = 10n ** BigInt(microDigits - minorDigits)
  const minorUnits = divideRounded(micros, microsPerUnit, rule)
  const roundedMicros = minorUnits * microsPerUnit
  return { minorUnits, roundedMicros, residueMicros: micros - roundedMicros }
}

/** The exact amount in currency units, with two to six digits after the point: `12.345678`, `7.00`, `-0.000001`. */
export function formatMicros(micros: Micros): string {
  const text = pointed(micros, microDigits)
  const shortest = text.length - (microDigits - 2)
  let end = text.length
  while (end > shortest && text[end - 1] === '0') end--
  return text.slice(0, end)
}

/** A count of minor units as an amount in currency units, with exactly `minorDigits` digits: 1205 at 2 is `12.05`. */
export function formatMinorUnits(minorUnits: bigint, minorDigits: number): string {
  assertMinorDigits(minorDigits)
  return pointed(minorUnits, minorDigits)
}

function pointed(count: bigint, digitsAfterPoint: number): string {
  const negative = count < 0n
  const digits = (negative ? -count : count).toString().padStart(digitsAfterPoint + 1, '0')
  const whole = digits.slice(0, digits.length - digitsAfterPoint)
  const fraction = digits.slice(digits.length - digitsAfterPoint)
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

function assertMinorDigits(minorDigits: number): void {
  assertThat(
    Number.isInteger(minorDigits) && minorDigits >= 0 && minorDigits <= microDigits,
    `a minor unit has 0 to ${microDigits} digits after the point, not ${minorDigits}`,
  )
}
