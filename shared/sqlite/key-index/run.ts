import { blockBitsPerBucket, blockMightHold, blockWords } from './bloom-filter.ts'
import { assertSum } from './blob-sum.ts'
import { entryWords, prefixOf, readEntry, wordsOf } from './entry.ts'
import type { ReusedEntryView } from './entry.ts'
import type { KeyTables, RunRow } from './tables.ts'

/** A finished run with its filter. Without a filter (over the memory cap) each look at the run reads one bucket. */
export interface Run extends RunRow {
  readonly filter: Int32Array | null
}

/** Bits of a key that choose its filter block in a run of `bucketBits`. */
export function filterBlockBits(bucketBits: number): number {
  return bucketBits + blockBitsPerBucket
}

/** Bytes of the filter of a run of `bucketBits`. */
export function filterBytes(bucketBits: number): number {
  return 2 ** filterBlockBits(bucketBits) * blockWords * 4
}

/** False when the filter shows that the key is not in this run. */
export function runMightHold(run: Run, word0: number, word1: number, word2: number): boolean {
  if (run.filter === null) return true
  const block = prefixOf(word0, filterBlockBits(run.bucketBits))
  return blockMightHold(run.filter, block * blockWords, word1, word2)
}

/** Looks the key up in its one bucket of the run and fills `view` when it is there. */
export function readFromRun(
  tables: KeyTables,
  run: RunRow,
  word0: number,
  word1: number,
  word2: number,
  word3: number,
  view: ReusedEntryView,
): boolean {
  const blob = tables.bucket(run.id, prefixOf(word0, run.bucketBits))
  if (blob === undefined) return false
  const words = wordsOf(blob)
  // The first words of a bucket are alike at the top; the second tells keys apart sooner.
  for (let start = 0; start < words.length; start += entryWords) {
    if (
      words[start + 1] === word1 &&
      words[start] === word0 &&
      words[start + 2] === word2 &&
      words[start + 3] === word3
    ) {
      readEntry(words, start / entryWords, view)
      return true
    }
  }
  return false
}

/** Reads a run's stored filter, or nothing when it would not fit into `roomBytes`. */
export function loadFilter(tables: KeyTables, run: RunRow, roomBytes: number): Int32Array | null {
  if (filterBytes(run.bucketBits) > roomBytes) return null
  const filter = new Int32Array(filterBytes(run.bucketBits) / 4)
  let at = 0
  for (const { id, bits } of tables.filters(run.id)) {
    assertSum('key_filter', id, 0, bits)
    const words = wordsOf(bits)
    filter.set(words, at)
    at += words.length
  }
  return filter
}
