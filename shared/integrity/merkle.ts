import { hash } from 'node:crypto'
import { assertThat, failed, fault, ok, type Fault, type Result } from '../base/errors.ts'
import { DeterministicReader } from './deterministic-reader.ts'
import { encodeDeterministic } from './deterministic-bytes.ts'
import { binaryOfBytes, bytesOfBinary, equalBytes, hashBytes, sha256Binary, type BinaryHash } from './hash.ts'

const emptyRoot: BinaryHash = sha256Binary(new Uint8Array(0))

// One buffer for all inner nodes: 0x01, left hash, right hash. Everything here is synchronous, so nobody sees it half filled.
const node = Buffer.alloc(1 + 2 * hashBytes)
node[0] = 0x01

/** Hash of a leaf: SHA-256(0x00 ‖ bytes), RFC 6962 section 2.1. */
export function leafHash(bytes: Uint8Array): Uint8Array {
  const prefixed = new Uint8Array(1 + bytes.length)
  prefixed.set(bytes, 1)
  return bytesOfBinary(sha256Binary(prefixed))
}

/** Hash of an inner node: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return bytesOfBinary(nodeHashBinary(binaryOfBytes(left), binaryOfBytes(right)))
}

/** Root over leaf hashes in their order; the root of nothing is SHA-256 of the empty string. */
export function merkleRoot(leafHashes: readonly Uint8Array[]): Uint8Array {
  return bytesOfBinary(merkleRootBinary(leafHashes.map(binaryOfBytes)))
}

/**
 * Root over leaf hashes in binary form; overwrites the list. Pairing neighbours level by level and carrying an odd last
 * node upwards gives the same tree as RFC 6962's split at the largest power of two.
 */
export function merkleRootBinary(level: BinaryHash[]): BinaryHash {
  let size = level.length
  while (size > 1) {
    let parents = 0
    for (let index = 0; index < size; index += 2) {
      const left = level[index] ?? ''
      level[parents++] = index + 1 < size ? nodeHashBinary(left, level[index + 1] ?? '') : left
    }
    size = parents
  }
  return level[0] ?? emptyRoot
}

function nodeHashBinary(left: BinaryHash, right: BinaryHash): BinaryHash {
  assertThat(left.length === hashBytes && right.length === hashBytes, 'a Merkle node has two hashes of 32 bytes')
  node.write(left, 1, 'latin1')
  node.write(right, 1 + hashBytes, 'latin1')
  return hash('sha256', node, 'binary')
}

/** The audit path of a leaf, from the leaf's sibling up (RFC 6962 section 2.1.1). */
export function inclusionProof(leafHashes: readonly Uint8Array[], index: number): Uint8Array[] {
  const size = leafHashes.length
  assertThat(Number.isInteger(index) && index >= 0 && index < size, `no leaf ${index} in a tree of ${size}`)
  if (size === 1) return []
  const split = splitOf(size)
  return index < split
    ? [...inclusionProof(leafHashes.slice(0, split), index), merkleRoot(leafHashes.slice(split))]
    : [...inclusionProof(leafHashes.slice(split), index - split), merkleRoot(leafHashes.slice(0, split))]
}

/** Whether a leaf hash is at this index of the tree with this size and root (RFC 9162 section 2.1.3.2). */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isCount(index) || !isCount(size) || index >= size || !areHashes([leaf, root, ...proof])) return false
  let position = index
  let last = size - 1
  let computed = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    if (position % 2 === 1 || position === last) {
      computed = nodeHash(sibling, computed)
      while (position % 2 === 0 && position !== 0) {
        position = half(position)
        last = half(last)
      }
    } else {
      computed = nodeHash(computed, sibling)
    }
    position = half(position)
    last = half(last)
  }
  return last === 0 && equalBytes(computed, root)
}

/** Proof that the tree of the first `oldSize` leaves is a prefix of the whole tree (RFC 6962 section 2.1.2). */
export function consistencyProof(leafHashes: readonly Uint8Array[], oldSize: number): Uint8Array[] {
  const size = leafHashes.length
  assertThat(
    Number.isInteger(oldSize) && oldSize >= 0 && oldSize <= size,
    `no tree of ${oldSize} inside one of ${size}`,
  )
  // The empty tree is a prefix of every tree and a tree of itself: neither needs a proof.
  return oldSize === 0 || oldSize === size ? [] : subProof(leafHashes, oldSize, true)
}

