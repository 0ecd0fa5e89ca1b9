import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { refused, shown, type NormaliseFault } from './rejection.ts'

/** An exact decimal number: digits × 10^−scale, and whether it is below zero. Normalised: scale is as small as it can be. */
export interface ExactDecimal {
  /** Never negative. */
  readonly digits: bigint
  /** From 0 to 70. */
  readonly scale: number
  /** Never true for zero. */
  readonly negative: boolean
}

/** The most digits a number may be written with, before and after the point together. */
const mostDigits = 40
/** The largest exponent in a text, either way. */
const largestExponent = 30
/** A double keeps every decimal of this many significant digits (IEEE 754 binary64), and not of more. */
const digitsOfDouble = 15
const longestText = 64
const decimalPattern = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,3}))?$/

/**
 * Reads a number exactly: a safe integer, a bigint, a decimal text such as `"12.50"` or `"1.5e3"` (at most 40 digits,
 * exponent up to ±30), or a fraction whose shortest text has at most 15 significant digits, because such a double is
 * exactly what a text of so many digits said. What a JSON or CBOR reader may have rounded silently is refused:
 * `quantity_inexact` for fractions, `quantity_too_large` for integers beyond 2^53 − 1; what is no number at all is
 * `quantity_missing` or `quantity_not_number`.
 */
export function exactDecimal(value: unknown): Result<ExactDecimal, NormaliseFault> {
  if (typeof value === 'number' && !Number.isInteger(value) && Number.isFinite(value)) {
    const shortest = String(value)
    const { length } = shortest
      .replace(/e.*$/, '')
      .replace(/^-?0?\.?0*/, '')
      .replace('.', '')
    if (length <= digitsOfDouble) return decimalOfText(shortest)
    return refused(
      'quantity_inexact',
      `the number ${shortest} has ${length} digits, and numbers in a payload are exact to ${digitsOfDouble}: send it as a text`,
    )
  }
  return shortestDecimal(value)
}

/**
 * Reads a number like `exactDecimal`, but takes any fraction as its shortest text says it (as it was printed, for a JSON
 * text of up to 17 digits). Only for readers that round the result anyway and were told how.
 */
export function shortestDecimal(value: unknown): Result<ExactDecimal, NormaliseFault> {
  if (typeof value === 'string') return decimalOfText(value)
  if (typeof value === 'bigint') return decimalOfInteger(value)
  if (value === undefined || value === null) return refused('quantity_missing', 'the quantity is missing')
  if (typeof value !== 'number' || !Number.isFinite(value)) return noNumber(value)
  if (Number.isSafeInteger(value)) return decimalOfInteger(BigInt(value))
  if (!Number.isInteger(value)) return decimalOfText(String(value))
  return refused(
    'quantity_too_large',
    `the number ${value} is beyond ±${Number.MAX_SAFE_INTEGER}, where JSON numbers lose digits: send it as a text`,
  )
}

function decimalOfInteger(value: bigint): Result<ExactDecimal, NormaliseFault> {
  const negative = value < 0n
  return ok({ digits: negative ? -value : value, scale: 0, negative })
}

function decimalOfText(text: string): Result<ExactDecimal, NormaliseFault> {
  const match = text.length <= longestText ? decimalPattern.exec(text) : null
  if (match === null) return noNumber(text)
  const [, sign = '', whole = '', fraction = '', power = '0'] = match
  const exponent = Number(power)
  if (whole.length + fraction.length > mostDigits) {
    return refused('quantity_too_large', `the number ${shown(text)} has more than ${mostDigits} digits`)
  }
  if (Math.abs(exponent) > largestExponent) {
    return refused(
      'quantity_too_large',
      `the number ${shown(text)} has an exponent beyond ±${largestExponent}: write it in plain digits`,
    )
  }
  const kept = fraction.replace(/0+$/, '')
  let digits = BigInt(whole + kept)
  let scale = kept.length - exponent
  if (digits === 0n) scale = 0
  if (scale < 0) {
    digits *= 10n ** BigInt(-scale)
    scale = 0
  }
  for (; scale > 0 && digits % 10n === 0n; scale--) digits /= 10n
  return ok({ digits, scale, negative: sign === '-' && digits !== 0n })
}

function noNumber(value: unknown): Result<never, NormaliseFault> {
  return refused(
    'quantity_not_number',
    `${shown(value)} is no number: send a number, or a decimal text such as "12.50"`,
  )
}
