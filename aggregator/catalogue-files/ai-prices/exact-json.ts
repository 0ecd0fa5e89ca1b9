import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { formatDecimal, largestScale } from '@meterline/shared/units/decimal.ts'

/** A number of a JSON text as it was written, so that no digit is lost in a binary fraction. */
export class JsonNumber {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Far above any price table. */
const longestText = 64 * 1024 * 1024

/** Parses a JSON text like `JSON.parse`, with every number as the `JsonNumber` it was written as. */
export function parseExactJson(text: string): Result<unknown, Fault<'json_invalid'>> {
  if (text.length > longestText)
    return failed(fault('json_invalid', `the text is longer than ${longestText} characters`))
  const keepText = (_: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' ? new JsonNumber(context?.source ?? String(value)) : value
  try {
    return ok(JSON.parse(text, keepText) as unknown)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return failed(fault('json_invalid', `the text is no JSON: ${error.message}`))
  }
}

const numberPattern = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,3}))?$/

/**
 * A number times ten to the power of `shift` as the shortest decimal text; null when it is no number, negative, above
 * 10^30 or needs more digits after the point than amounts keep.
 */
export function shiftedAmount(value: unknown, shift: number): string | null {
  const match = value instanceof JsonNumber ? numberPattern.exec(value.text) : null
  if (match === null) return null
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const digits = (whole + fraction).replace(/0+$/, '')
  const coefficient = BigInt(digits === '' ? '0' : digits)
  if (coefficient === 0n) return '0'
  // How many digits stand after the point, counted from the end of those that are not zero.
  const scale = digits.length - whole.length - Number(exponent) - shift
  if (sign === '-' || scale > largestScale || digits.length - scale > largestScale) return null
  return scale >= 0
    ? formatDecimal({ coefficient, scale })
    : formatDecimal({ coefficient: coefficient * 10n ** BigInt(-scale), scale: 0 })
}

/** Whether a value is a whole number such as `200000` or `256000.0`; the number, or null. */
export function wholeNumberOf(value: unknown): bigint | null {
  const text = shiftedAmount(value, 0)
  return text !== null && /^[0-9]+$/.test(text) ? BigInt(text) : null
}
