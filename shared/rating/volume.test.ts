import { describe, expect, test } from 'vitest'
import { boundMicros, chargeMicros, openingMicros, totalMicros } from './dispatch.ts'
import { compileModel, type PriceModel } from './model.ts'

/** https://docs.stripe.com/subscriptions/pricing-models/tiered-pricing: 1–5 at 7, 6–10 at 6.50, from 11 at 6. */
const stripe: PriceModel = {
  model: 'volume',
  per: 1n,
  tiers: [
    { upTo: 5n, amount: '7' },
    { upTo: 10n, amount: '6.5' },
    { upTo: null, amount: '6' },
  ],
}
/** openmeter/billing/rating/service/rate/tieredvolume_test.go: flat fees first, then units. */
const flatFirst: PriceModel = {
  model: 'volume',
  per: 1n,
  tiers: [
    { upTo: 5n, amount: '0', flat: '100' },
    { upTo: 10n, amount: '0', flat: '150' },
    { upTo: 15n, amount: '10' },
    { upTo: null, amount: '5' },
  ],
}
/** killbill TestContiguousIntervalConsumableInArrear: blocks of 100, then of 1,000, all usage in those of its tier. */
const blocks: PriceModel = {
  model: 'volume',
  per: 1n,
  tiers: [
    { upTo: 1_000n, amount: '1', block: 100n },
    { upTo: 101_000n, amount: '1', block: 1_000n },
    { upTo: null, amount: '0.5', block: 1_000n },
  ],
}
const later: PriceModel = {
  model: 'volume',
  per: 1n,
  flatAtZero: false,
  tiers: [{ upTo: null, amount: '1', flat: '9' }],
}
const stairs: PriceModel = {
  model: 'stair-step',
  tiers: [
    { upTo: 10n, flat: '20' },
    { upTo: 100n, flat: '0' },
    { upTo: null, flat: '75.5' },
  ],
}

describe('totals in currency units', () => {
  test.each<readonly [what: string, price: PriceModel, quantity: bigint, total: number]>([
    ['nothing used', stripe, 0n, 0],
    ['the first unit', stripe, 1n, 7],
    ['a bound belongs to the tier below it', stripe, 5n, 35],
    ['one above it all units cost less', stripe, 6n, 39],
    ['the open tier', stripe, 25n, 150],
    ['a flat fee without usage', flatFirst, 0n, 100],
    ['one flat fee, not the sum of those below', flatFirst, 7n, 150],
    ['no flat fee where the tier has none', flatFirst, 12n, 120],
    ['a flat fee that waits for usage: none', later, 0n, 0],
    ['a flat fee that waits for usage: some', later, 1n, 10],
    ['a started block', blocks, 1n, 1],
    ['a full block', blocks, 100n, 1],
    ['a block and a unit', blocks, 101n, 2],
    ['the largest tier that is reached', blocks, 101_000n, 101],
    ['the open tier of blocks', blocks, 300_000n, 150],
    ['stairs without usage', stairs, 0n, 20],
    ['the top of a stair', stairs, 10n, 20],
    ['a free stair', stairs, 11n, 0],
    ['the last stair', stairs, 101n, 75.5],
    ['stairs that wait for usage', { ...stairs, flatAtZero: false }, 0n, 0],
    ['stairs that waited for usage', { ...stairs, flatAtZero: false }, 1n, 20],
  ])('%s', (_what, price, quantity, total) => {
    expect(totalMicros(compileModel(price), quantity)).toBe(BigInt(total * 1_000_000))
  })
})

test('the unit that makes the total fall has a negative charge', () => {
  const model = compileModel({
    ...stripe,
    tiers: [
      { upTo: 5n, amount: '7' },
      { upTo: null, amount: '5' },
    ],
  })
  expect(chargeMicros(model, 5n, 1n)).toBe(-5_000_000n)
  expect(openingMicros(model)).toBe(0n)
})

test('the bound looks at every jump into a dearer tier', () => {
  expect(boundMicros(compileModel(stripe), 1n)).toBe(7_000_000n)
  // From 10 units, 150, to 15 units at 10 each, 150; from 5 units, 100, to 6 units, 150; and in the last tier 5 each.
  expect(boundMicros(compileModel(flatFirst), 1n)).toBe(50_000_000n)
  expect(boundMicros(compileModel(stairs), 1n)).toBe(75_500_000n)
  expect(boundMicros(compileModel({ ...stairs, maximum: '50' }), 1n)).toBe(50_000_000n)
})
