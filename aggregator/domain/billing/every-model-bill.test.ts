import { describe, expect, test } from 'vitest'
import { fullPriceListBill } from '../testing/full-price-list.ts'
import type { BillLine } from './bill.ts'

const bill = fullPriceListBill()
const lines = bill.sections.flatMap((section) => section.lines)

function shown({ description, quantity, amountMicros }: BillLine): readonly unknown[] {
  return [description.replace('Everything: ', ''), quantity, amountMicros]
}

function linesOf(meter: string): readonly BillLine[] {
  return lines.filter((line) => line.meter === meter)
}

describe('a bill with a price of every model', () => {
  test('has a line for each model that was used or owes something, fees first', () => {
    expect(lines.map(shown)).toEqual([
      ['setup', 1n, 49_000_000n],
      ['card', 2n, 600_000n],
      ['platform', 1n, 25_000_000n],
      ['seat', 12n, 54_000_000n],
      ['platform', 1n, 25_000_000n],
      ['seat', 12n, 54_000_000n],
      ['api.calls', 1_234n, 3_085_000n],
      // 90,000 at 0.02 and 45,500 at 0.01 per 1,000.
      ['data.bytes', 145_500n, 2_255_000n],
      // All 115 at 0.05, and 2 for the tier.
      ['sms', 115n, 7_750_000n],
      ['devices', 12n, 60_000_000n],
      // 210 beyond the free 50 are three packages.
      ['storage', 260n, 6_000_000n],
      // Two minutes, and one for the call of no length.
      ['voice', 61n, 360_000n],
      // The earlier payment of 100 is free: 50 × 2.9 % + 0.30.
      ['payments', 15_000n, 1_750_000n],
      // 1,000 × 2 % + 19,000 × 1 % = 210, held to 25.
      ['turnover', 2_000_000n, 25_000_000n],
      // 0.10 + 0.60 + 35 × 0.005.
      ['roaming', 95n, 875_000n],
      ['support', 0n, 40_000_000n],
      ['ai.input_tokens (ai.model large; up to 200,000 ai.total_input_tokens)', 200_000n, 600_000n],
      ['ai.input_tokens (ai.model large; more than 200,000 ai.total_input_tokens)', 200_001n, 1_200_006n],
      ['ai.input_tokens (ai.model small, region eu)', 1_000_000n, 600_000n],
      ['ai.input_tokens (ai.model small)', 1_000_000n, 500_000n],
      ['ai.input_tokens (any other ai.model, region)', 7n, 7n],
      ['energy (peak, Europe/Berlin)', 2_501n, 1_000_400n],
      ['energy (off-peak, Europe/Berlin)', 2_500n, 625_000n],
    ])
  })

  test('days, tiers, limits and openings are each the whole line', () => {
    for (const line of lines) {
      const days = line.days.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
      const tiers = line.tiers.reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
      expect(days + line.openingMicros).toBe(line.amountMicros)
      expect(tiers + (line.limit?.amountMicros ?? 0n)).toBe(line.amountMicros)
    }
  })

  test('a total that fell shows as a day below zero', () => {
    // 95 at 0.10, then all 115 at 0.05 and 2.
    expect(linesOf('sms')[0]?.days).toEqual([
      { day: '2026-11-15', quantity: 95n, amountMicros: 9_500_000n },
      { day: '2026-11-16', quantity: 20n, amountMicros: -1_750_000n },
    ])
  })

  test('the earliest event is free whatever came first, and each day shows it', () => {
    expect(linesOf('payments')[0]?.days).toEqual([
      { day: '2026-11-15', quantity: 10_000n, amountMicros: 0n },
      { day: '2026-11-16', quantity: 5_000n, amountMicros: 1_750_000n },
    ])
  })

  test('limits say what they did, and a minimum is due without usage', () => {
    expect(linesOf('turnover')[0]?.limit).toEqual({
      kind: 'maximum',
      amountMicros: -185_000_000n,
      terms: 'at most 25.00 EUR',
    })
    expect(linesOf('support')[0]).toMatchObject({
      limit: { kind: 'minimum', amountMicros: 40_000_000n, terms: 'at least 40.00 EUR' },
      openingMicros: 40_000_000n,
      terms: '8.00 EUR per hour, at least 40.00 EUR, rounded to 2 digits to the nearest, halves to the even digit',
    })
    expect(lines.filter(({ limit }) => limit !== null)).toHaveLength(2)
  })

  test('fees are due without charges, each for its period, and carry their tax code', () => {
    const fees = lines.filter(({ fee }) => fee !== null)
    expect(fees.map(({ price, fee, segment }) => [price, fee?.due, fee?.period, segment.slice(0, 22)])).toEqual([
      ['setup', 'once', '2026-11', '2026-11/bright-all/fee'],
      ['card', 'in-arrears', '2026-11', '2026-11/bright-all/fee'],
      ['platform', 'in-advance', '2026-11', '2026-11/bright-all/fee'],
      ['seat', 'in-advance', '2026-11', '2026-11/bright-all/fee'],
      ['platform', 'in-advance', '2026-12', '2026-12/bright-all/fee'],
      ['seat', 'in-advance', '2026-12', '2026-12/bright-all/fee'],
    ])
    for (const fee of fees) {
      expect(fee).toMatchObject({ events: 0, chargeBlocks: 0, days: [], openingMicros: fee.amountMicros })
    }
    expect(lines.filter(({ taxCode }) => taxCode === 'standard').map(({ price }) => price)).toEqual([
      'setup',
      'calls',
      'data',
    ])
    expect(new Set(lines.map(({ segment }) => segment)).size).toBe(lines.length)
  })

  test('what no charge posted is posted with the bill: fees and openings', () => {
    const opening = lines.reduce((sum, line) => sum + line.openingMicros, 0n)
    expect(
      bill.openingEntries.map(({ account, debitMicros, creditMicros }) => [account, debitMicros - creditMicros]),
    ).toEqual([
      ['unbilled:brightdesk', opening],
      ['revenue', -opening],
    ])
    // Fees 207.60, the first stair 15.00 and the minimum 40.00.
    expect(opening).toBe(262_600_000n)
  })
})
