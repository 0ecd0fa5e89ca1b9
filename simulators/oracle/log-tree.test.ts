import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { LogTree } from './log-tree.ts'

/**
 * Entries and roots of the test vectors that Certificate Transparency logs are tried with (google/certificate-transparency,
 * `merkletree/merkle_tree_test.cc`).
 */
const entries = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((hex) => Buffer.from(hex, 'hex'))
const roots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]

function treeOf(count: number): LogTree {
  const tree = new LogTree()
  for (const entry of entries.slice(0, count)) tree.append(entry)
  return tree
}

describe('the tree over a log', () => {
  test('of nothing', () => {
    expect(new LogTree().rootAt(0)).toBe(createHash('sha256').digest('base64'))
  })

  test.each(roots.map((root, index) => ({ size: index + 1, root })))('of $size entries', ({ size, root }) => {
    expect(Buffer.from(treeOf(entries.length).rootAt(size), 'base64').toString('hex')).toBe(root)
  })

  test('has no root of more than it holds', () => {
    expect(() => treeOf(3).rootAt(4)).toThrow('no 4 entries')
  })
})