function subProof(leafHashes: readonly Uint8Array[], oldSize: number, whole: boolean): Uint8Array[] {
  const size = leafHashes.length
  if (oldSize === size) return whole ? [] : [merkleRoot(leafHashes)]
  const split = splitOf(size)
  return oldSize <= split
    ? [...subProof(leafHashes.slice(0, split), oldSize, whole), merkleRoot(leafHashes.slice(split))]
    : [...subProof(leafHashes.slice(split), oldSize - split, false), merkleRoot(leafHashes.slice(0, split))]
}

/** Whether the new tree only appended to the old one (RFC 9162 section 2.1.4.2). */
export function verifyConsistency(
  oldSize: number,
  newSize: number,
  oldRoot: Uint8Array,
  newRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!isCount(oldSize) || !isCount(newSize) || oldSize > newSize || !areHashes([oldRoot, newRoot, ...proof]))
    return false
  if (oldSize === newSize) return proof.length === 0 && equalBytes(oldRoot, newRoot)
  if (oldSize === 0) return proof.length === 0 && equalBytes(oldRoot, bytesOfBinary(emptyRoot))
  let position = oldSize - 1
  let last = newSize - 1
  while (position % 2 === 1) {
    position = half(position)
    last = half(last)
  }
  // An old tree that is a whole subtree of the new one is its own first node, and the proof leaves it out.
  const path = position === 0 ? [oldRoot, ...proof] : [...proof]
  const first = path.shift()
  if (first === undefined) return false
  let oldComputed = first
  let newComputed = first
  for (const sibling of path) {
    if (last === 0) return false
    if (position % 2 === 1 || position === last) {
      oldComputed = nodeHash(sibling, oldComputed)
      newComputed = nodeHash(sibling, newComputed)
      while (position % 2 === 0 && position !== 0) {
        position = half(position)
        last = half(last)
      }
    } else {
      newComputed = nodeHash(newComputed, sibling)
    }
    position = half(position)
    last = half(last)
  }
  return last === 0 && equalBytes(oldComputed, oldRoot) && equalBytes(newComputed, newRoot)
}

/**
 * The frontier of an append-only RFC 6962 tree: the roots of its perfect subtrees, largest first. That is all one needs
 * to append and to know the root, whatever the size.
 */
export class CompactRange {
  #size = 0
  readonly #subtrees: BinaryHash[] = []

  /** Takes up a frontier that `save` wrote. */
  static restore(saved: Uint8Array): Result<CompactRange, Fault<'compact_range_malformed'>> {
    const range = new CompactRange()
    const reader = new DeterministicReader(saved)
    reader.arrayOf(2)
    range.#size = reader.uint()
    const count = reader.arrayHead(53)
    for (let index = 0; index < count; index++) range.#subtrees.push(binaryOfBytes(reader.bytesOf(hashBytes)))
    reader.finish()
    if (reader.fault === null && count === onesOf(range.#size)) return ok(range)
    const message = `the saved frontier of a Merkle tree is damaged (${saved.length} bytes); rebuild it from the entries`
    return failed(fault('compact_range_malformed', message))
  }

  /** Leaves so far. */
  get size(): number {
    return this.#size
  }

  append(leaf: Uint8Array): void {
    let merged = binaryOfBytes(leaf)
    assertThat(merged.length === hashBytes, 'a leaf hash has 32 bytes')
    for (let size = this.#size; size % 2 === 1; size = half(size))
      merged = nodeHashBinary(this.#subtrees.pop() ?? '', merged)
    this.#subtrees.push(merged)
    this.#size++
  }

  root(): Uint8Array {
    const smallest = this.#subtrees.at(-1)
    if (smallest === undefined) return bytesOfBinary(emptyRoot)
    let root = smallest
    for (let index = this.#subtrees.length - 2; index >= 0; index--)
      root = nodeHashBinary(this.#subtrees[index] ?? '', root)
    return bytesOfBinary(root)
  }

  /** Deterministic bytes [size, [subtree roots, largest first]]. */
  save(): Uint8Array {
    return encodeDeterministic([this.#size, this.#subtrees.map(bytesOfBinary)])
  }
}

/** The largest power of two below `size`. Sizes may pass 2^31, so there are no bit operations. */
export function splitOf(size: number): number {
  let split = 1
  while (split * 2 < size) split *= 2
  return split
}

function half(value: number): number {
  return Math.floor(value / 2)
}

function onesOf(value: number): number {
  let ones = 0
  for (let left = value; left > 0; left = half(left)) ones += left % 2
  return ones
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function areHashes(values: readonly Uint8Array[]): boolean {
  return values.every((value) => value.length === hashBytes)
}
