import { exactDecimal } from '../payload/exact-number.ts'

/**
 * A value of a payload as a text, for ids, subjects, dimensions and comparisons: texts as they are, numbers as JSON
 * writes them, booleans, and byte strings in lower-case hexadecimal. Null for objects, arrays, and for numbers whose
 * digits a JSON reader may have rounded: two different ones could look the same.
 */
export function valueText(value: unknown): string | null {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
      return Number.isSafeInteger(value) || exactDecimal(value).ok ? String(value) : null
    case 'bigint':
    case 'boolean':
      return String(value)
    default:
      return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : null
  }
}
