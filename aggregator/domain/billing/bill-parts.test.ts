import { describe, expect, test } from 'vitest'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import { novemberBills, novemberPeriod, rateInOrder, sampleUnit } from '../testing/sample-bills.ts'
import { november, sampleCatalogue } from '../testing/sample-tenant.ts'
import type { Bill, BillLine } from './bill.ts'
import { periodBills } from './period-bill.ts'

const catalogue = sampleCatalogue()

function billOf(bills: readonly Bill[], seller: string, buyer: string): Bill {
  const found = bills.find(({ relation }) => relation.seller === seller && relation.buyer === buyer)
  if (found === undefined) throw new Error(`no bill of ${seller} to ${buyer}`)
  return found
}

describe('the parts of a line', () => {
  const day = 86_400_000
  const first = november - 3 * day
  const usages = [
    sampleUnit('trk-1', { 'data.bytes': 4_000n }, november),
    sampleUnit('trk-1', { 'data.bytes': 3_000n }, first),
    sampleUnit('trk-2', { 'data.bytes': 1_000n }, november + 1),
    sampleUnit('trk-1', { 'data.bytes': 0n }, november + day),
  ]
  const lineFrom = (units: readonly RatingUnit[]): BillLine | undefined =>
    billOf(novemberBills(catalogue, units), 'baltic', 'hansa').sections[0]?.lines[0]

  test('days cost what they add, earlier days first, in whatever order their usage arrived', () => {
    const days = [
      { day: '2026-11-12', quantity: 3_000n, amountMicros: 0n },
      { day: '2026-11-15', quantity: 5_000n, amountMicros: 32_100n },
    ]
    expect(lineFrom(usages)?.days).toEqual(days)
    expect(lineFrom(usages.toReversed())?.days).toEqual(days)
  })

  test('tiers say what each of them contributes, also what is not reached', () => {
    expect(lineFrom(usages)?.tiers).toEqual([
      { fromUnits: 0n, upToUnits: 5_000n, terms: 'free', quantity: 5_000n, amountMicros: 0n },
      {
        fromUnits: 5_000n,
        upToUnits: 2_000_000n,
        terms: '0.0107 EUR per 1,000 byte',
        quantity: 3_000n,
        amountMicros: 32_100n,
      },
      { fromUnits: 2_000_000n, upToUnits: null, terms: '0.006 EUR per 1,000 byte', quantity: 0n, amountMicros: 0n },
    ])
  })

  test('a flat fee stands in the words of its tier', () => {
    const bill = billOf(
      novemberBills(catalogue, [sampleUnit('llm-1', { 'ai.input_tokens': 1n })]),
      'acme',
      'brightdesk',
    )
    expect(bill.sections[0]?.lines[1]?.tiers.map(({ terms, amountMicros }) => [terms, amountMicros])).toEqual([
      ['15.00 EUR per 1,000,000 token and 2.00 EUR once', 2_000_000n],
      ['12.00 EUR per 1,000,000 token', 0n],
    ])
  })

  test('usage of a time before days were kept comes before all days', () => {
    const { segments } = rateInOrder([{ catalogue, units: usages }])
    const without = new Map(
      [...segments].map(([key, state]) => [key, { ...state, days: state.days.slice(1) }] as const),
    )
    const bills = periodBills({ catalogues: [catalogue], period: novemberPeriod() }, without)
    expect(billOf(bills, 'baltic', 'hansa').sections[0]?.lines[0]?.days).toEqual([
      { day: '2026-11-15', quantity: 5_000n, amountMicros: 32_100n },
    ])
  })
})
