import { expect, test } from 'vitest'
import { perUnits, withThousands, writtenMoney } from './written-amounts.ts'

test.each([
  ['0', '0'],
  ['999', '999'],
  ['1000', '1,000'],
  ['-1234567.8901', '-1,234,567.8901'],
  ['12345678901234567890', '12,345,678,901,234,567,890'],
])('%s is written %s', (text, grouped) => {
  expect(withThousands(text)).toBe(grouped)
})

test.each([
  ['3', '3.00'],
  ['0.5', '0.50'],
  ['1234.567', '1,234.567'],
])('the amount %s is written %s', (text, written) => {
  expect(writtenMoney(text)).toBe(written)
})

test('one unit is not counted', () => {
  expect(perUnits(1n, 'EUR', 'token')).toBe('EUR per token')
  expect(perUnits(1000n, 'EUR', 'token')).toBe('EUR per 1,000 token')
})
