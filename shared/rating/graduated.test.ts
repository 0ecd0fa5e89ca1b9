import { describe, expect, test } from 'vitest'
import { boundMicros, openingMicros, totalMicros } from './dispatch.ts'
import { compileModel, type PriceModel } from './model.ts'

/** killbill TestContiguousIntervalConsumableInArrear: blocks counted in each tier by itself. */
const blocks: PriceModel = {
  model: 'graduated',
  per: 1n,
  tiers: [
    { upTo: 1_000n, amount: '1', block: 100n },
    { upTo: 101_000n, amount: '1', block: 1_000n },
    { upTo: null, amount: '0.5', block: 1_000n },
  ],
}
/** A block that the end of its tier cuts, a tier in proportion behind it. */
const cut: PriceModel = {
  model: 'graduated',
  per: 1n,
  tiers: [
    { upTo: 15n, amount: '3', flat: '2', block: 10n },
    { upTo: null, amount: '0.5' },
  ],
}
/** openmeter/billing/rating/service/rate/tieredgraduated_test.go */
const openmeter: PriceModel = {
  model: 'graduated',
  per: 1n,
  tiers: [
    { upTo: 5n, amount: '0', flat: '100' },
    { upTo: 10n, amount: '0', flat: '50' },
    { upTo: 15n, amount: '5' },
    { upTo: null, amount: '1' },
  ],
}

describe('totals in currency units', () => {
  test.each<readonly [what: string, price: PriceModel, quantity: bigint, total: number]>([
    ['nothing used', blocks, 0n, 0],
    ['a started block', blocks, 1n, 1],
    ['a full block', blocks, 100n, 1],
    ['the end of the first tier', blocks, 1_000n, 10],
    ['a started block of the next', blocks, 1_001n, 11],
    ['the end of the next', blocks, 101_000n, 110],
    ['a started block of the open tier', blocks, 101_001n, 110.5],
    ['a block that the tier cuts is paid whole', cut, 15n, 8],
    ['and not paid again by the tier above', cut, 16n, 8.5],
    ['a first flat fee at zero usage', cut, 0n, 2],
    ['a minimum above the opening', { ...openmeter, minimum: '1000' }, 0n, 1000],
    ['a minimum that usage passes', { ...openmeter, minimum: '160' }, 13n, 165],
    ['a maximum', { ...openmeter, maximum: '170' }, 22n, 170],
    ['a first flat fee that waits for usage: none', { ...openmeter, flatAtZero: false }, 0n, 0],
    ['a first flat fee that waits for usage: some', { ...openmeter, flatAtZero: false }, 1n, 100],
    ['rounded to cents', { ...cut, rounding: { digits: 0, rule: 'half-even' } }, 16n, 8],
  ])('%s', (_what, price, quantity, total) => {
    expect(totalMicros(compileModel(price), quantity)).toBe(BigInt(total * 1_000_000))
  })
})

test('a minimum is due without usage', () => {
  expect(openingMicros(compileModel({ ...openmeter, minimum: '1000' }))).toBe(1_000_000_000n)
  expect(openingMicros(compileModel({ ...openmeter, flatAtZero: false }))).toBe(0n)
})

test('a block of a cheaper tier can cost more than a unit of a dearer one', () => {
  const tiers = [
    { upTo: 10n, amount: '1' },
    { upTo: null, amount: '9', block: 10n },
  ]
  expect(boundMicros(compileModel({ model: 'graduated', per: 1n, tiers }), 1n)).toBe(9_000_000n)
})

test('the bound counts the blocks that a quantity can start', () => {
  const single = compileModel({ model: 'graduated', per: 1n, tiers: [{ upTo: null, amount: '3', block: 10n }] })
  expect([0n, 1n, 10n, 11n].map((quantity) => boundMicros(single, quantity))).toEqual([
    0n,
    3_000_000n,
    3_000_000n,
    6_000_000n,
  ])
})
