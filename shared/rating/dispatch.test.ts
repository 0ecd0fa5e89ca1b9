import { describe, expect, test } from 'vitest'
import { boundMicros, chargeMicros, openingMicros, totalMicros } from './dispatch.ts'
import { compileModel, type CompiledModel } from './model.ts'
import type { TierTerms } from './terms.ts'

function perUnit(amount: string, per: bigint): CompiledModel {
  return compileModel({ model: 'per-unit', amount, per })
}

function graduated(per: bigint, ...tiers: readonly TierTerms[]): CompiledModel {
  return compileModel({ model: 'graduated', per, tiers })
}

const freeFirst = graduated(1n, { upTo: 10n, amount: '0' }, { upTo: 20n, amount: '2' }, { upTo: null, amount: '1' })
const laterFee = graduated(1n, { upTo: 10n, amount: '1' }, { upTo: null, amount: '1', flat: '5' })
const withFees = graduated(1n, { upTo: 10n, amount: '10', flat: '2' }, { upTo: null, amount: '5', flat: '3' })

describe('totalMicros', () => {
  test.each<readonly [what: string, price: CompiledModel, quantity: bigint, micros: bigint]>([
    ['nothing used', perUnit('3', 1_000_000n), 0n, 0n],
    ['one token of three units a million', perUnit('3', 1_000_000n), 1n, 3n],
    ['half a micro, away from zero', perUnit('0.5', 1_000_000n), 1n, 1n],
    ['just under half a micro', perUnit('0.499999', 1_000_000n), 1n, 0n],
    ['a price that is free', perUnit('0', 1n), 10n ** 18n, 0n],
    ['thirty digits after the point', perUnit(`0.${'0'.repeat(29)}1`, 1n), 10n ** 24n, 1n],
    ['the largest quantity', perUnit('1', 1n), 2n ** 63n - 1n, (2n ** 63n - 1n) * 1_000_000n],
    ['inside a free first tier', freeFirst, 9n, 0n],
    ['the top of a free first tier belongs to it', freeFirst, 10n, 0n],
    ['the first unit of the second tier', freeFirst, 11n, 2_000_000n],
    ['the top of the second tier belongs to it', freeFirst, 20n, 20_000_000n],
    ['the first unit of the open tier', freeFirst, 21n, 21_000_000n],
    ['a first flat fee at zero usage', withFees, 0n, 2_000_000n],
    ['a second flat fee not before its tier is entered', withFees, 10n, 102_000_000n],
    ['a second flat fee once its tier is entered', withFees, 11n, 110_000_000n],
  ])('%s', (_what, price, quantity, micros) => {
    expect(totalMicros(price, quantity)).toBe(micros)
  })
})

describe('chargeMicros', () => {
  test('a token that costs less than a micro is charged when the rounded total moves', () => {
    const price = perUnit('0.4', 1_000_000n)
    const charges = [0n, 1n, 2n, 3n, 4n].map((position) => chargeMicros(price, position, 1n))
    expect(charges).toEqual([0n, 1n, 0n, 1n, 0n])
  })

  test('a quantity across a bound pays each tier its part and the flat fee it enters', () => {
    expect(chargeMicros(withFees, 9n, 3n)).toBe(10_000_000n + 3_000_000n + 2n * 5_000_000n)
  })

  test('what is due at zero usage is in no charge', () => {
    expect(openingMicros(withFees)).toBe(2_000_000n)
    expect(chargeMicros(withFees, 0n, 0n)).toBe(0n)
    expect(openingMicros(withFees) + chargeMicros(withFees, 0n, 12n)).toBe(totalMicros(withFees, 12n))
  })
})

describe('boundMicros', () => {
  test.each<readonly [what: string, price: CompiledModel, quantity: bigint, micros: bigint]>([
    ['a part of a micro can become a whole one', perUnit('0.4', 1_000_000n), 1n, 1n],
    ['whole micros stay what they are', perUnit('3', 1_000_000n), 7n, 21n],
    ['nothing', withFees, 0n, 0n],
    [
      'falling prices are dearest at the start',
      graduated(1n, { upTo: 5n, amount: '3' }, { upTo: null, amount: '1' }),
      7n,
      17_000_000n,
    ],
    [
      'rising prices are dearest at the end',
      graduated(1n, { upTo: 5n, amount: '1' }, { upTo: null, amount: '3' }),
      7n,
      21_000_000n,
    ],
    ['a dear tier in the middle', freeFirst, 12n, 22_000_000n],
    ['entering the tier of a flat fee', laterFee, 4n, 9_000_000n],
  ])('%s', (_what, price, quantity, micros) => {
    expect(boundMicros(price, quantity)).toBe(micros)
  })
})
