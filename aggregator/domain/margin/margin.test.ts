import { describe, expect, test } from 'vitest'
import type { ExchangeRate } from '../contract/exchange-rate.ts'
import { exchangeAt, exchangeMicros } from './exchange.ts'
import { marginRows, type ChargedAmount } from './margin-rows.ts'

function rate(from: string, to: string, text: string, fromMs: number): ExchangeRate {
  return { id: `${from}-${to}-${fromMs}`, from, to, rate: text, fromMs }
}

const rates = [rate('USD', 'EUR', '0.9', 100), rate('USD', 'EUR', '0.8', 50), rate('EUR', 'CHF', '0.96', 0)]

describe('an exchange', () => {
  test.each([
    ['EUR', 'EUR', 0, 7n, 7n],
    ['USD', 'EUR', 50, 1_000_000n, 800_000n],
    ['USD', 'EUR', 99, 1_000_000n, 800_000n],
    ['USD', 'EUR', 100, 1_000_000n, 900_000n],
    ['EUR', 'USD', 100, 1_000_000n, 1_111_111n],
    ['EUR', 'USD', 100, -1_000_000n, -1_111_111n],
    ['CHF', 'EUR', 5, 48n, 50n],
    ['EUR', 'CHF', 5, 25n, 24n],
  ])('from %s to %s at %i makes of %s %s', (from, to, atMs, micros, expected) => {
    const exchange = exchangeAt(rates, from, to, atMs)
    expect(exchange.ok && exchangeMicros(micros, exchange.value)).toBe(expected)
  })

  test.each([
    ['USD', 'EUR', 49],
    ['USD', 'CHF', 200],
  ])('from %s to %s at %i has no rate', (from, to, atMs) => {
    expect(exchangeAt(rates, from, to, atMs)).toMatchObject({ ok: false, fault: { code: 'exchange_rate_missing' } })
  })
})

const amounts: readonly ChargedAmount[] = [
  { seller: 'nordlink', buyer: 'hansa', meter: 'data', micros: 100n, sellerKeepsBooks: true, buyerKeepsBooks: false },
  { seller: 'acme', buyer: 'nordlink', meter: 'data', micros: 60n, sellerKeepsBooks: true, buyerKeepsBooks: true },
  { seller: 'roamnet', buyer: 'acme', meter: 'data', micros: 25n, sellerKeepsBooks: false, buyerKeepsBooks: true },
  { seller: 'acme', buyer: 'bright', meter: 'tokens', micros: 40n, sellerKeepsBooks: true, buyerKeepsBooks: false },
  { seller: 'nordlink', buyer: 'hansa', meter: 'fee', micros: 7n, sellerKeepsBooks: true, buyerKeepsBooks: false },
]

function shown(by: Parameters<typeof marginRows>[1]): readonly string[] {
  return marginRows(amounts, by).map(
    ({ entity, group, revenueMicros, wholesaleMicros, costMicros, marginMicros }) =>
      `${entity} ${group} ${revenueMicros}+${wholesaleMicros}-${costMicros}=${marginMicros}`,
  )
}

describe('margins', () => {
  test('by leg', () => {
    expect(shown('leg')).toEqual([
      'acme acme>bright 40+0-0=40',
      'acme acme>nordlink 0+60-0=60',
      'acme roamnet>acme 0+0-25=-25',
      'nordlink acme>nordlink 0+0-60=-60',
      'nordlink nordlink>hansa 107+0-0=107',
    ])
  })

  test('by partner', () => {
    expect(shown('partner')).toEqual([
      'acme bright 40+0-0=40',
      'acme nordlink 0+60-0=60',
      'acme roamnet 0+0-25=-25',
      'nordlink acme 0+0-60=-60',
      'nordlink hansa 107+0-0=107',
    ])
  })

  test('by meter, where what resellers pay stands against what they sell', () => {
    expect(shown('meter')).toEqual([
      'acme data 0+60-25=35',
      'acme tokens 40+0-0=40',
      'nordlink data 100+0-60=40',
      'nordlink fee 7+0-0=7',
    ])
  })
})
