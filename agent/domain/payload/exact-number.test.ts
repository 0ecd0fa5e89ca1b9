import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exactDecimal, shortestDecimal } from './exact-number.ts'

const taken: readonly [unknown, string, number][] = [
  [0, '0', 0],
  [-0, '0', 0],
  [12, '12', 0],
  [-12, '-12', 0],
  [Number.MAX_SAFE_INTEGER, '9007199254740991', 0],
  [10n ** 30n, '1000000000000000000000000000000', 0],
  [12.5, '125', 1],
  [-0.001, '-1', 3],
  [1e-7, '1', 7],
  [123_456_789.012_345, '123456789012345', 6],
  ['12.50', '125', 1],
  ['-0', '0', 0],
  ['-0.0', '0', 0],
  ['1.5e3', '1500', 0],
  ['1.5E+3', '1500', 0],
  ['1500e-3', '15', 1],
  ['15e-1', '15', 1],
  ['0e30', '0', 0],
  ['9007199254740993', '9007199254740993', 0],
  ['1234567890123456789012345678901234567.89', '123456789012345678901234567890123456789', 2],
]

test.each(taken)('%s is taken exactly', (value, digits, scale) => {
  const magnitude = BigInt(digits.replace('-', ''))
  const expected = { digits: magnitude, scale, negative: digits.startsWith('-') }
  expect(exactDecimal(value)).toEqual({ ok: true, value: expected })
})

const refused: readonly [unknown, string][] = [
  [undefined, 'quantity_missing'],
  [null, 'quantity_missing'],
  [Number.NaN, 'quantity_not_number'],
  [Number.POSITIVE_INFINITY, 'quantity_not_number'],
  [true, 'quantity_not_number'],
  [[1], 'quantity_not_number'],
  [Uint8Array.of(1), 'quantity_not_number'],
  ['', 'quantity_not_number'],
  [' 1', 'quantity_not_number'],
  ['01', 'quantity_not_number'],
  ['+1', 'quantity_not_number'],
  ['1.', 'quantity_not_number'],
  ['.5', 'quantity_not_number'],
  ['0x10', 'quantity_not_number'],
  ['1,5', 'quantity_not_number'],
  ['1e', 'quantity_not_number'],
  ['1'.repeat(65), 'quantity_not_number'],
  [0.1 + 0.2, 'quantity_inexact'],
  [1 / 3, 'quantity_inexact'],
  [Math.fround(0.1), 'quantity_inexact'],
  [2 ** 53, 'quantity_too_large'],
  [1e21, 'quantity_too_large'],
  ['1e31', 'quantity_too_large'],
  ['1e-31', 'quantity_too_large'],
  ['1'.repeat(41), 'quantity_too_large'],
]

test.each(refused)('%s is refused', (value, code) => {
  const result = exactDecimal(value)
  expect(result.ok ? null : result.fault.code).toBe(code)
})

test('fractions are taken as they were printed where rounding is asked for anyway', () => {
  expect(shortestDecimal(0.1 + 0.2)).toMatchObject({ value: { digits: 30_000_000_000_000_004n, scale: 17 } })
  expect(shortestDecimal(2 ** 53)).toMatchObject({ fault: { code: 'quantity_too_large' } })
})

test('a text of up to 15 digits means the same as the number JSON reads it as', () => {
  const digits = fc.integer({ min: 0, max: 999_999_999_999_999 })
  fc.assert(
    fc.property(digits, fc.integer({ min: 0, max: 20 }), fc.boolean(), (significand, places, negative) => {
      const padded = String(significand).padStart(places + 1, '0')
      const whole = padded.slice(0, padded.length - places)
      const text = `${negative ? '-' : ''}${whole}${places === 0 ? '' : `.${padded.slice(padded.length - places)}`}`
      expect(exactDecimal(JSON.parse(text))).toEqual(exactDecimal(text))
    }),
  )
})
