import { describe, expect, test } from 'vitest'
import { parsePrice } from './price-schema.ts'
import { compilePrice, type CompiledPrice } from './price.ts'
import { partsOf, routeOf } from './route.ts'
import { statedFact } from './stated-fact.ts'

const fact = (labels: readonly [string, string][], facts: readonly [string, bigint][] = []) =>
  statedFact({ labels, facts }, 'seconds')

describe('the number an event states under a name', () => {
  test.each<readonly [what: string, text: string, value: bigint | null]>([
    ['digits', '7200', 7200n],
    ['zero', '0', 0n],
    ['the largest there is', '9223372036854775807', 2n ** 63n - 1n],
    ['more than that', '9223372036854775808', null],
    ['twenty digits', '10000000000000000000', null],
    ['a fraction', '1.5', null],
    ['a negative number', '-1', null],
    ['zeros in front', '007', null],
    ['an exponent', '1e3', null],
    ['a text', 'long', null],
    ['nothing', '', null],
    ['digits and a line end', '7200\n', null],
  ])('as a dimension: %s', (_what, text, value) => {
    expect(fact([['seconds', text]])).toBe(value)
  })

  test('a fact goes before a dimension, and other names are not looked at', () => {
    expect(fact([['seconds', '5']], [['seconds', 7n]])).toBe(7n)
    expect(fact([['minutes', '5']], [['minutes', 7n]])).toBeNull()
    expect(fact([])).toBeNull()
  })
})

function compiled(json: unknown): CompiledPrice {
  const parsed = parsePrice(json)
  if (!parsed.ok) throw new Error(parsed.fault.message)
  return compilePrice(parsed.value)
}

test('a request that states its size as a dimension lies in its band', () => {
  const price = compiled({
    model: 'request-threshold',
    fact: 'size',
    amount: '1',
    above: [{ above: 100, amount: '2' }],
  })
  const bandOf = (size: string) => routeOf(price, { timeMs: 0, labels: [['size', size]], facts: [] })
  expect(['100', '101', 'large'].map(bandOf)).toEqual([0, 1, 0])
})

test('usage that states how long it took as a dimension is divided where a window ends', () => {
  const price = compiled({
    model: 'time-of-use',
    zone: 'Etc/UTC',
    offsets: [[0, 0]],
    windows: [{ name: 'morning', at: [{ to: '12:00' }], price: { model: 'per-unit', amount: '1' } }],
    otherwise: { name: 'later', price: { model: 'per-unit', amount: '2' } },
    duration: { fact: 'minutes', unit: '1m' },
  })
  const elevenMs = Date.UTC(2026, 2, 23, 11)
  expect(partsOf(price, { timeMs: elevenMs, labels: [['minutes', '180']], facts: [] }, 10n)).toEqual([
    { model: 0, quantity: 3n },
    { model: 1, quantity: 7n },
  ])
})
