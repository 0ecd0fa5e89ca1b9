import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AssertionFailure } from '../base/errors.ts'
import { compileRounding, mostRoundedDifference, roundMicros } from './rounding.ts'
import type { RoundingDirection } from './terms.ts'
import { roundedTo } from './testing/price-oracle.ts'

const rules = ['half-away', 'half-even', 'up', 'down'] as const

describe('roundMicros', () => {
  test.each<readonly [exact: bigint, denominator: bigint, digits: number, micros: Record<RoundingDirection, bigint>]>([
    [5n, 2n, 6, { 'half-away': 3n, 'half-even': 2n, up: 3n, down: 2n }],
    [7n, 2n, 6, { 'half-away': 4n, 'half-even': 4n, up: 4n, down: 3n }],
    [0n, 2n, 6, { 'half-away': 0n, 'half-even': 0n, up: 0n, down: 0n }],
    [6n, 2n, 6, { 'half-away': 3n, 'half-even': 3n, up: 3n, down: 3n }],
    [1n, 100n, 6, { 'half-away': 0n, 'half-even': 0n, up: 1n, down: 0n }],
    [99n, 100n, 6, { 'half-away': 1n, 'half-even': 1n, up: 1n, down: 0n }],
    [12_345_000n, 1n, 2, { 'half-away': 12_350_000n, 'half-even': 12_340_000n, up: 12_350_000n, down: 12_340_000n }],
    [500_000n, 1n, 0, { 'half-away': 1_000_000n, 'half-even': 0n, up: 1_000_000n, down: 0n }],
    [13_333_300n, 1n, 2, { 'half-away': 13_330_000n, 'half-even': 13_330_000n, up: 13_340_000n, down: 13_330_000n }],
  ])('%s / %s micros to %s digits', (exact, denominator, digits, micros) => {
    const found = rules.map((rule) => [rule, roundMicros(exact, denominator, compileRounding({ digits, rule }))])
    expect(Object.fromEntries(found)).toEqual(micros)
  })

  test('is to the micro, half away from zero, unless the price says otherwise', () => {
    expect(compileRounding(undefined)).toEqual({ stepMicros: 1n, rule: 'half-away' })
    expect(() => compileRounding({ digits: 7, rule: 'up' })).toThrow(AssertionFailure)
  })
})

const roundings = fc.record({ digits: fc.integer({ min: 0, max: 6 }), rule: fc.constantFrom(...rules) })
const denominators = fc.bigInt(1n, 12n).map((half) => half * 2n)

test('rounding agrees with the words of its rule', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 30_000_000n), denominators, roundings, (exact, denominator, rounding) => {
      const step = 10n ** BigInt(6 - rounding.digits)
      const steps = roundedTo({ top: exact, bottom: denominator * step }, rounding.rule)
      expect(roundMicros(exact, denominator, compileRounding(rounding))).toBe(steps * step)
    }),
    { numRuns: 2000 },
  )
})

test('rounded amounts keep their order and differ by no more than is said, which some reach', () => {
  fc.assert(
    fc.property(denominators, fc.bigInt(0n, 90n), fc.constantFrom(...rules), (denominator, difference, rule) => {
      const rounding = compileRounding({ digits: 6, rule })
      const most = mostRoundedDifference(difference, denominator, rounding)
      let found = 0n
      // Rounding repeats after two steps, so these are all the places there are.
      for (let start = 0n; start < denominator * 2n; start++) {
        const before = roundMicros(start, denominator, rounding)
        const rise = roundMicros(start + difference, denominator, rounding) - before
        expect(rise >= 0n && rise <= most).toBe(true)
        if (rise > found) found = rise
      }
      expect(found).toBe(most)
    }),
    { numRuns: 500 },
  )
})
