import { addToBlock, blockWords } from './bloom-filter.ts'
import { bytesOf, entryWords, prefixOf, wordsOf } from './entry.ts'
import { stripeBitsFor, stripeCount } from './geometry.ts'
import type { Memtable } from './memtable.ts'
import { filterBlockBits } from './run.ts'
import type { BuildRow, KeyTables, RunRow } from './tables.ts'

/** A run being written stripe by stripe. */
export interface Build {
  readonly row: BuildRow
  readonly source: StripeSource
  /** The filter so far; null when it would be over the memory cap. */
  readonly filter: Int32Array | null
  nextStripe: number
}

/** Where the entries of a stripe come from: every entry whose first word begins with `prefix`. */
export type StripeSource = (prefix: number, prefixBits: number, into: EntryList) => void

/** Entries gathered for one stripe. Its memory is kept for the next. */
export class EntryList {
  words = new Int32Array(4096 * entryWords)
  count = 0

  /** Appends one entry of eight words. */
  push(source: Int32Array, from: number): void {
    const start = this.count * entryWords
    if (start === this.words.length) {
      const larger = new Int32Array(this.words.length * 2)
      larger.set(this.words)
      this.words = larger
    }
    for (let word = 0; word < entryWords; word++) this.words[start + word] = source[from + word] ?? 0
    this.count++
  }
}

/** Entries of a memtable that is being flushed. */
export function memtableSource(memtable: Memtable): StripeSource {
  return (prefix, prefixBits, into) => {
    memtable.visitPrefix(prefix, prefixBits, (entry) => into.push(memtable.entries, entry * entryWords))
  }
}

/**
 * Entries of the runs that are being merged. An input with at least as many bucket bits as the stripe gives whole
 * buckets; one with fewer gives part of a bucket.
 */
export function runsSource(tables: KeyTables, inputs: readonly RunRow[]): StripeSource {
  return (prefix, prefixBits, into) => {
    for (const input of inputs) {
      const finer = input.bucketBits - prefixBits
      const first = finer >= 0 ? prefix * 2 ** finer : prefix >>> -finer
      const buckets = finer >= 0 ? 2 ** finer : 1
      for (let bucket = first; bucket < first + buckets; bucket++) {
        const blob = tables.wholeBucket(input.id, bucket)
        if (blob === undefined) continue
        const words = wordsOf(blob)
        for (let start = 0; start < words.length; start += entryWords) {
          if (finer >= 0 || prefixOf(words[start] ?? 0, prefixBits) === prefix) into.push(words, start)
        }
      }
    }
  }
}

/** Writes the stripes of runs. One per index: it owns the memory stripes are gathered and ordered in. */
export class StripeWriter {
  readonly #tables: KeyTables
  readonly #gathered = new EntryList()
  #ordered = new Int32Array(0)

  constructor(tables: KeyTables) {
    this.#tables = tables
  }

  /** Writes the next stripe of `build`: its buckets and its part of the filter. Returns the entries written. */
  writeNext(build: Build): number {
    const { bucketBits, id } = build.row
    const stripe = build.nextStripe
    const gathered = this.#gathered
    gathered.count = 0
    build.source(stripe, stripeBitsFor(bucketBits), gathered)
    const bucketsPerStripe = 2 ** (bucketBits - stripeBitsFor(bucketBits))
    const ends = this.#orderByBucket(bucketBits, bucketsPerStripe)
    for (let bucket = 0; bucket < bucketsPerStripe; bucket++) {
      const from = bucket === 0 ? 0 : (ends[bucket - 1] ?? 0)
      const to = ends[bucket] ?? 0
      if (to === from) continue
      const bytes = bytesOf(this.#ordered, from * entryWords, to * entryWords)
      this.#tables.insertBucket(id, stripe * bucketsPerStripe + bucket, bytes)
    }
    this.#writeFilter(build, stripe)
    build.nextStripe++
    return gathered.count
  }

  /** Orders the gathered entries by bucket (counting sort); returns where each bucket ends. */
  #orderByBucket(bucketBits: number, bucketsPerStripe: number): Int32Array {
    const { words, count } = this.#gathered
    const mask = bucketsPerStripe - 1
    if (this.#ordered.length < words.length) this.#ordered = new Int32Array(words.length)
    const ends = new Int32Array(bucketsPerStripe)
    for (let entry = 0; entry < count; entry++) {
      const bucket = prefixOf(words[entry * entryWords] ?? 0, bucketBits) & mask
      ends[bucket] = (ends[bucket] ?? 0) + 1
    }
    let end = 0
    for (let bucket = 0; bucket < bucketsPerStripe; bucket++) {
      const size = ends[bucket] ?? 0
      ends[bucket] = end
      end += size
    }
    for (let entry = 0; entry < count; entry++) {
      const from = entry * entryWords
      const bucket = prefixOf(words[from] ?? 0, bucketBits) & mask
      const to = (ends[bucket] ?? 0) * entryWords
      for (let word = 0; word < entryWords; word++) this.#ordered[to + word] = words[from + word] ?? 0
      ends[bucket] = (ends[bucket] ?? 0) + 1
    }
    return ends
  }

  #writeFilter(build: Build, stripe: number): void {
    const { bucketBits, id } = build.row
    const blockBits = filterBlockBits(bucketBits)
    const blocks = 2 ** blockBits / stripeCount(bucketBits)
    const part = new Int32Array(blocks * blockWords)
    const { words, count } = this.#gathered
    for (let entry = 0; entry < count; entry++) {
      const start = entry * entryWords
      const block = prefixOf(words[start] ?? 0, blockBits) & (blocks - 1)
      addToBlock(part, block * blockWords, words[start + 1] ?? 0, words[start + 2] ?? 0)
    }
    this.#tables.insertFilter(id, stripe, bytesOf(part, 0, part.length))
    build.filter?.set(part, stripe * part.length)
  }
}
