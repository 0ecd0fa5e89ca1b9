import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { parsePrice, priceForms } from '../price-schema.ts'
import { priceJson, type Price } from '../price.ts'
import { drawPrice } from '../testing/draw-prices.ts'
import { unionOfFormsBeside, withoutMissing } from './price-form.ts'

function read(written: unknown): Price {
  const parsed = parsePrice(written)
  if (!parsed.ok) throw new Error(parsed.fault.message)
  return parsed.value
}

describe('each price has one form, however it is written', () => {
  test.each<readonly [what: string, written: object, form: object]>([
    ['the least of a per-unit price', { model: 'per-unit', amount: 3 }, { model: 'per-unit', amount: '3', per: '1' }],
    [
      'what holds anyway is not said',
      { model: 'per-unit', amount: '3.00', minimum: '0.0', rounding: { digits: 6, rule: 'half-away' } },
      { model: 'per-unit', amount: '3', per: '1' },
    ],
    [
      'a maximum of nothing is said',
      { model: 'per-unit', amount: '3', maximum: 0, minimum: '0' },
      { model: 'per-unit', amount: '3', per: '1', maximum: '0' },
    ],
    [
      'rounding is said whole',
      { model: 'per-unit', amount: '3', rounding: { digits: 2 } },
      { model: 'per-unit', amount: '3', per: '1', rounding: { digits: 2, rule: 'half-away' } },
    ],
    [
      'tiers: no fee, no blocks of free units, nothing that waits for usage',
      {
        model: 'volume',
        per: '1000',
        flatAtZero: false,
        tiers: [
          { upTo: '10', flat: 0, amount: 0, block: 5 },
          { amount: '2', block: 5, upTo: null },
        ],
      },
      {
        model: 'volume',
        per: '1000',
        tiers: [
          { upTo: '10', amount: '0' },
          { upTo: null, amount: '2', block: '5' },
        ],
      },
    ],
    [
      'a fee that waits for usage',
      { model: 'graduated', flatAtZero: false, tiers: [{ flat: '2' }] },
      { model: 'graduated', per: '1', tiers: [{ upTo: null, amount: '0', flat: '2' }], flatAtZero: false },
    ],
    [
      'a fee that does not wait',
      { model: 'stair-step', flatAtZero: true, tiers: [{ upTo: 3, flat: '2.0' }, { flat: 0 }] },
      {
        model: 'stair-step',
        tiers: [
          { upTo: '3', flat: '2' },
          { upTo: null, flat: '0' },
        ],
      },
    ],
    [
      'packages of the period',
      { model: 'package', size: 24, amount: '1', free: 0, least: 0 },
      { model: 'package', size: '24', amount: '1', each: 'period' },
    ],
    [
      'packages of an event',
      { model: 'package', size: 24, amount: '1', free: '9007199254740993', least: 1, each: 'event' },
      { model: 'package', size: '24', amount: '1', each: 'event', free: '9007199254740993', least: '1' },
    ],
    [
      'graduated percentages',
      { model: 'graduated-percentage', flatAtZero: false, tiers: [{ upTo: 5, rate: '1.0', flat: '0' }, { rate: 3 }] },
      {
        model: 'graduated-percentage',
        per: '1',
        tiers: [
          { upTo: '5', rate: '1' },
          { upTo: null, rate: '3' },
        ],
      },
    ],
    [
      'steps',
      {
        model: 'stepped',
        connect: '0',
        steps: [
          { amount: '0.2', per: 60, increment: 60 },
          { from: 60, amount: '0.1' },
        ],
      },
      {
        model: 'stepped',
        steps: [
          { from: '0', amount: '0.2', per: '60', increment: '60' },
          { from: '60', amount: '0.1', per: '1', increment: '1' },
        ],
      },
    ],
  ])('%s', (_what, written, form) => {
    expect(priceJson(read(written))).toEqual(form)
    expect(priceJson(read(form))).toEqual(form)
  })

  test('it reads back to the same price', () => {
    fc.assert(
      fc.property(drawPrice, (price) => {
        const parsed = read(JSON.parse(JSON.stringify(priceJson(price))))
        expect(read(priceJson(parsed))).toEqual(parsed)
        // A first tier without a fee has nothing that could wait for the first unit.
        const isFeeOfNone = 'tiers' in price && ['0', undefined].includes(price.tiers[0]?.flat)
        expect(parsed).toEqual(isFeeOfNone ? withoutMissing({ ...price, flatAtZero: undefined }) : price)
      }),
      { numRuns: 500 },
    )
  })
})

test.each<readonly [what: string, written: object, message: RegExp]>([
  [
    'a minimum above the maximum',
    { model: 'per-unit', amount: '1', minimum: '2.5', maximum: '2' },
    /^minimum is 2.5, above/,
  ],
  ['digits beyond a micro', { model: 'per-unit', amount: '1', rounding: { digits: 7 } }, /^rounding.digits/],
  ['an unknown rounding', { model: 'per-unit', amount: '1', rounding: { rule: 'bankers' } }, /^rounding.rule/],
  ['blocks of nothing', { model: 'volume', tiers: [{ amount: '1', block: 0 }] }, /^tiers.0.block is no count/],
  ['a stair without an amount', { model: 'stair-step', tiers: [{}] }, /^tiers.0.flat is missing/],
  ['packages without a size', { model: 'package', amount: '1' }, /^size is missing/],
  ['negative free units', { model: 'package', size: 1, amount: '1', free: -1 }, /^free is no count/],
  ['free units in parts', { model: 'package', size: 1, amount: '1', free: '0.5' }, /^free is no count/],
  ['a least of a period', { model: 'package', size: 1, amount: '1', least: 1 }, /^least is for packages of an event/],
  [
    'more than 64 tiers',
    { model: 'volume', tiers: Array.from({ length: 65 }, () => ({ amount: '1' })) },
    /^tiers has more/,
  ],
])('refuses %s', (_what, written, message) => {
  const parsed = parsePrice(written)
  expect(parsed.ok ? 'accepted' : parsed.fault.message).toMatch(message)
})

test('what is written beside a price comes out apart', () => {
  const schema = unionOfFormsBeside({ id: z.string(), note: z.string().optional() }, priceForms)
  expect(schema.parse({ id: 'p', model: 'per-unit', amount: '1.0' })).toEqual({
    beside: { id: 'p' },
    price: { model: 'per-unit', amount: '1', per: 1n },
  })
  const refused = schema.safeParse({ model: 'package', size: 0, amount: '1', note: 'x', extra: 1 })
  expect(refused.error?.issues.map(({ path, code }) => [path.join('.'), code])).toEqual([
    ['id', 'invalid_type'],
    ['size', 'custom'],
    ['', 'unrecognized_keys'],
  ])
})
