import fc from 'fast-check'
import { expect, test } from 'vitest'
import { divideRounded, formatMicros, formatMinorUnits, roundToMinorUnit, type RoundingRule } from './money.ts'

test.each([
  // numerator, denominator, half-away, half-even
  [0n, 3n, 0n, 0n],
  [6n, 3n, 2n, 2n],
  [-6n, 3n, -2n, -2n],
  [1n, 3n, 0n, 0n],
  [2n, 3n, 1n, 1n],
  [-1n, 3n, 0n, 0n],
  [-2n, 3n, -1n, -1n],
  [1n, 2n, 1n, 0n],
  [3n, 2n, 2n, 2n],
  [5n, 2n, 3n, 2n],
  [-1n, 2n, -1n, 0n],
  [-3n, 2n, -2n, -2n],
  [-5n, 2n, -3n, -2n],
  [25n, 10n, 3n, 2n],
  [24n, 10n, 2n, 2n],
  [10n ** 40n + 5n, 10n, 10n ** 39n + 1n, 10n ** 39n],
])('%i / %i is %i rounding halves away and %i rounding them to even', (numerator, denominator, away, even) => {
  expect(divideRounded(numerator, denominator, 'half-away')).toBe(away)
  expect(divideRounded(numerator, denominator, 'half-even')).toBe(even)
})

test('a denominator that is not above zero is a bug', () => {
  expect(() => divideRounded(1n, 0n, 'half-away')).toThrow('above zero')
  expect(() => divideRounded(1n, -2n, 'half-away')).toThrow('above zero')
})

const rules = fc.constantFrom<RoundingRule>('half-away', 'half-even')

test('a rounded quotient is never further than a half away, and mirrors around zero', () => {
  fc.assert(
    fc.property(fc.bigInt(), fc.bigInt({ min: 1n }), rules, (numerator, denominator, rule) => {
      const quotient = divideRounded(numerator, denominator, rule)
      const twiceOff = 2n * (numerator - quotient * denominator)
      expect(twiceOff <= denominator && twiceOff >= -denominator).toBe(true)
      if (twiceOff === denominator || twiceOff === -denominator) {
        if (rule === 'half-even') expect(quotient % 2n).toBe(0n)
        else expect(quotient * denominator > numerator).toBe(numerator > 0n)
      }
      expect(divideRounded(-numerator, denominator, rule)).toBe(-quotient)
    }),
  )
})

test.each([
  [12_345_678n, 2, { minorUnits: 1_235n, roundedMicros: 12_350_000n, residueMicros: -4_322n }],
  [12_344_999n, 2, { minorUnits: 1_234n, roundedMicros: 12_340_000n, residueMicros: 4_999n }],
  [-5_000n, 2, { minorUnits: -1n, roundedMicros: -10_000n, residueMicros: 5_000n }],
  [1_499_999n, 0, { minorUnits: 1n, roundedMicros: 1_000_000n, residueMicros: 499_999n }],
  [1_500n, 3, { minorUnits: 2n, roundedMicros: 2_000n, residueMicros: -500n }],
  [7n, 6, { minorUnits: 7n, roundedMicros: 7n, residueMicros: 0n }],
])('%i micros at %i digits', (micros, minorDigits, expected) => {
  expect(roundToMinorUnit(micros, minorDigits, 'half-away')).toEqual(expected)
})

test('rounding and residue give back the amount', () => {
  fc.assert(
    fc.property(fc.bigInt(), fc.nat(6), rules, (micros, minorDigits, rule) => {
      const { minorUnits, roundedMicros, residueMicros } = roundToMinorUnit(micros, minorDigits, rule)
      expect(roundedMicros + residueMicros).toBe(micros)
      expect(minorUnits * 10n ** BigInt(6 - minorDigits)).toBe(roundedMicros)
    }),
  )
  expect(() => roundToMinorUnit(1n, 7, 'half-away')).toThrow('0 to 6 digits')
})

test.each([
  [12_345_678n, '12.345678'],
  [7_000_000n, '7.00'],
  [12_300_000n, '12.30'],
  [12_345_000n, '12.345'],
  [0n, '0.00'],
  [-1n, '-0.000001'],
  [-10_500_000n, '-10.50'],
  [10_000_000n, '10.00'],
  [1_234_567_890_123_456_789_012_345n, '1234567890123456789.012345'],
])('%i micros are written as %s', (micros, text) => {
  expect(formatMicros(micros)).toBe(text)
})

test.each([
  [1_205n, 2, '12.05'],
  [-5n, 2, '-0.05'],
  [0n, 2, '0.00'],
  [980n, 0, '980'],
  [1n, 3, '0.001'],
])('%i minor units of %i digits are written as %s', (minorUnits, minorDigits, text) => {
  expect(formatMinorUnits(minorUnits, minorDigits)).toBe(text)
})
