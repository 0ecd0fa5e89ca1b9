import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sumLeaf, sumProof, sumRoot, verifySumProof, type SumNode } from './merkle-sum.ts'

const amounts = fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), { minLength: 1, maxLength: 40 })
const leavesOf = (sums: readonly bigint[]): SumNode[] =>
  sums.map((sum, index) => sumLeaf(Buffer.from(`block ${index}: ${sum}`), sum))

/** The rule as the specification says it, top down and without sharing code with the subject. */
function specifiedRoot(leaves: readonly SumNode[]): SumNode {
  const [first, ...rest] = leaves
  if (first === undefined) return { hash: createHash('sha256').digest(), sum: 0n }
  if (rest.length === 0) return first
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1))
  const left = specifiedRoot(leaves.slice(0, split))
  const right = specifiedRoot(leaves.slice(split))
  const big = (sum: bigint): Buffer => Buffer.from(BigInt.asUintN(128, sum).toString(16).padStart(32, '0'), 'hex')
  const hash = createHash('sha256')
    .update(Buffer.concat([Buffer.of(1), left.hash, big(left.sum), right.hash, big(right.sum)]))
    .digest()
  return { hash, sum: left.sum + right.sum }
}

const plain = (node: SumNode): unknown => ({ hash: Buffer.from(node.hash).toString('hex'), sum: node.sum })

describe('a Merkle-sum tree', () => {
  it('has the root and the sum that the specification gives', () => {
    fc.assert(
      fc.property(fc.oneof(amounts, fc.constant([])), (sums) => {
        const leaves = leavesOf(sums)
        expect(plain(sumRoot(leaves))).toEqual(plain(specifiedRoot(leaves)))
        expect(sumRoot(leaves).sum).toBe(sums.reduce((total, sum) => total + sum, 0n))
      }),
    )
  })

  it('proves every leaf, and nothing else', () => {
    fc.assert(
      fc.property(amounts, fc.nat(), fc.bigInt({ min: 1n, max: 2n ** 64n }), (sums, which, more) => {
        const leaves = leavesOf(sums)
        const index = which % leaves.length
        const leaf = leaves[index] ?? sumLeaf(Buffer.alloc(0), 0n)
        const root = sumRoot(leaves)
        const proof = sumProof(leaves, index)
        const holds = (changed: { leaf?: SumNode; index?: number; proof?: SumNode[]; root?: SumNode }): boolean =>
          verifySumProof(
            changed.leaf ?? leaf,
            changed.index ?? index,
            leaves.length,
            changed.proof ?? proof,
            changed.root ?? root,
          )
        expect(holds({})).toBe(true)
        expect(holds({ root: { hash: root.hash, sum: root.sum + more } })).toBe(false)
        expect(holds({ leaf: { hash: leaf.hash, sum: leaf.sum - more } })).toBe(false)
        expect(holds({ leaf: sumLeaf(Buffer.from('forged'), leaf.sum) })).toBe(false)
        expect(holds({ index: leaves.length })).toBe(false)
        expect(holds({ proof: [...proof, leaf] })).toBe(false)
        const [sibling, ...upper] = proof
        if (sibling === undefined) return
        expect(holds({ proof: upper })).toBe(false)
        // Money moved between a leaf and its sibling leaves the total as it was; the hashes still tell.
        const moved = { hash: sibling.hash, sum: sibling.sum + more }
        expect(holds({ leaf: { hash: leaf.hash, sum: leaf.sum - more }, proof: [moved, ...upper] })).toBe(false)
      }),
    )
  })

  it('refuses sums outside 128 bits instead of wrapping them', () => {
    const huge = sumLeaf(Buffer.from('huge'), 2n ** 127n - 1n)
    expect(() => sumRoot([huge, sumLeaf(Buffer.from('one'), 1n)])).toThrow(/128 bits/)
    expect(() => sumLeaf(Buffer.from('over'), 2n ** 127n)).toThrow(/128 bits/)
    const one = sumLeaf(Buffer.from('one'), 1n)
    expect(verifySumProof(huge, 0, 2, [one], { hash: huge.hash, sum: 0n })).toBe(false)
  })
})
