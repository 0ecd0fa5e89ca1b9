import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chargeMicros, openingMicros, totalMicros } from './dispatch.ts'
import type { GraduatedPercentagePrice } from './graduated-percentage.ts'
import { compileModel, kindOfModel } from './model.ts'

/** One, two and three percent of the amount, which is counted in cents, with a fee for every tier that is entered. */
const price: GraduatedPercentagePrice = {
  model: 'graduated-percentage',
  per: 100n,
  tiers: [
    { upTo: 10_00n, rate: '1', flat: '200' },
    { upTo: 20_00n, rate: '2', flat: '300' },
    { upTo: null, rate: '3', flat: '400' },
  ],
}

describe('figures of Lago', () => {
  test.each<readonly [cents: bigint, micros: bigint]>([
    [0n, 200_000_000n],
    [1_00n, 200_010_000n],
    [10_00n, 200_100_000n],
    [11_00n, 500_120_000n],
    [12_00n, 500_140_000n],
    [21_00n, 900_330_000n],
  ])('%i cents cost %i micros', (cents, micros) => {
    expect(totalMicros(compileModel(price), cents)).toBe(micros)
  })
})

test('without flat fees at zero the first fee waits for the first unit', () => {
  const model = compileModel({ ...price, flatAtZero: false })
  expect(openingMicros(model)).toBe(0n)
  expect(chargeMicros(model, 0n, 1_00n)).toBe(200_010_000n)
  expect(kindOfModel(model)).toBe('splittable')
})

test('the charges of any division of an amount add up to the whole', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt(0n, 15_00n), { maxLength: 6 }), (amounts) => {
      const model = compileModel(price)
      let position = 0n
      let charged = openingMicros(model)
      for (const amount of amounts) {
        charged += chargeMicros(model, position, amount)
        position += amount
      }
      const tenths = [
        [10_00n, 1n],
        [10_00n, 2n],
        [null, 3n],
      ] as const
      // By hand: percent of cents are tenths of a thousandth of a currency unit, hence 100 micros each.
      let left = position
      let exact = 200_000_000n
      for (const [width, percent] of tenths) {
        const inTier = width === null || left < width ? left : width
        if (percent > 1n && inTier > 0n) exact += (percent + 1n) * 100_000_000n
        exact += inTier * percent * 100n
        left -= inTier
      }
      expect(charged).toBe(exact)
    }),
    { numRuns: 1000 },
  )
})
