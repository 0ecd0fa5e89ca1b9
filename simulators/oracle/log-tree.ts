import { createHash } from 'node:crypto'

/**
 * The Merkle tree over a log's entries, of the oracle's own making (RFC 6962, section 2.1): a leaf is
 * SHA-256(0x00 ‖ entry), an inner node SHA-256(0x01 ‖ left ‖ right), and a tree that is no power of two splits at the
 * largest one below its size. Every complete subtree is kept, so that the root of any earlier size costs a few hashes.
 */
export class LogTree {
  /** `#levels[height][index]`: the root of the complete subtree over entries index · 2^height and on. */
  readonly #levels: Buffer[][] = [[]]

  get size(): number {
    return this.#levels[0]?.length ?? 0
  }

  append(entry: Uint8Array): void {
    let node = hash(0x00, entry)
    for (let height = 0; ; height++) {
      const level = (this.#levels[height] ??= [])
      level.push(node)
      if (level.length % 2 === 1) return
      node = hash(0x01, level.at(-2) ?? node, node)
    }
  }

  /** The root over the first `size` entries, in base64; of no entry, SHA-256 of nothing. */
  rootAt(size: number): string {
    return (size === 0 ? createHash('sha256').digest() : this.#root(0, size)).toString('base64')
  }

  /** The root over `size` entries from `start` on; `start` is a multiple of the largest power of two up to `size`. */
  #root(start: number, size: number): Buffer {
    const height = Math.floor(Math.log2(size))
    const left = this.#levels[height]?.[start / 2 ** height]
    if (left === undefined) throw new Error(`the oracle's tree has no ${size} entries from ${start} on`)
    const rest = size - 2 ** height
    return rest === 0 ? left : hash(0x01, left, this.#root(start + 2 ** height, rest))
  }
}

function hash(domain: number, ...parts: readonly Uint8Array[]): Buffer {
  const sum = createHash('sha256').update(Buffer.of(domain))
  for (const part of parts) sum.update(part)
  return sum.digest()
}
