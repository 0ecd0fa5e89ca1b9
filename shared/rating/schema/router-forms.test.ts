import { expect, test } from 'vitest'
import { parsePrice } from '../price-schema.ts'
import { compilePrice, priceJson, type Price } from '../price.ts'

const perUnit = (amount: string): object => ({ model: 'per-unit', amount })
const threshold = { model: 'request-threshold', fact: 'size', amount: '1', above: [{ above: 10, amount: '2' }] }
const timeOfUse = {
  model: 'time-of-use',
  zone: 'Europe/Berlin',
  windows: [{ name: 'peak', at: [{ days: 'mon-fri', from: '08:00', to: '20:00' }], price: perUnit('3') }],
  otherwise: { name: 'off-peak', price: threshold },
}
const matrix = {
  model: 'matrix',
  dimensions: ['model', 'region'],
  rows: [
    { when: {}, ...perUnit('9') },
    { when: { region: null, model: 'b' }, ...threshold },
    { when: { model: 'a', region: 'eu' }, ...timeOfUse },
    { when: { model: 'a' }, ...perUnit('1') },
  ],
}

function read(json: unknown): Price {
  const parsed = parsePrice(json)
  if (!parsed.ok) throw new Error(parsed.fault.message)
  return parsed.value
}

test.each([
  ['request-threshold', threshold],
  ['time-of-use', timeOfUse],
  ['matrix', matrix],
])('the one form of a %s price reads back to the same price', (_, json) => {
  const price = read(json)
  expect(read(priceJson(price))).toEqual(price)
  expect(JSON.stringify(priceJson(read(priceJson(price))))).toBe(JSON.stringify(priceJson(price)))
})

test('what is left out or written otherwise comes out in one form', () => {
  expect(priceJson(read(threshold))).toEqual({
    model: 'request-threshold',
    fact: 'size',
    amount: '1',
    per: '1',
    above: [{ above: '10', amount: '2' }],
  })
  expect(priceJson(read({ ...timeOfUse, duration: { fact: 'took', unit: '60s' } }))).toEqual({
    model: 'time-of-use',
    zone: 'Europe/Berlin',
    windows: [
      {
        name: 'peak',
        at: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', to: '20:00' }],
        price: { model: 'per-unit', amount: '3', per: '1' },
      },
    ],
    otherwise: { name: 'off-peak', price: priceJson(read(threshold)) },
    duration: { fact: 'took', unit: '1m' },
  })
  const days = (written: unknown): unknown => {
    const windows = [{ name: 'w', at: [written], price: perUnit('1') }]
    const price = read({ ...timeOfUse, windows })
    return price.model === 'time-of-use' ? price.windows[0]?.at[0] : price
  }
  expect(days({ days: ['Sat', 'sun-tue'] })).toEqual({ days: [0, 1, 5, 6], fromMinute: 0, toMinute: 1440 })
  expect(days({ to: '06:30' })).toEqual({ days: [0, 1, 2, 3, 4, 5, 6], fromMinute: 0, toMinute: 390 })
})

test('rows come out sorted, with the texts they look at', () => {
  const json = priceJson(read(matrix))
  expect((json['rows'] as { when: object }[]).map(({ when }) => when)).toEqual([
    { model: 'a', region: 'eu' },
    { model: 'a' },
    { model: 'b' },
    {},
  ])
  expect(priceJson(read({ ...matrix, rows: matrix.rows.toReversed() }))).toEqual(json)
})

