import { failed, fault, ok, type Fault, type Result } from '../base/errors.ts'

/** The largest quantity of one usage record: what a signed 64-bit integer holds. */
export const largestQuantity = 2n ** 63n - 1n

/** Why a stated quantity cannot be used. */
export type QuantityCode = 'quantity_missing' | 'quantity_not_integer' | 'quantity_negative' | 'quantity_too_large'

const integerPattern = /^-?(0|[1-9][0-9]*)$/

/**
 * Reads a quantity in base units: a JSON number that is a safe integer, or a text of decimal digits (up to 2^63 − 1),
 * because JSON readers silently round larger numbers; binary formats give a bigint. Never negative, never a fraction.
 */
export function parseQuantity(value: unknown): Result<bigint, Fault<QuantityCode>> {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && value >= 0) return ok(wholeBigint(value))
    return refusedNumber(value)
  }
  if (typeof value === 'string') return parseText(value)
  if (typeof value === 'bigint') return parseText(String(value))
  if (value === undefined || value === null) return refused('quantity_missing', 'the quantity is missing')
  return refused(
    'quantity_not_integer',
    `a quantity is a whole number or a text of digits, not ${Array.isArray(value) ? 'an array' : `of type ${typeof value}`}`,
  )
}

/**
 * The bigint of a whole number that is not negative. Nearly all quantities fit into 31 bits, and a number that is known to
 * do so becomes a bigint without a call out of compiled code.
 */
export function wholeBigint(value: number): bigint {
  return value <= 0x7fff_ffff ? BigInt(value | 0) : BigInt(value)
}

function parseText(text: string): Result<bigint, Fault<QuantityCode>> {
  if (!integerPattern.test(text)) {
    const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text)
    return refused('quantity_not_integer', `the quantity ${shown} is not a whole number written in plain digits`)
  }
  if (text.startsWith('-')) {
    return text === '-0' ? ok(0n) : refused('quantity_negative', 'the quantity is negative')
  }
  // The length is checked first so that converting the text stays cheap however long it is.
  const quantity = text.length <= 19 ? BigInt(text) : largestQuantity + 1n
  if (quantity > largestQuantity) return refused('quantity_too_large', `the quantity is above ${largestQuantity}`)
  return ok(quantity)
}

function refusedNumber(value: number): Result<bigint, Fault<QuantityCode>> {
  if (!Number.isInteger(value)) {
    return refused('quantity_not_integer', `the quantity ${value} is not a whole number of base units`)
  }
  if (value < 0) return refused('quantity_negative', `the quantity ${value} is negative`)
  return refused(
    'quantity_too_large',
    `the quantity ${value} is above ${Number.MAX_SAFE_INTEGER}, where JSON numbers lose digits: send it as a text of digits`,
  )
}

function refused<Code extends QuantityCode>(
  code: Code,
  message: string,
): { readonly ok: false; readonly fault: Fault<Code> } {
  return failed(fault(code, message))
}
