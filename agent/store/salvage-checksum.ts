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

/**
 * Turns back, in place, the one bit of `bytes` whose flip explains why their sums are `found` and not `wanted`; false
 * when no single bit does. `bytesAfter`: how many bytes the sums went on over after these. The sums are linear in every
 * word, so the effect of each bit is known without summing again; that 64 bits of sums fit by chance is out of the
 * question.
 */
export function turnBackBit(
  bytes: Buffer,
  bytesAfter: number,
  found: LogSum,
  wanted: LogSum,
  bigEndian: boolean,
): boolean {
  const missing0 = (wanted[0] - found[0]) | 0
  const missing1 = (wanted[1] - found[1]) | 0
  // What one more in sum 0 or in sum 1 at this place comes to in both sums at the end.
  let of0: LogSum = [1, 0]
  let of1: LogSum = [0, 1]
  for (let at = bytes.length + bytesAfter - 8; at >= 0; at -= 8) {
    const ofFirst: LogSum = [(of0[0] + of1[0]) | 0, (of0[1] + of1[1]) | 0]
    const words = [
      [at, ofFirst],
      [at + 4, of1],
    ] as const
    for (const [place, weight] of at + 8 <= bytes.length ? words : []) {
      const word = wordAt(bytes, place, bigEndian)
      for (let bit = 0; bit < 32; bit++) {
        const change = (word >>> bit) & 1 ? -(1 << bit) : 1 << bit
        if (Math.imul(change, weight[0]) !== missing0 || Math.imul(change, weight[1]) !== missing1) continue
        const flipped = (word ^ (1 << bit)) >>> 0
        if (bigEndian) bytes.writeUInt32BE(flipped, place)
        else bytes.writeUInt32LE(flipped, place)
        return true
      }
    }
    of1 = [(ofFirst[0] + of1[0]) | 0, (ofFirst[1] + of1[1]) | 0]
    of0 = ofFirst
  }
  return false
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
