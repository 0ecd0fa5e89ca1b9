import { canonicalJson, type JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import { priceJson, type Price } from '@meterline/shared/rating/price.ts'
import { feeJson, type FeeTerms } from './fee.ts'

/** SHA-256 of the canonical JSON (RFC 8785) of plain data, hexadecimal: the same content has the same id for ever. */
export function contentId(value: JsonValue): string {
  return toHex(sha256(utf8(canonicalJson(value))))
}

/** Content hash of a price: what it measures, the currency and the terms, but not what a file calls it. */
export function priceId(meter: string, currency: string, terms: Price): string {
  return contentId({ meter, currency, price: priceJson(terms) })
}

/** Content hash of a fee: the currency and the terms. */
export function feeId(currency: string, terms: FeeTerms): string {
  return contentId({ currency, fee: feeJson(terms) })
}

/** Text as UTF-8. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}
