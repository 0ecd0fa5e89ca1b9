import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sha256 } from './hash.ts'
import { consistencyProof, leafHash, merkleRoot } from './merkle.ts'
import { rangeConsistencyProof, rangeRoot, type PerfectSubtree } from './range-proof.ts'

const leaves = Array.from({ length: 600 }, (_, index) => leafHash(sha256(Buffer.from(`entry ${index}`))))

/** Subtrees of the first leaves; how often one was asked for is counted. */
function counted(): { readonly subtree: PerfectSubtree; readonly asked: () => number } {
  let asked = 0
  const subtree: PerfectSubtree = (level, position) => {
    asked += 1
    const width = 2 ** level
    const own = leaves.slice(position * width, (position + 1) * width)
    expect(own).toHaveLength(width)
    return merkleRoot(own)
  }
  return { subtree, asked: () => asked }
}

const sizes = fc.tuple(fc.integer({ min: 1, max: 600 }), fc.nat(600)).map(([size, part]) => [part % (size + 1), size])

describe('a consistency proof from subtrees', () => {
  it('is the proof from the leaves, byte for byte', () => {
    fc.assert(
      fc.property(sizes, ([oldSize = 0, size = 0]) => {
        const { subtree, asked } = counted()
        const proof = rangeConsistencyProof(subtree, oldSize, size)
        expect(proof).toEqual(consistencyProof(leaves.slice(0, size), oldSize))
        expect(asked()).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(size + 1)))
      }),
      { numRuns: 400 },
    )
  })

  it('goes with the root from subtrees', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), (size) => {
        expect(rangeRoot(counted().subtree, 0, size)).toEqual(merkleRoot(leaves.slice(0, size)))
      }),
    )
  })

  it.each([
    [3, 2],
    [-1, 2],
  ])('from %i to %i is not asked for', (oldSize, size) => {
    expect(() => rangeConsistencyProof(counted().subtree, oldSize, size)).toThrow(/no tree/)
  })
})
