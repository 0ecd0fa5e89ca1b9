import { expect, test } from 'vitest'
import { JsonNumber, parseExactJson, shiftedAmount, wholeNumberOf } from './exact-json.ts'

test('numbers keep their text, and everything else is what JSON says', () => {
  const parsed = parseExactJson('{"a": 1.50e-07, "b": [0, "1", null, true], "c": {"d": 12345678901234567890}}')
  expect(parsed).toEqual({
    ok: true,
    value: {
      a: new JsonNumber('1.50e-07'),
      b: [new JsonNumber('0'), '1', null, true],
      c: { d: new JsonNumber('12345678901234567890') },
    },
  })
  expect(parseExactJson('{"a": 1,}')).toMatchObject({ ok: false, fault: { code: 'json_invalid' } })
})

const amounts: readonly [string, number, string | null][] = [
  ['2.5e-06', 6, '2.5'],
  ['2.50E-6', 6, '2.5'],
  ['1.0000000000000002e-06', 6, '1.0000000000000002'],
  ['0.000000123', 6, '0.123'],
  ['3', 6, '3000000'],
  ['1e2', 6, '100000000'],
  ['0.0', 6, '0'],
  ['0e-300', 6, '0'],
  ['100', 0, '100'],
  ['1200e-4', 0, '0.12'],
  ['-1e-6', 6, null],
  ['-0.0', 6, '0'],
  ['1e-36', 6, '0.000000000000000000000000000001'],
  ['1e-37', 6, null],
  ['1e25', 6, null],
]

test.each(amounts)('%s times ten to the power of %i is %s', (text, shift, amount) => {
  expect(shiftedAmount(new JsonNumber(text), shift)).toBe(amount)
})

test('what is no number has no amount', () => {
  for (const value of ['1', null, undefined, 1, {}, [new JsonNumber('1')]]) expect(shiftedAmount(value, 6)).toBeNull()
})

test('whole numbers are recognised however they are written', () => {
  expect(wholeNumberOf(new JsonNumber('256000.0'))).toBe(256_000n)
  expect(wholeNumberOf(new JsonNumber('2.56e5'))).toBe(256_000n)
  expect(wholeNumberOf(new JsonNumber('0'))).toBe(0n)
  expect(wholeNumberOf(new JsonNumber('0.5'))).toBeNull()
  expect(wholeNumberOf('5')).toBeNull()
})
