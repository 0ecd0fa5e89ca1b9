import { canonicalJson, type JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { snapshotLimits } from '@meterline/shared/model/snapshot.ts'

/** Something that stands in a part of a snapshot. */
export interface PartEntry {
  readonly json: JsonValue
  /**
   * A hash of what it is or is called, hexadecimal: it decides whether a part ends behind the entry. By its end, since
   * entries may be sorted by its beginning.
   */
  readonly hash: string
  /** Of its canonical JSON. */
  readonly bytes: number
}

/** What a part takes beside its entries. */
const frameBytes = 64
/** An entry that is larger finds no part to stand in. */
export const largestEntryBytes = snapshotLimits.partBytes - frameBytes

/** Of the 256 values of a hash's last byte these end a part, so that one has 64 entries in the mean. */
const endingValues = 4

/** An entry with its size. */
export function partEntry(json: JsonValue, hash: string): PartEntry {
  return { json, hash, bytes: Buffer.byteLength(canonicalJson(json), 'utf8') }
}

/**
 * Cuts a list into lists that fit into a part each. Where to cut follows from the entries themselves: one that is added,
 * taken away or changed moves no cut but its own, so all other parts stay the same bytes and are not sent again.
 */
export function cutAtContent(entries: readonly PartEntry[]): readonly (readonly PartEntry[])[] {
  const lists: PartEntry[][] = []
  let list: PartEntry[] = []
  let bytes = 0
  for (const entry of entries) {
    if (list.length > 0 && bytes + entry.bytes + 1 > largestEntryBytes) {
      lists.push(list)
      list = []
      bytes = 0
    }
    list.push(entry)
    bytes += entry.bytes + 1
    if (Number.parseInt(entry.hash.slice(-2), 16) < endingValues) {
      lists.push(list)
      list = []
      bytes = 0
    }
  }
  return list.length === 0 ? lists : [...lists, list]
}
