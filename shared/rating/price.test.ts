import { describe, expect, test } from 'vitest'
import { parsePrice } from './price-schema.ts'
import { priceJson, type Price } from './price.ts'

function messageOf(value: unknown): string {
  const parsed = parsePrice(value)
  return parsed.ok ? 'accepted' : parsed.fault.message
}

describe('parsePrice', () => {
  test('reads amounts to their shortest text and fills in what may be left out', () => {
    expect(parsePrice({ model: 'per-unit', amount: '3.00' })).toEqual({
      ok: true,
      value: { model: 'per-unit', amount: '3', per: 1n },
    })
    expect(parsePrice({ model: 'per-unit', amount: 2, per: '9223372036854775807' })).toEqual({
      ok: true,
      value: { model: 'per-unit', amount: '2', per: 9_223_372_036_854_775_807n },
    })
    expect(
      parsePrice({
        model: 'graduated',
        per: 1000,
        tiers: [
          { upTo: 5, flat: '1.50' },
          { amount: '0.10', flat: '0.00' },
        ],
      }),
    ).toEqual({
      ok: true,
      value: {
        model: 'graduated',
        per: 1000n,
        tiers: [
          { upTo: 5n, amount: '0', flat: '1.5' },
          { upTo: null, amount: '0.1' },
        ],
      },
    })
  })

  test.each<readonly [what: string, value: unknown, message: RegExp]>([
    ['no model', { amount: '1' }, /model/],
    ['another model', { model: 'volumes', amount: '1' }, /model/],
    ['no amount', { model: 'per-unit' }, /^amount is missing/],
    ['a fraction as a number', { model: 'per-unit', amount: 0.1 }, /^amount is a fraction written as a number/],
    ['a text that is no number', { model: 'per-unit', amount: '1,50' }, /^amount is no amount/],
    ['a negative amount', { model: 'per-unit', amount: '-1' }, /^amount is negative/],
    ['per zero units', { model: 'per-unit', amount: '1', per: 0 }, /^per is no count of base units/],
    ['per more than 64 bits', { model: 'per-unit', amount: '1', per: '9223372036854775808' }, /^per is no count/],
    ['an unknown key', { model: 'per-unit', amount: '1', pre: 3 }, /pre/],
    ['no tiers', { model: 'graduated', tiers: [] }, /^tiers is empty/],
    ['a tier of nothing', { model: 'graduated', tiers: [{}] }, /^tiers.0 has neither an amount nor a flat fee/],
    [
      'a bounded last tier',
      { model: 'graduated', tiers: [{ upTo: 5, amount: '1' }] },
      /^tiers.0.upTo bounds the last tier/,
    ],
    [
      'an open tier in the middle',
      { model: 'graduated', tiers: [{ amount: '1' }, { amount: '2' }] },
      /^tiers.0.upTo is missing; only the last tier is open/,
    ],
    [
      'bounds that do not increase',
      { model: 'graduated', tiers: [{ upTo: 5, amount: '1' }, { upTo: 5, amount: '2' }, { amount: '3' }] },
      /^tiers.1.upTo is 5, not above the tier before \(5\)/,
    ],
  ])('refuses %s', (_what, value, message) => {
    expect(messageOf(value)).toMatch(message)
  })
})

test.each<Price>([
  { model: 'per-unit', amount: '0.0025', per: 9_223_372_036_854_775_807n },
  {
    model: 'graduated',
    per: 1000n,
    tiers: [
      { upTo: 10n, amount: '0', flat: '2' },
      { upTo: null, amount: '0.5' },
    ],
  },
])('the JSON form of a price reads back to the same price', (price) => {
  expect(parsePrice(JSON.parse(JSON.stringify(priceJson(price))))).toEqual({ ok: true, value: price })
})
