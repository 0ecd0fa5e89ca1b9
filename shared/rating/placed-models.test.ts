import { expect, test } from 'vitest'
import { compileModel } from './model.ts'
import { modelsOf, type RouteStep } from './placed-models.ts'
import { parsePrice } from './price-schema.ts'
import { compilePrice, type Price } from './price.ts'
import { routeOf } from './route.ts'

const perUnit = (amount: string): object => ({ model: 'per-unit', amount })
const threshold = { model: 'request-threshold', fact: 'size', amount: '5', above: [{ above: 10, amount: '6' }] }
const timeOfUse = {
  model: 'time-of-use',
  zone: 'UTC',
  offsets: [[0, 0]],
  windows: [{ name: 'peak', at: [{ from: '08:00', to: '20:00' }], price: perUnit('4') }],
  otherwise: { name: 'off-peak', price: threshold },
}
const rows = [
  { when: {}, ...perUnit('1') },
  { when: { model: 'a', region: 'eu' }, ...timeOfUse },
  { when: { model: 'b' }, ...threshold },
  { when: { model: 'a' }, ...perUnit('2') },
]

function read(json: unknown): Price {
  const parsed = parsePrice(json)
  if (!parsed.ok) throw new Error(parsed.fault.message)
  return parsed.value
}
const price = read({ model: 'matrix', dimensions: ['model', 'region'], rows })

function placeOf(labels: readonly (readonly [string, string])[], hour: number, size: bigint): readonly RouteStep[] {
  const model = routeOf(compilePrice(price), { timeMs: hour * 3_600_000, labels, facts: [['size', size]] })
  return modelsOf(price)[model]?.where ?? []
}

const row = (...when: (string | null)[]): RouteStep => ({ step: 'row', dimensions: ['model', 'region'], when })
const places: readonly [string, readonly (readonly [string, string])[], number, bigint, readonly RouteStep[]][] = [
  ['any row', [['model', 'c']], 0, 0n, [row(null, null)]],
  [
    'a row of one label',
    [
      ['model', 'a'],
      ['region', 'us'],
    ],
    0,
    0n,
    [row('a', null)],
  ],
  [
    'a window of a row',
    [
      ['model', 'a'],
      ['region', 'eu'],
    ],
    8,
    99n,
    [row('a', 'eu'), { step: 'window', name: 'peak', zone: 'UTC' }],
  ],
  [
    'a band of a window of a row',
    [
      ['model', 'a'],
      ['region', 'eu'],
    ],
    20,
    10n,
    [
      row('a', 'eu'),
      { step: 'window', name: 'off-peak', zone: 'UTC' },
      { step: 'band', fact: 'size', above: null, upTo: 10n },
    ],
  ],
  [
    'the last band of a row',
    [['model', 'b']],
    0,
    11n,
    [row('b', null), { step: 'band', fact: 'size', above: 10n, upTo: null }],
  ],
]

test.each(places)('usage that is charged by %s is said to be', (_, labels, hour, size, where) => {
  expect(placeOf(labels, hour, size)).toEqual(where)
})

test('models are in the order they are compiled in', () => {
  for (const one of [price, read(timeOfUse), read(threshold), read(perUnit('3'))]) {
    expect(compilePrice(one).models).toEqual(modelsOf(one).map(({ terms }) => compileModel(terms)))
  }
  expect(modelsOf(read(perUnit('3')))).toEqual([{ terms: read(perUnit('3')), where: [] }])
})
