import { describe, expect, test } from 'vitest'
import { rated } from './answers-for-tests.ts'

describe('what is not ok says why', () => {
  const stripe = { tiers: [{ upTo: 5, unit: '7' }, { unit: '6' }] }
  const total = { total: '1' }
  const clock = { windows: [{ from: '08:00', to: '20:00', price: 1 }], otherwise: 2, quantity: 1 }
  test.each<readonly [model: string, input: object, expected: object, remark: string | RegExp]>([
    ['volume', { ...stripe, quantity: 5 }, { total: '36' }, ''],
    ['graduated', { ...stripe, quantity: 6 }, { total: '41', lines: ['35', '7'] }, ''],
    ['graduated', { quantity: 1 }, total, /^input\.tiers is missing; write/],
    ['graduated', stripe, total, /^input\.quantity is missing; write/],
    ['graduated', { tiers: 'x', quantity: 1 }, total, /input\.tiers\.0 is no object/],
    ['graduated', { tiers: [{ upTo: 5 }], quantity: 1 }, total, /^input\.tiers\.0\.unit is missing/],
    [
      'graduated',
      { tiers: [{ upTo: 5, unit: 1 }, { upTo: 5, unit: 1 }, { unit: 1 }], quantity: 1 },
      total,
      /tiers\.1\.upTo/,
    ],
    [
      'volume',
      { ...stripe, quantity: -5 },
      total,
      'input.quantity is below zero: "-5"; write a number such as 12 or "0.0025"',
    ],
    ['percentage', { amount: 'x' }, total, /input\.ratePct is missing.*; input\.amount is no number: "x"/],
    ['percentage', { ratePct: 1, amount: 9, runningTotals: [5, 4] }, total, /input\.runningTotals\.1 is 4/],
    ['percentage', { ratePct: 1, amount: 9, events: 0 }, total, /input\.events is 0/],
    ['request_threshold', { inputTokens: 5 }, total, /^input has no price/],
    [
      'tokens',
      { basePerM: 1, cacheReadPerM: 1, inputTokens: 1, cacheReadTokens: 2 },
      total,
      /^input\.inputTokens is 1, fewer/,
    ],
    ['time_of_use', { quantity: 5 }, total, /^input\.rates is missing/],
    ['time_of_use', { rates: { a: 1, b: 2 }, usage: { c: 1 } }, total, /band is "c"; write one of a, b/],
    [
      'tou',
      { ...clock, zone: 'Europe/Berln', at: '2026-01-01T00:00:00Z' },
      total,
      /^input\.zone: "Europe\/Berln" is no zone/,
    ],
    ['tou', { ...clock, at: 'noon' }, total, /^input\.at is "noon"; write when/],
    [
      'tou',
      { ...clock, at: '08:00', windows: [{ from: '8', to: '9', price: 1 }] },
      total,
      /windows\.0\.from is 8 to 9/,
    ],
    ['volume', { ...stripe, quantity: 5 }, { weird: '1' }, /^expected states no figure/],
    ['unit', { unitPrice: 1, quantity: 1, conversionFactor: 2, operation: 'multiply' }, total, /only a division/],
    ['unit', { unitPrice: 1, quantity: 1, rounding: { digits: 2, rule: 'odd' } }, total, /rounding\.rule is "odd"/],
  ])('%s %j', (model, input, expected, remark) => {
    const result = rated(model, { input, expected })
    expect(result.verdict).toBe('not ok')
    expect(result.remark).toMatch(remark)
  })

  test('figures that are no figure of a price are named, and do not decide', () => {
    const result = rated('volume', { input: { ...stripe, quantity: 5 }, expected: { total: '35', tier: 1 } })
    expect([result.verdict, result.remark]).toEqual(['ok', 'not compared: tier'])
  })
})

test.each([
  ['min_commitment', 'commitment'],
  ['min_in_advance', 'commitment'],
  ['proration', 'proration'],
  ['volume_prorated', 'proration'],
  ['planChange', 'proration'],
  ['credit_note', 'credit note'],
  ['revenue_allocation', 'allocation'],
  ['settlement_audit', 'audit'],
  ['coupon', 'discount'],
  ['prepaid_wallet', 'balance'],
  ['invoice', 'document'],
  ['currency_conversion', 'conversion'],
  ['tax_inclusive', 'tax'],
  ['something_else', 'unknown model'],
])('%s is not a price but %s', (model, what) => {
  const result = rated(model, { input: {}, expected: { total: '1' } })
  expect(result).toMatchObject({ verdict: 'not a price', remark: what })
})

test('a fee for a part of a period is prorated', () => {
  const written = { input: { amount: '30', activeDays: 15, periodDays: 30 }, expected: { total: '15' } }
  expect(rated('flat', written)).toMatchObject({ verdict: 'ok', remark: 'proration' })
})