const peak = timeOfUse.windows[0]
const refused: readonly [string, unknown, string][] = [
  ['no threshold', { ...threshold, above: [] }, 'above is empty; write at least one threshold'],
  [
    'thresholds that fall',
    {
      ...threshold,
      above: [
        { above: 10, amount: '2' },
        { above: 10, amount: '3' },
      ],
    },
    'above.1.above is 10, not above the threshold before (10); write thresholds in increasing order',
  ],
  ['a fact with a line break', { ...threshold, fact: 'a\nb' }, 'fact is no plain text'],
  [
    'hours over midnight',
    { ...timeOfUse, windows: [{ ...peak, at: [{ days: 'mon', from: '22:00', to: '06:00' }] }] },
    'windows.0.at.0.to is not after "from"; write hours over midnight as two entries',
  ],
  [
    'an hour that is none',
    { ...timeOfUse, windows: [{ ...peak, at: [{ from: '8:00' }] }] },
    'windows.0.at.0.from is no time of day; write it like "08:30"',
  ],
  [
    'a day that is none',
    { ...timeOfUse, windows: [{ ...peak, at: [{ days: 'monday' }] }] },
    'windows.0.at.0.days names no days; write days such as mon-fri',
  ],
  [
    'two windows of one name',
    { ...timeOfUse, otherwise: { name: 'peak', price: perUnit('1') } },
    'windows.0.name is the name of another window',
  ],
  [
    'a price of whole events with a duration',
    {
      ...timeOfUse,
      duration: { fact: 'took', unit: '1s' },
      otherwise: { name: 'off', price: { model: 'package', size: 24, amount: '1', each: 'event' } },
    },
    'otherwise.price.model prices whole events, which cannot be split by time',
  ],
  [
    'a unit that is none',
    { ...timeOfUse, duration: { fact: 'took', unit: 'second' } },
    'duration.unit is no unit of time; write it like 1ms, 1s, 1m or 1h',
  ],
  [
    'offsets that go back',
    {
      ...timeOfUse,
      offsets: [
        [5, 60],
        [5, 0],
      ],
    },
    'offsets.1 is not later than the one before',
  ],
  ['a matrix inside a matrix', { ...matrix, rows: [{ when: {}, ...matrix }] }, 'rows.0'],
  ['no rows', { ...matrix, rows: [] }, 'rows is empty; write at least one row'],
  ['a dimension twice', { ...matrix, dimensions: ['model', 'region', 'model'] }, 'dimensions.2 is named twice'],
  [
    'a dimension nobody knows',
    { ...matrix, rows: [{ when: { modell: 'a' }, ...perUnit('1') }] },
    'rows.0.when.modell is no dimension of this matrix; known here: model, region',
  ],
  [
    'a number where a text is needed',
    { ...matrix, rows: [{ when: { model: 4 }, ...perUnit('1') }] },
    'rows.0.when.model is no text; write 1 to 128 bytes of plain text, in quotes where it looks like a number',
  ],
  [
    'a row twice',
    {
      ...matrix,
      rows: [
        { when: { model: 'a' }, ...perUnit('1') },
        { when: { model: 'a', region: null }, ...perUnit('2') },
      ],
    },
    'rows.1.when is for model a, as rows[0] is',
  ],
  [
    'rows that tie',
    {
      ...matrix,
      rows: [
        { when: { model: 'a' }, ...perUnit('1') },
        { when: { region: 'eu' }, ...perUnit('2') },
      ],
    },
    'rows.1.when ties with rows[0]: both match model a, region eu, and neither is more specific; write a row for model a, region eu',
  ],
]

test.each(refused)('%s is refused in words', (_, json, message) => {
  const parsed = parsePrice(json)
  expect(parsed.ok).toBe(false)
  if (!parsed.ok) expect(parsed.fault.message).toContain(message)
})

test('a tie is none where a more specific row decides', () => {
  const rows = [
    { when: { model: 'a' }, ...perUnit('1') },
    { when: { region: 'eu' }, ...perUnit('2') },
    { when: { model: 'a', region: 'eu' }, ...perUnit('3') },
  ]
  expect(parsePrice({ ...matrix, rows }).ok).toBe(true)
})

test('equal models of a matrix are one object', () => {
  const rows = ['a', 'b', 'c'].map((model) => ({ when: { model }, ...perUnit(model === 'c' ? '2' : '1') }))
  const { models } = compilePrice(read({ ...matrix, rows }))
  expect(models).toHaveLength(3)
  expect(models[0]).toBe(models[1])
  expect(models[0]).not.toEqual(models[2])
})
