import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compareDecimal, formatDecimal, parseDecimal, type Decimal } from './decimal.ts'

test.each([
  ['0', 0n, 0],
  ['-0', 0n, 0],
  ['0.00', 0n, 0],
  ['3', 3n, 0],
  ['100', 100n, 0],
  ['3.00', 3n, 0],
  ['0.0025', 25n, 4],
  ['-12.50', -125n, 1],
  ['-0.1', -1n, 1],
  ['0.000000000000000000000000000001', 1n, 30],
  ['1.0000000000000000000000000000000000', 1n, 0],
  ['123456789012345678901234567890.5', 1234567890123456789012345678905n, 1],
])('%s is read exactly', (text, coefficient, scale) => {
  expect(parseDecimal(text)).toEqual({ ok: true, value: { coefficient, scale } })
})

test.each([
  '',
  ' ',
  '.5',
  '5.',
  '+1',
  '01',
  '-',
  '--1',
  '1e3',
  '1,5',
  '1_000',
  '0x10',
  '１',
  'NaN',
  '1 ',
  '1\n',
  `1${'0'.repeat(80)}`,
])('%j is no decimal', (text) => {
  expect(parseDecimal(text)).toMatchObject({ ok: false, fault: { code: 'decimal_invalid' } })
})

test('more than 30 digits after the point are refused, not rounded', () => {
  expect(parseDecimal(`0.${'0'.repeat(30)}1`)).toMatchObject({ ok: false, fault: { code: 'decimal_invalid' } })
})

const decimals = fc
  .tuple(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), fc.nat(30))
  .map(([coefficient, scale]) => normalised(coefficient, scale))

test('what is written is read back', () => {
  fc.assert(
    fc.property(decimals, (decimal) => {
      expect(parseDecimal(formatDecimal(decimal))).toEqual({ ok: true, value: decimal })
    }),
  )
})

test('comparison is that of the cross-multiplied fractions', () => {
  fc.assert(
    fc.property(decimals, decimals, (left, right) => {
      const crossed = left.coefficient * 10n ** BigInt(right.scale) - right.coefficient * 10n ** BigInt(left.scale)
      expect(compareDecimal(left, right)).toBe(crossed < 0n ? -1 : crossed > 0n ? 1 : 0)
    }),
  )
})

test.each([
  [{ coefficient: -5n, scale: 3 }, '-0.005'],
  [{ coefficient: 12345n, scale: 2 }, '123.45'],
  [{ coefficient: 0n, scale: 0 }, '0'],
])('%o is written as %s', (decimal, text) => {
  expect(formatDecimal(decimal)).toBe(text)
})

function normalised(coefficient: bigint, scale: number): Decimal {
  while (scale > 0 && coefficient % 10n === 0n) {
    coefficient /= 10n
    scale--
  }
  return { coefficient, scale }
}
