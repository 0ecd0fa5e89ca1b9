import { endianness } from 'node:os'
import { assertThat } from '../../base/errors.ts'

// Entries are written as they lie in memory. Every platform Node runs on today is little-endian; another would need a copy here.
assertThat(endianness() === 'LE', 'the key index stores little-endian words')

/** Bytes of an event key: the first 16 of a SHA-256 digest, so every bit of it is as good as random. */
export const keyBytes = 16

/** Words of an entry: four of the key, two of the content check, two of the position. */
export const entryWords = 8

/** Bytes of an entry in blocks and buckets. */
export const entryBytes = entryWords * 4

/** What the index knows of a key. All four are unsigned 32-bit integers whose meaning is the caller's. */
export interface KeyEntryView {
  readonly check0: number
  readonly check1: number
  readonly positionHigh: number
  readonly positionLow: number
}

/** A `KeyEntryView` that is filled anew by every lookup. */
export interface ReusedEntryView extends KeyEntryView {
  check0: number
  check1: number
  positionHigh: number
  positionLow: number
}

/** Word `index` (0 to 3) of the key at `keys[offset]`, little-endian, as a signed integer: what `Int32Array` elements compare with. */
export function keyWord(keys: Uint8Array, offset: number, index: number): number {
  const at = offset + index * 4
  return (keys[at] ?? 0) | ((keys[at + 1] ?? 0) << 8) | ((keys[at + 2] ?? 0) << 16) | ((keys[at + 3] ?? 0) << 24)
}

/** The topmost `bits` (0 to 32) of a key's first word: which bucket, stripe or filter block it belongs to. */
export function prefixOf(word0: number, bits: number): number {
  return bits === 0 ? 0 : word0 >>> (32 - bits)
}

/** Copies entry `at` of `entries` into `view`. */
export function readEntry(entries: Int32Array, at: number, view: ReusedEntryView): void {
  const start = at * entryWords
  view.check0 = (entries[start + 4] ?? 0) >>> 0
  view.check1 = (entries[start + 5] ?? 0) >>> 0
  view.positionHigh = (entries[start + 6] ?? 0) >>> 0
  view.positionLow = (entries[start + 7] ?? 0) >>> 0
}

/** The words of a stored blob, without the sum behind its entries. A blob that does not lie on a word boundary is copied. */
export function wordsOf(blob: Uint8Array): Int32Array {
  const aligned = blob.byteOffset % 4 === 0 ? blob : new Uint8Array(blob)
  return new Int32Array(aligned.buffer, aligned.byteOffset, Math.floor(aligned.byteLength / entryBytes) * entryWords)
}

/** The bytes of `words[from … to)`, not copied. */
export function bytesOf(words: Int32Array, from: number, to: number): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset + from * 4, (to - from) * 4)
}
