import { describe, expect, test } from 'vitest'
import { sampleCatalogue } from '../testing/sample-tenant.ts'
import { calendarMonths, type BillingCycle } from '../periods/billing-cycle.ts'
import type { AccountDefinition } from './account-definition.ts'
import { buildAccountTree, isWithin, payerOf, payersOf, type Account, type AccountTree } from './account-tree.ts'

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

test('an account is within itself and everything above it', () => {
  const harbour = existing(tree.accounts.get('harbour'))
  for (const id of ['harbour', 'north', 'hansa', 'baltic', 'nordlink', 'acme']) expect(isWithin(harbour, id)).toBe(true)
  for (const id of ['south', 'brightdesk', 'nobody']) expect(isWithin(harbour, id)).toBe(false)
})

describe('an account that moves', () => {
  // Hansa and its fleets go from the lower reseller to the upper one, and a fleet of it to another customer.
  const moving = treeWith({
    hansa: { moves: [{ atMs: 1_000, parent: 'nordlink' }] },
    harbour: {
      moves: [
        { atMs: 500, parent: 'hansa' },
        { atMs: 2_000, parent: 'south' },
      ],
    },
    south: { moves: [{ atMs: 1_000, parent: 'north' }] },
  })

  test.each<readonly [id: string, timeMs: number, way: string, seller: string, payer: string]>([
    ['hansa', 999, 'hansa baltic nordlink acme', 'baltic', 'hansa'],
    ['hansa', 1_000, 'hansa nordlink acme', 'nordlink', 'hansa'],
    ['north', 999, 'north hansa baltic nordlink acme', 'baltic', 'hansa'],
    ['north', 1_000, 'north hansa nordlink acme', 'nordlink', 'hansa'],
    ['harbour', 499, 'harbour north hansa baltic nordlink acme', 'baltic', 'hansa'],
    ['harbour', 500, 'harbour hansa baltic nordlink acme', 'baltic', 'hansa'],
    ['harbour', 1_999, 'harbour hansa nordlink acme', 'nordlink', 'hansa'],
    // At the same instant its new parent moves below another one that moves.
    ['south', 1_000, 'south north hansa nordlink acme', 'nordlink', 'south'],
    ['harbour', 2_000, 'harbour south north hansa nordlink acme', 'nordlink', 'south'],
    ['brightdesk', 5_000, 'brightdesk acme', 'acme', 'brightdesk'],
  ])('takes everything below it along: %s at %d is %s', (id, timeMs, way, seller, payer) => {
    const account = existing(moving.accountAt(id, timeMs))
    expect(wayOf(account)).toBe(way)
    expect(account.seller?.id).toBe(seller)
    expect(account.payer.id).toBe(payer)
    expect(account.depth).toBe(way.split(' ').length - 1)
  })

  test('has places that follow each other over all time, and where it was before any of them is what accounts say', () => {
    const bounds = (id: string) => moving.placesOf(id).map(({ fromMs, toMs }) => [fromMs, toMs])
    expect(bounds('harbour')).toEqual([
      [-Infinity, 500],
      [500, 1_000],
      [1_000, 2_000],
      [2_000, Infinity],
    ])
    expect(bounds('brightdesk')).toEqual([[-Infinity, Infinity]])
    expect(bounds('nobody')).toEqual([])
    expect(moving.accounts.get('harbour')).toBe(moving.placesOf('harbour')[0]?.account)
  })

  test('shares what did not move with the tree of before', () => {
    expect(moving.accountAt('hansa', 2_000)?.parent).toBe(moving.accounts.get('nordlink'))
  })
})

describe('an account whose parent pays for some meters', () => {
  const splitting = treeWith({
    north: { payer: 'self', parentPays: { meters: ['messages', 'data.bytes'], share: null } },
    south: { parentPays: { meters: ['messages'], share: '0.25' } },
    harbour: { payer: 'self', parentPays: { meters: ['data.bytes'], share: null } },
  })

  test.each<readonly [id: string, meter: string, payer: string]>([
    ['north', 'messages', 'hansa'],
    ['north', 'ai.input_tokens', 'north'],
    ['south', 'messages', 'hansa'],
    ['south', 'data.bytes', 'south'],
    // What its parent pays is again for the parent of its parent.
    ['harbour', 'data.bytes', 'hansa'],
    ['harbour', 'messages', 'harbour'],
    ['hansa', 'messages', 'hansa'],
    ['acme', 'messages', 'acme'],
  ])('%s used %s: %s pays', (id, meter, payer) => {
    expect(payerOf(existing(splitting.accounts.get(id)), meter).id).toBe(payer)
  })

  test('has several payers', () => {
    const payers = (id: string) => payersOf(existing(splitting.accounts.get(id))).map((account) => account.id)
    expect(payers('harbour')).toEqual(['harbour', 'hansa'])
    expect(payers('hansa')).toEqual(['hansa'])
  })
})

test('the cycle of an account is the one that is given for it', () => {
  const mid: BillingCycle = { id: 'mid', day: 15, offsets: null }
  const own = treeWith({}, new Map([['hansa', mid]]))
  expect(own.accounts.get('hansa')?.cycle).toBe(mid)
  expect(own.accounts.get('north')?.payer.cycle).toBe(mid)
  expect(own.accounts.get('south')?.cycle).toBe(calendarMonths)
  expect(own.operator.cycle).toBe(calendarMonths)
})

/** The accounts of the sample, with changes by id. */
function treeWith(
  changes: Readonly<Record<string, Partial<AccountDefinition>>>,
  cycles: ReadonlyMap<string, BillingCycle> = new Map(),
): AccountTree {
  const { operator, accounts } = sampleCatalogue().file
  const changed = accounts.map((account) => ({ ...account, ...changes[account.id] }))
  return buildAccountTree(operator, changed, cycles)
}

function wayOf(account: Account): string {
  return account.parent === null ? account.id : `${account.id} ${wayOf(account.parent)}`
}

function existing(account: Account | undefined): Account {
  if (account === undefined) throw new Error('the sample has the account')
  return account
}
