import { expect, test } from 'vitest'
import { modelsOf } from '@meterline/shared/rating/placed-models.ts'
import type { MatrixPrice } from '@meterline/shared/rating/matrix.ts'
import type { Price } from '@meterline/shared/rating/price.ts'
import type { RequestThresholdPrice } from '@meterline/shared/rating/request-threshold.ts'
import { placeWords } from './place-words.ts'
import { priceTerms } from './price-terms.ts'

const longPrompts: RequestThresholdPrice = {
  model: 'request-threshold',
  fact: 'ai.total_input_tokens',
  amount: '3',
  per: 1_000_000n,
  above: [
    { above: 128_000n, amount: '4.5' },
    { above: 200_000n, amount: '6' },
  ],
}

const peakHours: Price = {
  model: 'time-of-use',
  zone: 'Europe/Berlin',
  offsets: [{ fromMs: 0, offsetMinutes: 60 }],
  windows: [
    {
      name: 'peak',
      at: [{ days: [0, 1, 2, 3, 4], fromMinute: 480, toMinute: 1200 }],
      price: { model: 'per-unit', amount: '0.4', per: 1000n },
    },
  ],
  otherwise: { name: 'off-peak', price: { model: 'per-unit', amount: '0.25', per: 1000n } },
}

function matrix(rows: MatrixPrice['rows']): MatrixPrice {
  return { model: 'matrix', dimensions: ['model', 'region'], rows }
}

test.each<readonly [terms: string, price: Price]>([
  ['3.00 EUR per 1,000,000 byte', { model: 'per-unit', amount: '3', per: 1_000_000n }],
  ['1,234.5678 EUR per byte', { model: 'per-unit', amount: '1234.5678', per: 1n }],
  ['0.00 EUR per byte', { model: 'per-unit', amount: '0', per: 1n }],
  ['free and 9.00 once', { model: 'graduated', per: 1n, tiers: [{ upTo: null, amount: '0', flat: '9' }] }],
  [
    'up to 128,000 ai.total_input_tokens: 3.00 EUR per 1,000,000 byte | ' +
      'more than 128,000 to 200,000 ai.total_input_tokens: 4.50 EUR per 1,000,000 byte | ' +
      'more than 200,000 ai.total_input_tokens: 6.00 EUR per 1,000,000 byte',
    longPrompts,
  ],
  ['peak, Europe/Berlin: 0.40 EUR per 1,000 byte | off-peak, Europe/Berlin: 0.25 EUR per 1,000 byte', peakHours],
  [
    '7 prices by model, region',
    matrix(
      ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((model) => ({
        when: [model, null],
        price: { model: 'per-unit', amount: '1', per: 1n },
      })),
    ),
  ],
])('%s', (terms, price) => {
  expect(priceTerms(price, 'EUR', 'byte')).toBe(terms)
})

test('the way to each model is said from the outside in', () => {
  const price = matrix([
    { when: ['gpt-4o', 'eu'], price: longPrompts },
    { when: [null, 'us'], price: peakHours },
    { when: [null, null], price: { model: 'per-unit', amount: '1', per: 1n } },
  ])
  expect(modelsOf(price).map(placeWords)).toEqual([
    'model gpt-4o, region eu; up to 128,000 ai.total_input_tokens',
    'model gpt-4o, region eu; more than 128,000 to 200,000 ai.total_input_tokens',
    'model gpt-4o, region eu; more than 200,000 ai.total_input_tokens',
    'region us; peak, Europe/Berlin',
    'region us; off-peak, Europe/Berlin',
    'any other model, region',
  ])
  expect(modelsOf({ model: 'per-unit', amount: '1', per: 1n }).map(placeWords)).toEqual([''])
})
