import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import type { SnapshotPrice } from '@meterline/shared/model/snapshot-part.ts'
import { priceJson } from '@meterline/shared/rating/price.ts'
import type { CataloguePrice } from './catalogue.ts'
import { contentId } from './content-id.ts'
import { partEntry, type PartEntry } from './snapshot-cuts.ts'

/** A price as a snapshot holds it. */
export interface WrittenPrice {
  /** Without the rows that stand apart. */
  readonly price: SnapshotPrice
  /** The rows of a large matrix, which stand in parts of their own; null when the price is whole. */
  readonly rows: readonly PartEntry[] | null
  /** What all of it takes, and in how many entries. */
  readonly bytes: number
  readonly entries: number
  readonly largestEntry: number
}

/** A matrix that takes more has its rows apart, so that a changed row does not send all of them again. */
const largestWholeBytes = 32_768
/** What a price takes that names parts with its rows, for each part. */
const namedPartBytes = 67

/** Writes a price for a snapshot. */
export function writtenPrice({ id, meter, currency, terms }: CataloguePrice): WrittenPrice {
  const json = priceJson(terms)
  const whole = partEntry({ id, meter, currency, price: json }, id)
  const { rows, ...head } = json
  if (whole.bytes <= largestWholeBytes || terms.model !== 'matrix' || !isList(rows)) {
    const price = { id, meter, currency, price: json }
    return { price, rows: null, bytes: whole.bytes, entries: 1, largestEntry: whole.bytes }
  }
  const entries = rows.map((row) => partEntry(row, contentId(row)))
  const largestRow = entries.reduce((most, { bytes }) => Math.max(most, bytes), 0)
  const named = entries.length * namedPartBytes
  return {
    price: { id, meter, currency, price: head },
    rows: entries,
    bytes: whole.bytes + named,
    entries: entries.length + 1,
    // The head names a part for each list of rows; were each row a list of its own, it would be this large.
    largestEntry: Math.max(largestRow, partEntry(head, id).bytes + named),
  }
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}
