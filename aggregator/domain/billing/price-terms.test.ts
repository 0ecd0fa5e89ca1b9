import { expect, test } from 'vitest'
import type { Price } from '@meterline/shared/rating/price.ts'
import { priceTerms, withThousands } from './price-terms.ts'

test.each<readonly [terms: string, price: Price]>([
  ['3.00 EUR per 1,000,000 byte', { model: 'per-unit', amount: '3', per: 1_000_000n }],
  ['1,234.5678 EUR per byte', { model: 'per-unit', amount: '1234.5678', per: 1n }],
  ['0.00 EUR per byte', { model: 'per-unit', amount: '0', per: 1n }],
  [
    'free up to 5,000, 0.02 EUR per 1,000 byte up to 2,000,000 and 1.50 once, then 0.01',
    {
      model: 'graduated',
      per: 1000n,
      tiers: [
        { upTo: 5000n, amount: '0' },
        { upTo: 2_000_000n, amount: '0.02', flat: '1.5' },
        { upTo: null, amount: '0.01' },
      ],
    },
  ],
  ['free and 9.00 once', { model: 'graduated', per: 1n, tiers: [{ upTo: null, amount: '0', flat: '9' }] }],
])('%s', (terms, price) => {
  expect(priceTerms(price, 'EUR', 'byte')).toBe(terms)
})

test.each([
  ['0', '0'],
  ['999', '999'],
  ['1000', '1,000'],
  ['-1234567.8901', '-1,234,567.8901'],
  ['12345678901234567890', '12,345,678,901,234,567,890'],
])('%s is written %s', (text, grouped) => {
  expect(withThousands(text)).toBe(grouped)
})
