import { failed, fault, ok, type Fault, type Result } from '../base/errors.ts'

/**
 * An exact decimal number: coefficient / 10^scale. Normalised: scale is from 0 to 30 and as small as it can be, so equal
 * numbers have equal fields.
 */
export interface Decimal {
  readonly coefficient: bigint
  readonly scale: number
}

/** The most digits after the point. */
export const largestScale = 30
const longestText = 80
const decimalPattern = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/

/**
 * Reads a plain decimal such as `3`, `0.0025` or `-12.5`: no exponent, no grouping, no leading zeros or plus sign, at
 * most 30 digits after the point (not counting zeros at the end) and 80 characters.
 */
export function parseDecimal(text: string): Result<Decimal, Fault<'decimal_invalid'>> {
  const match = text.length <= longestText ? decimalPattern.exec(text) : null
  if (match === null) {
    const shown = JSON.stringify(text.length > longestText ? `${text.slice(0, longestText)}…` : text)
    return failed(fault('decimal_invalid', `${shown} is no decimal number: write it like 3, 0.0025 or -12.5`))
  }
  const [, sign = '', whole = '', fraction = ''] = match
  const digits = fraction.replace(/0+$/, '')
  if (digits.length > largestScale) {
    return failed(
      fault('decimal_invalid', `${text} has ${digits.length} digits after the point, at most ${largestScale} are kept`),
    )
  }
  const magnitude = BigInt(whole + digits)
  return ok({ coefficient: sign === '-' ? -magnitude : magnitude, scale: digits.length })
}

/** The text `parseDecimal` reads back to the same number, without zeros at the end. */
export function formatDecimal(decimal: Decimal): string {
  const negative = decimal.coefficient < 0n
  const digits = (negative ? -decimal.coefficient : decimal.coefficient).toString().padStart(decimal.scale + 1, '0')
  const whole = digits.slice(0, digits.length - decimal.scale)
  const fraction = digits.slice(digits.length - decimal.scale)
  return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

/** Negative, zero or positive as `left` is less than, equal to or greater than `right`. */
export function compareDecimal(left: Decimal, right: Decimal): number {
  const scale = Math.max(left.scale, right.scale)
  const difference = atScale(left, scale) - atScale(right, scale)
  return difference < 0n ? -1 : difference > 0n ? 1 : 0
}

function atScale(decimal: Decimal, scale: number): bigint {
  return decimal.coefficient * 10n ** BigInt(scale - decimal.scale)
}
