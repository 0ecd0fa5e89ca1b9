import { describe, expect, test } from 'vitest'
import { compileModel, type PriceModel } from '@meterline/shared/rating/model.ts'
import { positionAt } from '@meterline/shared/rating/position.ts'
import { tierShares } from '@meterline/shared/rating/tier-shares.ts'
import { modelTerms, tierTerms } from './model-terms.ts'

const tiers = [
  { upTo: 5000n, amount: '0' },
  { upTo: 2_000_000n, amount: '0.02', flat: '1.5' },
  { upTo: null, amount: '0.01' },
]

const cases: readonly (readonly [terms: string, tierWords: readonly string[], model: PriceModel])[] = [
  [
    'free up to 5,000, 0.02 EUR per 1,000 byte up to 2,000,000 and 1.50 once, then 0.01',
    ['free', '0.02 EUR per 1,000 byte and 1.50 EUR once', '0.01 EUR per 1,000 byte'],
    { model: 'graduated', per: 1000n, tiers },
  ],
  [
    '5.00 EUR per started 100 byte up to 1,000, then 0.04 EUR per byte, nothing without usage',
    ['5.00 EUR per started 100 byte', '0.04 EUR per byte'],
    {
      model: 'graduated',
      per: 1n,
      tiers: [
        { upTo: 1000n, amount: '5', block: 100n },
        { upTo: null, amount: '0.04' },
      ],
      flatAtZero: false,
    },
  ],
  [
    'all units by the tier their total lies in: free up to 5,000, 0.02 EUR per 1,000 byte up to 2,000,000 and 1.50, then 0.01',
    ['free', 'all units at 0.02 EUR per 1,000 byte and 1.50 EUR flat', 'all units at 0.01 EUR per 1,000 byte'],
    { model: 'volume', per: 1000n, tiers },
  ],
  [
    '10.00 EUR in all up to 100 byte, 20.00 up to 200, then 30.00, nothing without usage',
    ['10.00 EUR in all', '20.00 EUR in all', '30.00 EUR in all'],
    {
      model: 'stair-step',
      tiers: [
        { upTo: 100n, flat: '10' },
        { upTo: 200n, flat: '20' },
        { upTo: null, flat: '30' },
      ],
      flatAtZero: false,
    },
  ],
  [
    '5.00 EUR per started 100 byte, the first 50 free',
    ['5.00 EUR per started 100 byte, the first 50 free'],
    { model: 'package', size: 100n, amount: '5', free: 50n, each: 'period' },
  ],
  [
    '5.00 EUR per started 100 byte of each event, at least 1 started per event',
    ['5.00 EUR per started 100 byte of each event, at least 1 started per event'],
    { model: 'package', size: 100n, amount: '5', each: 'event', least: 1n },
  ],
  [
    '2.9 % of the amount (1.00 EUR is 100 byte) and 0.30 EUR per event, the first 3 events up to 500.00 EUR free, ' +
      'at least 0.50 EUR per event, at most 9.00 EUR per event',
    [
      '2.9 % of the amount (1.00 EUR is 100 byte) and 0.30 EUR per event, the first 3 events up to 500.00 EUR free, ' +
        'at least 0.50 EUR per event, at most 9.00 EUR per event',
    ],
    {
      model: 'percentage',
      per: 100n,
      rate: '2.9',
      fixed: '0.3',
      freeEvents: 3,
      freeAmount: '500',
      minimumEach: '0.5',
      maximumEach: '9',
    },
  ],
  [
    '1 % of the amount (1.00 EUR is 1 byte), the first 500.00 EUR free',
    ['1 % of the amount (1.00 EUR is 1 byte), the first 500.00 EUR free'],
    { model: 'percentage', per: 1n, rate: '1', freeAmount: '500' },
  ],
  [
    '2 % of the amount (1.00 EUR is 100 byte) up to 1,000 and 3.00 once, then 1.5 %',
    ['2 % and 3.00 EUR once', '1.5 %'],
    {
      model: 'graduated-percentage',
      per: 100n,
      tiers: [
        { upTo: 1000n, rate: '2', flat: '3' },
        { upTo: null, rate: '1.5' },
      ],
    },
  ],
  [
    '0.10 EUR per event, 0.60 EUR per 60 byte by started 60, from 120 on 0.30 EUR per 60 byte by started 30, ' +
      'each increment rounded to 4 digits',
    [
      '0.10 EUR per event, 0.60 EUR per 60 byte by started 60, from 120 on 0.30 EUR per 60 byte by started 30, ' +
        'each increment rounded to 4 digits',
    ],
    {
      model: 'stepped',
      connect: '0.1',
      steps: [
        { from: 0n, amount: '0.6', per: 60n, increment: 60n },
        { from: 120n, amount: '0.3', per: 60n, increment: 30n },
      ],
      incrementDigits: 4,
    },
  ],
  [
    '3.00 EUR per 1,000,000 byte, at least 5.00 EUR, at most 20.00 EUR, rounded to 2 digits up',
    ['3.00 EUR per 1,000,000 byte'],
    {
      model: 'per-unit',
      amount: '3',
      per: 1_000_000n,
      minimum: '5',
      maximum: '20',
      rounding: { digits: 2, rule: 'up' },
    },
  ],
]

describe('a price model in words', () => {
  test.each(cases)('%s', (terms, tierWords, model) => {
    expect(modelTerms(model, 'EUR', 'byte')).toBe(terms)
    expect(tierTerms(model, 'EUR', 'byte')).toEqual(tierWords)
  })

  test.each(cases)('has words for every part that its total is divided into: %s', (_terms, tierWords, model) => {
    expect(tierShares(compileModel(model), positionAt(0n))).toHaveLength(tierWords.length)
  })
})
