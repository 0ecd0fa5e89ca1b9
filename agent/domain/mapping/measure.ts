import type { Measure } from './rule-definition.ts'

/** The size of a value, or what is wrong with it. */
export type MeasureReader = (value: unknown) => number | string

// Both alphabets of RFC 4648; the characters are counted, never decoded.
const base64 = /^[A-Za-z0-9+/_-]*={0,2}$/
const hexadecimal = /^[0-9A-Fa-f]*$/

/** How a value is measured when its size is what counts. Byte strings (CBOR, Sparkplug) are their own length. */
export function compileMeasure(measure: Measure): MeasureReader {
  if (measure === 'items') return countItems
  const ofText = { 'base64-bytes': base64Bytes, 'hex-bytes': hexBytes, 'text-bytes': textBytes }[measure]
  return (value) => {
    if (value instanceof Uint8Array) return value.length
    return typeof value === 'string' ? ofText(value) : `a text is needed to count its ${measure}`
  }
}

function countItems(value: unknown): number | string {
  if (Array.isArray(value)) return value.length
  if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) return Object.keys(value).length
  return 'an array or an object is needed to count its items'
}

function base64Bytes(text: string): number | string {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const digits = text.length - padding
  const padded = padding > 0
  if (!base64.test(text) || digits % 4 === 1 || (padded && text.length % 4 !== 0)) return 'it is no base64 text'
  return Math.floor((digits * 3) / 4)
}

function hexBytes(text: string): number | string {
  return hexadecimal.test(text) && text.length % 2 === 0 ? text.length / 2 : 'it is no hexadecimal text'
}

function textBytes(text: string): number {
  return Buffer.byteLength(text)
}
