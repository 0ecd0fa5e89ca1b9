import fc from 'fast-check'
import { expect, test } from 'vitest'
import { totalMicros } from './dispatch.ts'
import { compilePrice, type GraduatedTier, type Price } from './price.ts'
import { tierShares } from './tier-shares.ts'

const ladder: Price = {
  model: 'graduated',
  per: 1n,
  tiers: [
    { upTo: 10n, amount: '0' },
    { upTo: 100n, amount: '0.5', flat: '3' },
    { upTo: null, amount: '0.25' },
  ],
}
const withOpening: Price = { model: 'graduated', per: 1n, tiers: [{ upTo: null, amount: '1', flat: '2' }] }

test.each<readonly [what: string, price: Price, quantity: bigint, shares: readonly (readonly [bigint, bigint])[]]>([
  ['a per-unit price is one row', { model: 'per-unit', amount: '0.002', per: 1n }, 7n, [[7n, 14_000n]]],
  [
    'no usage costs nothing',
    ladder,
    0n,
    [
      [0n, 0n],
      [0n, 0n],
      [0n, 0n],
    ],
  ],
  [
    'the bound belongs to its tier',
    ladder,
    10n,
    [
      [10n, 0n],
      [0n, 0n],
      [0n, 0n],
    ],
  ],
  [
    'one above it enters the next, whose flat fee is due',
    ladder,
    11n,
    [
      [10n, 0n],
      [1n, 3_500_000n],
      [0n, 0n],
    ],
  ],
  [
    'all tiers',
    ladder,
    104n,
    [
      [10n, 0n],
      [90n, 48_000_000n],
      [4n, 1_000_000n],
    ],
  ],
  ['a first flat fee is due before any usage', withOpening, 0n, [[0n, 2_000_000n]]],
])('%s', (_what, price, quantity, shares) => {
  const found = tierShares(compilePrice(price), quantity)
  expect(found.map((share) => [share.quantity, share.amountMicros])).toEqual(shares)
})

test('tiers say where they begin and end', () => {
  const found = tierShares(compilePrice(ladder), 5n)
  expect(found.map(({ fromUnits, upToUnits }) => [fromUnits, upToUnits])).toEqual([
    [0n, 10n],
    [10n, 100n],
    [100n, null],
  ])
})

const amounts = fc.tuple(fc.nat(3_000), fc.integer({ min: 0, max: 9 })).map(([digits, scale]) => {
  const text = digits.toString().padStart(scale + 1, '0')
  return scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`
})
const tiers = fc
  .array(fc.tuple(fc.bigInt(1n, 40n), amounts, fc.option(amounts, { nil: undefined })), { minLength: 1, maxLength: 5 })
  .map((steps): readonly GraduatedTier[] => {
    let bound = 0n
    return steps.map(([step, amount, flat], index) => {
      bound += step
      const tier = { upTo: index === steps.length - 1 ? null : bound, amount }
      return flat === undefined ? tier : { ...tier, flat }
    })
  })

test('shares add up to the total, to the micro, and their quantities to the quantity', () => {
  fc.assert(
    fc.property(tiers, fc.bigInt(1n, 1_000n), fc.bigInt(0n, 300n), (own, per, quantity) => {
      const price = compilePrice({ model: 'graduated', per, tiers: own })
      const shares = tierShares(price, quantity)
      expect(shares.reduce((sum, share) => sum + share.amountMicros, 0n)).toBe(totalMicros(price, quantity))
      expect(shares.reduce((sum, share) => sum + share.quantity, 0n)).toBe(quantity)
      expect(shares.every((share) => share.amountMicros >= 0n && share.quantity >= 0n)).toBe(true)
    }),
  )
})
