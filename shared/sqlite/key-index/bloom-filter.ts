import { bucketEntries } from './geometry.ts'

/** Words of a filter block: eight words with one bit each, as in Apache Parquet's split-block Bloom filter. */
export const blockWords = 8

/** Blocks of a bucket's part of the filter: 16 bits for each of the bucket's usual entries. */
export const blockBitsPerBucket = Math.log2((bucketEntries * 16) / (blockWords * 32))

/**
 * Sets the bits of a key in its block, the one that begins at `words[start]`. The key is a digest, so its own bits
 * serve as the hash: five bits of its second and third words choose the bit in each of the block's eight words.
 */
export function addToBlock(words: Int32Array, start: number, word1: number, word2: number): void {
  setBit(words, start, word1)
  setBit(words, start + 1, word1 >>> 5)
  setBit(words, start + 2, word1 >>> 10)
  setBit(words, start + 3, word1 >>> 15)
  setBit(words, start + 4, word1 >>> 20)
  setBit(words, start + 5, word1 >>> 25)
  setBit(words, start + 6, word2)
  setBit(words, start + 7, word2 >>> 5)
}

/**
 * False when the block that begins at `words[start]` shows that the key was never added. At 16 bits a key about one
 * absent key in 700 passes.
 */
export function blockMightHold(words: Int32Array, start: number, word1: number, word2: number): boolean {
  return (
    hasBit(words, start, word1) &&
    hasBit(words, start + 1, word1 >>> 5) &&
    hasBit(words, start + 2, word1 >>> 10) &&
    hasBit(words, start + 3, word1 >>> 15) &&
    hasBit(words, start + 4, word1 >>> 20) &&
    hasBit(words, start + 5, word1 >>> 25) &&
    hasBit(words, start + 6, word2) &&
    hasBit(words, start + 7, word2 >>> 5)
  )
}

// A shift by a number of more than five bits uses its lowest five, which is the selection meant here.
function setBit(words: Int32Array, at: number, bit: number): void {
  words[at] = (words[at] ?? 0) | (1 << bit)
}

function hasBit(words: Int32Array, at: number, bit: number): boolean {
  return (((words[at] ?? 0) >>> bit) & 1) === 1
}
