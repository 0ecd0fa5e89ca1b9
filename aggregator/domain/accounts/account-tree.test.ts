import { expect, test } from 'vitest'
import { sampleCatalogue } from '../testing/sample-tenant.ts'
import { subtreeOf } from './account-tree.ts'

const { tree } = sampleCatalogue()

test.each<readonly [id: string, seller: string | null, payer: string, partition: string | null, depth: number]>([
  ['acme', null, 'acme', null, 0],
  ['nordlink', 'acme', 'nordlink', 'nordlink', 1],
  ['baltic', 'nordlink', 'baltic', 'nordlink', 2],
  ['hansa', 'baltic', 'hansa', 'nordlink', 3],
  ['north', 'baltic', 'hansa', 'nordlink', 4],
  ['harbour', 'baltic', 'hansa', 'nordlink', 5],
  ['south', 'baltic', 'south', 'nordlink', 4],
  ['brightdesk', 'acme', 'brightdesk', 'brightdesk', 1],
])('%s buys from %s, is paid for by %s and belongs to partition %s', (id, seller, payer, partition, depth) => {
  const account = tree.accounts.get(id)
  expect(account?.seller?.id ?? null).toBe(seller)
  expect(account?.payer.id).toBe(payer)
  expect(account?.partition).toBe(partition)
  expect(account?.depth).toBe(depth)
})

test('a subtree lists each account before those below it', () => {
  expect(subtreeOf(tree.operator).map(({ id }) => id)).toEqual([
    'acme',
    'brightdesk',
    'nordlink',
    'baltic',
    'hansa',
    'north',
    'harbour',
    'south',
  ])
})
