import fc from 'fast-check'
import { expect, test } from 'vitest'
import { largestQuantity, parseQuantity } from './quantity.ts'

test.each([
  [0, 0n],
  [-0, 0n],
  [1, 1n],
  [9_007_199_254_740_991, 9_007_199_254_740_991n],
  ['0', 0n],
  ['-0', 0n],
  ['42', 42n],
  ['9007199254740993', 9_007_199_254_740_993n],
  ['9223372036854775807', largestQuantity],
])('%j is the quantity %i', (value, quantity) => {
  expect(parseQuantity(value)).toEqual({ ok: true, value: quantity })
})

test.each([
  [undefined, 'quantity_missing'],
  [null, 'quantity_missing'],
  [1.5, 'quantity_not_integer'],
  [-1.5, 'quantity_not_integer'],
  [Number.NaN, 'quantity_not_integer'],
  [Number.POSITIVE_INFINITY, 'quantity_not_integer'],
  [true, 'quantity_not_integer'],
  [[1], 'quantity_not_integer'],
  [{ value: 1 }, 'quantity_not_integer'],
  ['', 'quantity_not_integer'],
  ['1.0', 'quantity_not_integer'],
  ['1e3', 'quantity_not_integer'],
  [' 1', 'quantity_not_integer'],
  ['1\n', 'quantity_not_integer'],
  ['007', 'quantity_not_integer'],
  ['+7', 'quantity_not_integer'],
  ['0x1F', 'quantity_not_integer'],
  ['x'.repeat(1_000), 'quantity_not_integer'],
  [-1, 'quantity_negative'],
  ['-1', 'quantity_negative'],
  ['-99999999999999999999999', 'quantity_negative'],
  [9_007_199_254_740_992, 'quantity_too_large'],
  [1e300, 'quantity_too_large'],
  ['9223372036854775808', 'quantity_too_large'],
  ['9'.repeat(60_000), 'quantity_too_large'],
])('%j is refused as %s', (value, code) => {
  const result = parseQuantity(value)
  expect(result).toMatchObject({ ok: false, fault: { code } })
  if (!result.ok) expect(result.fault.message.length).toBeLessThan(200)
})

test('every quantity is read from its digits', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: largestQuantity }), (quantity) => {
      expect(parseQuantity(quantity.toString())).toEqual({ ok: true, value: quantity })
      if (quantity <= BigInt(Number.MAX_SAFE_INTEGER)) {
        expect(parseQuantity(Number(quantity))).toEqual({ ok: true, value: quantity })
      }
    }),
  )
})

test('anything at all gives a quantity in range or a fault', () => {
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const result = parseQuantity(value)
      expect(!result.ok || (result.value >= 0n && result.value <= largestQuantity)).toBe(true)
    }),
  )
})
