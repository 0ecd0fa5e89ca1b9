import fc from 'fast-check'
import { expect, test } from 'vitest'
import { accumulate, emptyAccumulator } from './accumulate.ts'
import { unlimitedMicros } from './dispatch.ts'
import { compileModel, type PriceModel } from './model.ts'
import { positionAt } from './position.ts'
import { drawPrice } from './testing/draw-prices.ts'
import { tierShares } from './tier-shares.ts'

const ladder: PriceModel = {
  model: 'graduated',
  per: 1n,
  tiers: [
    { upTo: 10n, amount: '0' },
    { upTo: 100n, amount: '0.5', flat: '3' },
    { upTo: null, amount: '0.25' },
  ],
}
const volume: PriceModel = { ...ladder, model: 'volume' }
const withOpening: PriceModel = { model: 'graduated', per: 1n, tiers: [{ upTo: null, amount: '1', flat: '2' }] }

test.each<readonly [what: string, price: PriceModel, quantity: bigint, shares: readonly (readonly [bigint, bigint])[]]>(
  [
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
    [
      'a first flat fee that waits for usage',
      { ...ladder, flatAtZero: false, tiers: [{ upTo: 10n, amount: '0', flat: '1' }, ...ladder.tiers.slice(1)] },
      0n,
      [
        [0n, 0n],
        [0n, 0n],
        [0n, 0n],
      ],
    ],
    [
      'blocks of a tier, as killbill TestContiguousIntervalConsumableInArrear lists them',
      {
        model: 'graduated',
        per: 1n,
        tiers: [
          { upTo: 10n, amount: '1.5', block: 1n },
          { upTo: 110n, amount: '1', block: 1n },
          { upTo: null, amount: '0.5', block: 1n },
        ],
      },
      111n,
      [
        [10n, 15_000_000n],
        [100n, 100_000_000n],
        [1n, 500_000n],
      ],
    ],
    [
      'a volume price has all units in one tier',
      volume,
      100n,
      [
        [0n, 0n],
        [100n, 53_000_000n],
        [0n, 0n],
      ],
    ],
    [
      'a volume price without usage lies in the first',
      { ...volume, tiers: [{ upTo: 10n, amount: '0', flat: '1' }, ...ladder.tiers.slice(1)] },
      0n,
      [
        [0n, 1_000_000n],
        [0n, 0n],
        [0n, 0n],
      ],
    ],
    [
      'a minimum belongs to no tier',
      { ...ladder, minimum: '100' },
      11n,
      [
        [10n, 0n],
        [1n, 3_500_000n],
        [0n, 0n],
      ],
    ],
    [
      'packages are one row',
      { model: 'package', size: 10n, amount: '3', each: 'period', maximum: '1' },
      25n,
      [[25n, 9_000_000n]],
    ],
  ],
)('%s', (_what, price, quantity, shares) => {
  const found = tierShares(compileModel(price), positionAt(quantity))
  expect(found.map((share) => [share.quantity, share.amountMicros])).toEqual(shares)
})

test('tiers say where they begin and end', () => {
  const found = tierShares(compileModel(ladder), positionAt(5n))
  expect(found.map(({ fromUnits, upToUnits }) => [fromUnits, upToUnits])).toEqual([
    [0n, 10n],
    [10n, 100n],
    [100n, null],
  ])
})

test('shares add up to what is due before limits, to the micro, and their quantities to the quantity', () => {
  const event = { timeMs: 0, source: 'meter-1', eventId: 'e' }
  const parts = fc.array(fc.bigInt(0n, 40n), { maxLength: 8 })
  fc.assert(
    fc.property(drawPrice, parts, (price, records) => {
      const model = compileModel(price)
      const after = records.reduce((before, quantity) => accumulate(model, before, quantity, event), emptyAccumulator)
      const shares = tierShares(model, after)
      expect(shares.reduce((sum, share) => sum + share.amountMicros, 0n)).toBe(unlimitedMicros(model, after))
      expect(shares.reduce((sum, share) => sum + share.quantity, 0n)).toBe(after.quantity)
      expect(shares.every((share) => share.amountMicros >= 0n && share.quantity >= 0n)).toBe(true)
      expect(shares).toHaveLength('tiers' in price ? price.tiers.length : 1)
    }),
    { numRuns: 1000 },
  )
})
