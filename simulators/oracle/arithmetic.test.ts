import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { dividedBy, plus, rationalOf, roundHalfAway, roundHalfEven, times, whole } from './rational.ts'
import type { PlannedModel } from './planned-price.ts'
import { openingMicros, totalMicros } from './segment-usage.ts'

describe('rounding to whole numbers', () => {
  test.each([
    ['0.5', 1n, 0n],
    ['1.5', 2n, 2n],
    ['2.5', 3n, 2n],
    ['2.4999999', 2n, 2n],
    ['-0.5', -1n, 0n],
    ['-1.5', -2n, -2n],
    ['-2.5', -3n, -2n],
    ['7', 7n, 7n],
    ['0', 0n, 0n],
  ])('%s', (text, away, even) => {
    expect(roundHalfAway(rationalOf(text))).toBe(away)
    expect(roundHalfEven(rationalOf(text))).toBe(even)
  })

  test('the rounded value is never further than a half away', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }),
        fc.bigInt({ min: 1n, max: 10n ** 20n }),
        (n, d) => {
          for (const rounded of [roundHalfAway, roundHalfEven]) {
            const difference = 2n * (n - rounded({ numerator: n, denominator: d }) * d)
            expect(difference <= d && -difference <= d).toBe(true)
          }
        },
      ),
    )
  })
})

test('fractions add, multiply and divide exactly', () => {
  const third = dividedBy(whole(1n), 3n)
  const sum = plus(plus(third, third), third)
  expect(sum.numerator).toBe(sum.denominator)
  const product = times(rationalOf('0.0025'), whole(4000n))
  expect(product.numerator).toBe(10n * product.denominator)
})

describe('prices worked out by hand', () => {
  const perToken: PlannedModel = { model: 'per-unit', amount: '3.00', per: 1_000_000n }
  const stairs: PlannedModel = {
    model: 'graduated',
    per: 10n,
    tiers: [
      { upTo: 100n, amount: '0.5', flat: '2' },
      { upTo: 250n, amount: '0.3', flat: '1' },
      { upTo: null, amount: '0.0000007' },
    ],
  }

  test.each([
    // A token costs 3 micros.
    [perToken, 0n, 0n],
    [perToken, 1n, 3n],
    [perToken, 22_361_870n, 67_085_610n],
    // The first tier is entered at zero, the others with the first unit above the limit before them.
    [stairs, 0n, 2_000_000n],
    [stairs, 100n, 7_000_000n],
    [stairs, 101n, 8_030_000n],
    [stairs, 250n, 12_500_000n],
    // 0.07 micros a unit: rounded once, on the total.
    [stairs, 257n, 12_500_000n],
    [stairs, 258n, 12_500_001n],
  ] as const)('%o at %d costs %d micros', (price, quantity, micros) => {
    expect(totalMicros(price, quantity)).toBe(micros)
  })

  test('what is due before any usage belongs to no record', () => {
    expect(totalMicros(stairs, 100n) - openingMicros(stairs)).toBe(5_000_000n)
  })
})
