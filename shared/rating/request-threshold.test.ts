import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parsePrice } from './price-schema.ts'
import { compilePrice, type CompiledPrice } from './price.ts'
import { routeOf } from './route.ts'

function compiled(above: readonly string[]): CompiledPrice {
  const parsed = parsePrice({
    model: 'request-threshold',
    fact: 'ai.total_input_tokens',
    amount: '3',
    per: 1_000_000,
    above: above.map((bound) => ({ above: bound, amount: '6' })),
  })
  if (!parsed.ok) throw new Error(parsed.fault.message)
  return compilePrice(parsed.value)
}

function bandOf(price: CompiledPrice, facts: readonly (readonly [string, bigint])[]): number {
  return routeOf(price, { timeMs: 0, labels: [], facts })
}

const bands: readonly [string, readonly (readonly [string, bigint])[], number][] = [
  ['no fact', [], 0],
  ['another fact', [['size', 900_000n]], 0],
  ['nothing', [['ai.total_input_tokens', 0n]], 0],
  ['exactly the threshold', [['ai.total_input_tokens', 128_000n]], 0],
  ['one more', [['ai.total_input_tokens', 128_001n]], 1],
  ['exactly the second', [['ai.total_input_tokens', 200_000n]], 1],
  ['above both', [['ai.total_input_tokens', 200_001n]], 2],
  ['the largest fact there is', [['ai.total_input_tokens', 2n ** 63n - 1n]], 2],
  [
    'the fact among others',
    [
      ['a', 1n],
      ['ai.total_input_tokens', 150_000n],
      ['b', 999_999n],
    ],
    1,
  ],
]

test.each(bands)('a request with %s lies in its band', (_, facts, band) => {
  expect(bandOf(compiled(['128000', '200000']), facts)).toBe(band)
})

test('a request has crossed as many thresholds as it is strictly above', () => {
  const bounds = fc.uniqueArray(fc.bigInt(1n, 40n), { minLength: 1, maxLength: 16 })
  fc.assert(
    fc.property(bounds, fc.bigInt(0n, 45n), (unsorted, size) => {
      const sorted = unsorted.toSorted((left, right) => Number(left - right))
      const crossed = sorted.filter((bound) => size - bound > 0n).length
      expect(bandOf(compiled(sorted.map(String)), [['ai.total_input_tokens', size]])).toBe(crossed)
    }),
    { numRuns: 300 },
  )
})

test('every band charges all of the request at its own price, rounded as the price says', () => {
  const parsed = parsePrice({
    model: 'request-threshold',
    fact: 'size',
    amount: '0.25',
    per: 10,
    above: [{ above: 5, amount: '0.5' }],
    rounding: { digits: 2, rule: 'up' },
  })
  if (!parsed.ok) throw new Error(parsed.fault.message)
  const single = (amount: string): unknown => {
    const one = parsePrice({ model: 'per-unit', amount, per: 10, rounding: { digits: 2, rule: 'up' } })
    return one.ok ? compilePrice(one.value).models[0] : one
  }
  expect(compilePrice(parsed.value).models).toEqual([single('0.25'), single('0.5')])
})
