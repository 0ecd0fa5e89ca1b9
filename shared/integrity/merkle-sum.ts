import { assertThat } from '../base/errors.ts'
import { equalBytes, hashBytes, sha256 } from './hash.ts'
import { leafHash, splitOf } from './merkle.ts'

/** A node of a Merkle-sum tree: its hash, and the signed sum of all leaves below it. */
export interface SumNode {
  readonly hash: Uint8Array
  readonly sum: bigint
}

const sumBytes = 16
const sumLimit = 2n ** 127n
const low64 = 0xffff_ffff_ffff_ffffn

/**
 * A leaf: SHA-256(0x00 ‖ bytes) with its sum. The sum must be derivable from the bytes, and whoever checks a proof
 * derives it from there: the leaf's hash does not cover a sum given beside it.
 */
export function sumLeaf(bytes: Uint8Array, sum: bigint): SumNode {
  assertSum(sum)
  return { hash: leafHash(bytes), sum }
}

/**
 * Root over the leaves in order, split like RFC 6962. An inner node is SHA-256(0x01 ‖ left hash ‖ left sum ‖ right hash
 * ‖ right sum) with sums as 128-bit big-endian two's complement, and its sum is the sum of both. The root of nothing is
 * SHA-256 of the empty string with sum 0.
 */
export function sumRoot(leaves: readonly SumNode[]): SumNode {
  if (leaves.length === 0) return { hash: sha256(new Uint8Array(0)), sum: 0n }
  let level = leaves
  while (level.length > 1) {
    const parents: SumNode[] = []
    for (let index = 0; index < level.length; index += 2) {
      const left = level[index]
      const right = level[index + 1]
      if (left !== undefined) parents.push(right === undefined ? left : parentOf(left, right))
    }
    level = parents
  }
  return rootOf(level)
}

function rootOf(level: readonly SumNode[]): SumNode {
  const root = level[0]
  assertThat(root !== undefined, 'a tree with leaves has a root')
  return root
}

/** The siblings of a leaf with their sums, from the leaf up. */
export function sumProof(leaves: readonly SumNode[], index: number): SumNode[] {
  const size = leaves.length
  assertThat(Number.isInteger(index) && index >= 0 && index < size, `no leaf ${index} in a tree of ${size}`)
  if (size === 1) return []
  const split = splitOf(size)
  return index < split
    ? [...sumProof(leaves.slice(0, split), index), sumRoot(leaves.slice(split))]
    : [...sumProof(leaves.slice(split), index - split), sumRoot(leaves.slice(0, split))]
}

/** Whether the leaf is at this index of the tree with this size, and the tree has this root hash and this sum. */
export function verifySumProof(
  leaf: SumNode,
  index: number,
  size: number,
  proof: readonly SumNode[],
  root: SumNode,
): boolean {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false
  if (![leaf, root, ...proof].every((node) => node.hash.length === hashBytes && fits(node.sum))) return false
  let position = index
  let last = size - 1
  let computed = leaf
  for (const sibling of proof) {
    if (last === 0) return false
    const fromLeft = position % 2 === 1 || position === last
    if (!fits(computed.sum + sibling.sum)) return false
    computed = fromLeft ? parentOf(sibling, computed) : parentOf(computed, sibling)
    while (fromLeft && position % 2 === 0 && position !== 0) {
      position = Math.floor(position / 2)
      last = Math.floor(last / 2)
    }
    position = Math.floor(position / 2)
    last = Math.floor(last / 2)
  }
  return last === 0 && computed.sum === root.sum && equalBytes(computed.hash, root.hash)
}

function parentOf(left: SumNode, right: SumNode): SumNode {
  const sum = left.sum + right.sum
  assertSum(sum)
  const bytes = new Uint8Array(1 + 2 * (hashBytes + sumBytes))
  const view = new DataView(bytes.buffer)
  bytes[0] = 0x01
  bytes.set(left.hash, 1)
  writeSum(view, 1 + hashBytes, left.sum)
  bytes.set(right.hash, 1 + hashBytes + sumBytes)
  writeSum(view, 1 + 2 * hashBytes + sumBytes, right.sum)
  return { hash: sha256(bytes), sum }
}

function writeSum(view: DataView, offset: number, sum: bigint): void {
  view.setBigInt64(offset, sum >> 64n)
  view.setBigUint64(offset + 8, sum & low64)
}

function fits(sum: bigint): boolean {
  return sum >= -sumLimit && sum < sumLimit
}

function assertSum(sum: bigint): void {
  assertThat(fits(sum), `the sum ${sum} does not fit 128 bits`)
}
