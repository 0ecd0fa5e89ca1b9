import { z } from 'zod'
import { formatDecimal, parseDecimal } from '../units/decimal.ts'
import { largestQuantity } from '../units/quantity.ts'

const decimalHint = 'write a decimal in quotes, such as "0.0025"'

/**
 * An amount of money in currency units: a decimal text or a whole number, not negative. A fraction written as a number is
 * refused because readers round it silently. Comes out as the shortest decimal text, so that equal amounts hash alike.
 */
export const amountSchema = z.unknown().transform((value, context): string => {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    return refuse(context, `is a fraction written as a number, which loses digits; ${decimalHint}`)
  }
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string')
    return refuse(context, value === undefined ? 'is missing' : `is no amount; ${decimalHint}`)
  const parsed = parseDecimal(text)
  if (!parsed.ok) return refuse(context, `is no amount: ${parsed.fault.message}`)
  if (parsed.value.coefficient < 0n) return refuse(context, 'is negative; prices are zero or more')
  return formatDecimal(parsed.value)
})

/** A count of base units from 1 to 2^63 − 1: a whole number, or a text of digits where JSON numbers would lose some. */
export const baseUnitsSchema = z.unknown().transform((value, context): bigint => {
  const hint = 'write a whole number of base units from 1 on'
  const whole = typeof value === 'number' ? Number.isSafeInteger(value) && value > 0 : isDigits(value)
  const count = whole ? BigInt(value as number | string) : 0n
  if (count >= 1n && count <= largestQuantity) return count
  return refuse(context, value === undefined ? 'is missing' : `is no count of base units; ${hint}`)
})

function isDigits(value: unknown): boolean {
  return typeof value === 'string' && /^[1-9][0-9]{0,18}$/.test(value)
}

function refuse(context: z.RefinementCtx, message: string): never {
  context.addIssue({ code: 'custom', message })
  return z.NEVER
}
