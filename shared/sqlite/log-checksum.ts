/** The two running sums of SQLite's write-ahead log (sqlite.org/fileformat2.html, section 4.2). */
export type LogSum = readonly [number, number]

/** Goes on with the sums over more bytes, a multiple of eight. */
export function logSum(bytes: Buffer, before: LogSum, bigEndian: boolean): LogSum {
  let [sum0, sum1] = before
  for (let at = 0; at < bytes.length; at += 8) {
    sum0 = (sum0 + wordAt(bytes, at, bigEndian) + sum1) >>> 0
    sum1 = (sum1 + wordAt(bytes, at + 4, bigEndian) + sum0) >>> 0
  }
  return [sum0, sum1]
}

/** A bit of some bytes: the offset of its word of four bytes, and its place in it. */
export interface BitPlace {
  readonly wordAt: number
  readonly bit: number
}

/**
 * The single bits of `bytes` whose flip explains why their sums are `found` and not `wanted`, two of them at the most.
 * `bytesAfter`: how many bytes the sums went on over after these. The sums are linear in every word, so the effect of each
 * bit is known without summing again. That 64 bits of sums fit by chance is out of the question; but the sums are taken
 * modulo 2^32, so that the high bits of many words have the same effect, and which of them it was cannot be told.
 */
export function bitsThatExplain(
  bytes: Buffer,
  bytesAfter: number,
  found: LogSum,
  wanted: LogSum,
  bigEndian: boolean,
): readonly BitPlace[] {
  const missing0 = (wanted[0] - found[0]) | 0
  const missing1 = (wanted[1] - found[1]) | 0
  const places: BitPlace[] = []
  // What one more in sum 0 or in sum 1 at this place comes to in both sums at the end.
  let of0: LogSum = [1, 0]
  let of1: LogSum = [0, 1]
  for (let at = bytes.length + bytesAfter - 8; at >= 0 && places.length < 2; at -= 8) {
    const ofFirst: LogSum = [(of0[0] + of1[0]) | 0, (of0[1] + of1[1]) | 0]
    const words = [
      [at, ofFirst],
      [at + 4, of1],
    ] as const
    for (const [place, weight] of at + 8 <= bytes.length ? words : []) {
      const word = wordAt(bytes, place, bigEndian)
      for (let bit = 0; bit < 32 && places.length < 2; bit++) {
        const change = (word >>> bit) & 1 ? -(1 << bit) : 1 << bit
        if (Math.imul(change, weight[0]) !== missing0 || Math.imul(change, weight[1]) !== missing1) continue
        places.push({ wordAt: place, bit })
      }
    }
    of1 = [(ofFirst[0] + of1[0]) | 0, (ofFirst[1] + of1[1]) | 0]
    of0 = ofFirst
  }
  return places
}

/** Flips one bit, in place. */
export function flipBit(bytes: Buffer, { wordAt: at, bit }: BitPlace, bigEndian: boolean): void {
  const flipped = (wordAt(bytes, at, bigEndian) ^ (1 << bit)) >>> 0
  if (bigEndian) bytes.writeUInt32BE(flipped, at)
  else bytes.writeUInt32LE(flipped, at)
}

/** How many bits two words have different. */
export function differingBits(left: number, right: number): number {
  let bits = 0
  for (let difference = left ^ right; difference !== 0; difference &= difference - 1) bits += 1
  return bits
}

function wordAt(bytes: Buffer, at: number, bigEndian: boolean): number {
  return bigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)
}
