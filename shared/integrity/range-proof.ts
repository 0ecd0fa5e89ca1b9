import { assertThat } from '../base/errors.ts'
import { nodeHash, splitOf } from './merkle.ts'

/**
 * The root over the leaves [position × 2^level, (position + 1) × 2^level) of a tree: a perfect subtree, level 0 being the
 * leaves themselves.
 */
export type PerfectSubtree = (level: number, position: number) => Uint8Array

/** Root over the leaves [from, until) of a tree, where `from` is a multiple of the largest power of two in the range. */
export function rangeRoot(subtree: PerfectSubtree, from: number, until: number): Uint8Array {
  const size = until - from
  assertThat(size > 0, `no root over the leaves from ${from} until ${until}`)
  const split = splitOf(size)
  if (size === 1) return subtree(0, from)
  if (size === split * 2) return subtree(Math.log2(size), from / size)
  return nodeHash(rangeRoot(subtree, from, from + split), rangeRoot(subtree, from + split, until))
}

/**
 * Proof that the tree of the first `oldSize` leaves is a prefix of the tree of the first `size` (RFC 6962 section 2.1.2),
 * from subtree roots that are looked up instead of the leaves: at most two lookups for each doubling of the size.
 */
export function rangeConsistencyProof(subtree: PerfectSubtree, oldSize: number, size: number): readonly Uint8Array[] {
  assertThat(oldSize >= 0 && oldSize <= size, `no tree of ${oldSize} inside one of ${size}`)
  const proof: Uint8Array[] = []
  // The empty tree is a prefix of every tree and a tree of itself: neither needs a proof.
  if (oldSize === 0 || oldSize === size) return proof
  let from = 0
  let until = size
  // From the root down to where the old tree ends; what is passed on the way is the proof, from the last to the first.
  while (until > oldSize) {
    const split = from + splitOf(until - from)
    if (oldSize <= split) {
      proof.push(rangeRoot(subtree, split, until))
      until = split
    } else {
      proof.push(rangeRoot(subtree, from, split))
      from = split
    }
  }
  // An old tree that is a whole subtree of the new one is its own first node, and the proof leaves it out.
  if (from > 0) proof.push(rangeRoot(subtree, from, until))
  return proof.reverse()
}
