import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CompactRange,
  consistencyProof,
  inclusionProof,
  leafHash,
  merkleRoot,
  verifyConsistency,
  verifyInclusion,
} from './merkle.ts'

const leavesOf = (size: number): Uint8Array[] =>
  Array.from({ length: size }, (_, index) => leafHash(Buffer.from(`leaf ${index}`)))

const flipped = (bytes: Uint8Array, bit: number): Uint8Array => {
  const copy = Uint8Array.from(bytes)
  const at = (bit >> 3) % copy.length
  copy[at] = (copy[at] ?? 0) ^ (1 << (bit & 7))
  return copy
}

const leafOfTree = fc
  .integer({ min: 1, max: 70 })
  .chain((size) => fc.record({ size: fc.constant(size), index: fc.nat(size - 1) }))
const treeInTree = fc
  .integer({ min: 0, max: 70 })
  .chain((size) => fc.record({ size: fc.constant(size), oldSize: fc.nat(size) }))

describe('inclusion proofs', () => {
  it('hold for every leaf of every tree', () => {
    fc.assert(
      fc.property(leafOfTree, ({ size, index }) => {
        const leaves = leavesOf(size)
        const leaf = leaves[index] ?? new Uint8Array()
        expect(verifyInclusion(leaf, index, size, inclusionProof(leaves, index), merkleRoot(leaves))).toBe(true)
      }),
    )
  })

  it('fail with any bit flipped, another place, another size, a hash more or less', () => {
    fc.assert(
      fc.property(leafOfTree, fc.nat(255), fc.nat(), ({ size, index }, bit, which) => {
        const leaves = leavesOf(size)
        const leaf = leaves[index] ?? new Uint8Array()
        const root = merkleRoot(leaves)
        const proof = inclusionProof(leaves, index)
        const changed = proof.map((hash, at) => (at === which % proof.length ? flipped(hash, bit) : hash))
        const otherProofs = proof.length === 0 ? [] : [changed, proof.slice(1), proof.slice(0, -1)]
        const otherPlaces = Array.from({ length: size }, (_, at) => at).filter((at) => at !== index)
        const accepted = [
          verifyInclusion(flipped(leaf, bit), index, size, proof, root),
          verifyInclusion(leaf, index, size, proof, flipped(root, bit)),
          ...[...otherProofs, [...proof, leaf]].map((other) => verifyInclusion(leaf, index, size, other, root)),
          ...[...otherPlaces, -1, size, 0.5, Number.NaN].map((at) => verifyInclusion(leaf, at, size, proof, root)),
        ]
        expect(accepted).not.toContain(true)
      }),
    )
  })
})

describe('consistency proofs', () => {
  it('hold for every tree inside every tree', () => {
    fc.assert(
      fc.property(treeInTree, ({ size, oldSize }) => {
        const leaves = leavesOf(size)
        const oldRoot = merkleRoot(leaves.slice(0, oldSize))
        expect(verifyConsistency(oldSize, size, oldRoot, merkleRoot(leaves), consistencyProof(leaves, oldSize))).toBe(
          true,
        )
      }),
    )
  })

  it('fail when the old tree was another one, and with any bit flipped', () => {
    fc.assert(
      fc.property(treeInTree, fc.nat(255), fc.nat(), ({ size, oldSize }, bit, which) => {
        fc.pre(oldSize > 0)
        const leaves = leavesOf(size)
        const oldRoot = merkleRoot(leaves.slice(0, oldSize))
        const newRoot = merkleRoot(leaves)
        const proof = consistencyProof(leaves, oldSize)
        const changed = proof.map((hash, at) => (at === which % proof.length ? flipped(hash, bit) : hash))
        const otherProofs = proof.length === 0 ? [] : [changed, proof.slice(1)]
        const accepted = [
          verifyConsistency(oldSize, size, flipped(oldRoot, bit), newRoot, proof),
          verifyConsistency(oldSize, size, oldRoot, flipped(newRoot, bit), proof),
          verifyConsistency(size + 1, size, oldRoot, newRoot, proof),
          ...[...otherProofs, [...proof, oldRoot]].map((other) =>
            verifyConsistency(oldSize, size, oldRoot, newRoot, other),
          ),
        ]
        expect(accepted).not.toContain(true)
      }),
    )
  })
})

describe('a compact range', () => {
  it('has the root of the whole tree at every size, also when saved and restored on the way', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(300), (size, saveAt) => {
        const leaves = leavesOf(size)
        let range = new CompactRange()
        for (const leaf of leaves.slice(0, saveAt)) range.append(leaf)
        range = restoredFrom(range.save())
        for (const leaf of leaves.slice(saveAt)) range.append(leaf)
        expect(range.size).toBe(size)
        expect(Buffer.from(range.root())).toEqual(Buffer.from(merkleRoot(leaves)))
      }),
    )
  })
})

function restoredFrom(saved: Uint8Array): CompactRange {
  const restored = CompactRange.restore(saved)
  if (!restored.ok) throw new Error(restored.fault.message)
  return restored.value
}
