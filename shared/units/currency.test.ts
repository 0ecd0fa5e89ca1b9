import { expect, test } from 'vitest'
import { knownCurrencies, minorDigitsOf } from './currency.ts'

test.each([
  ['EUR', 2],
  ['USD', 2],
  ['JPY', 0],
  ['KWD', 3],
  ['CLF', 4],
  ['MRU', 2],
  ['XAU', undefined],
  ['XXX', undefined],
  ['eur', undefined],
  ['', undefined],
])('%s has %s digits', (currency, digits) => {
  expect(minorDigitsOf(currency)).toBe(digits)
})

test('every listed code is three capitals and listed once', () => {
  const codes = knownCurrencies()
  expect(codes.length).toBeGreaterThan(150)
  expect(codes.filter((code) => !/^[A-Z]{3}$/.test(code))).toEqual([])
  expect(new Set(codes).size).toBe(codes.length)
})
