import { expect, test } from 'vitest'
import { carriedOver, drawDown, type AllowanceLot } from './draw-down.ts'

const plain: AllowanceLot = {
  allowance: 'included',
  source: 'subscription a',
  priority: 0,
  lastPeriod: 10,
  cap: null,
  members: ['a'],
  isPool: false,
  quantity: 100n,
}

test('an allowance covers what is used, as far as it reaches, and the rest is left', () => {
  expect(drawDown([plain], new Map([['a', 30n]]))).toEqual({
    draws: [{ allowance: 'included', subscription: 'a', quantity: 30n }],
    left: [{ ...plain, quantity: 70n }],
  })
  expect(drawDown([plain], new Map([['a', 130n]])).draws).toEqual([
    { allowance: 'included', subscription: 'a', quantity: 100n },
  ])
  expect(drawDown([plain], new Map([['a', 100n]])).left).toEqual([])
  expect(drawDown([plain], new Map())).toEqual({ draws: [], left: [plain] })
})

test.each([
  { name: 'the lowest priority first', first: { priority: 1, lastPeriod: 11 }, second: { priority: 2, lastPeriod: 9 } },
  { name: 'what expires first', first: { lastPeriod: 10 }, second: { lastPeriod: 11 } },
  {
    name: 'its own before what it shares',
    first: {},
    second: { isPool: true, source: 'offering x', members: ['a', 'b'] },
  },
])('of several, $name', ({ first, second }) => {
  // By id the second one would come first.
  const lots = [
    { ...plain, allowance: 'b', ...first },
    { ...plain, allowance: 'a', ...second },
  ]
  const used = new Map([['a', 150n]])
  const expected = [
    { allowance: 'b', subscription: 'a', quantity: 100n },
    { allowance: 'a', subscription: 'a', quantity: 50n },
  ]
  expect(drawDown(lots, used).draws).toEqual(expected)
  expect(drawDown(lots.toReversed(), used).draws).toEqual(expected)
})

test('of several that are alike in all of that, by id', () => {
  const lots = [
    { ...plain, allowance: 'b' },
    { ...plain, allowance: 'a' },
  ]
  const order = drawDown(lots, new Map([['a', 150n]])).draws.map(({ allowance }) => allowance)
  expect(order).toEqual(['a', 'b'])
})

test('a pool is shared in proportion to what each has left uncovered, by largest remainder', () => {
  const pool = { ...plain, source: 'offering x', isPool: true, members: ['a', 'b', 'c'], quantity: 10n }
  const own = { ...plain, allowance: 'own', priority: 0, quantity: 40n }
  const { draws } = drawDown([{ ...pool, priority: 1 }, own], new Map(Object.entries({ a: 70n, b: 30n, c: 60n })))
  // a has 30 left of 70, so the pool of 10 is shared 30 : 30 : 60.
  expect(draws).toEqual([
    { allowance: 'own', subscription: 'a', quantity: 40n },
    { allowance: 'included', subscription: 'a', quantity: 3n },
    { allowance: 'included', subscription: 'b', quantity: 2n },
    { allowance: 'included', subscription: 'c', quantity: 5n },
  ])
})

test('what has expired is not carried on, and over the cap the units that expire first are lost', () => {
  const left = [
    { ...plain, lastPeriod: 5, quantity: 9n, cap: 70n },
    { ...plain, lastPeriod: 6, quantity: 50n, cap: 70n },
    { ...plain, lastPeriod: 7, quantity: 40n, cap: 60n },
    { ...plain, allowance: 'other', lastPeriod: 6, quantity: 500n },
  ]
  expect(carriedOver(left, 5)).toEqual([
    { ...plain, lastPeriod: 7, quantity: 40n, cap: 60n },
    { ...plain, lastPeriod: 6, quantity: 20n, cap: 70n },
    { ...plain, allowance: 'other', lastPeriod: 6, quantity: 500n },
  ])
})
