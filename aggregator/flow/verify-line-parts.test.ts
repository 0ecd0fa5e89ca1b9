import { describe, expect, test } from 'vitest'
import type { CompiledModel } from '@meterline/shared/rating/model.ts'
import { startPosition } from '@meterline/shared/rating/position.ts'
import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import { periodBills } from '../domain/billing/period-bill.ts'
import type { SegmentState } from '../domain/billing/due-lines.ts'
import { fullPriceListCatalogue, fullPriceListUsage } from '../domain/testing/full-price-list.ts'
import { novemberPeriod, rateInOrder } from '../domain/testing/sample-bills.ts'
import { november } from '../domain/testing/sample-tenant.ts'
import { issueInvoice } from '../documents/invoice.ts'
import type { InvoiceLine } from '../documents/invoice.ts'
import { linePartsFault } from './verify-line-parts.ts'

const catalogue = fullPriceListCatalogue()
const { segments } = rateInOrder([{ catalogue, units: fullPriceListUsage }])
const [bill] = periodBills({ catalogues: [catalogue], period: novemberPeriod() }, segments)
if (bill === undefined) throw new Error('the tenant has a bill')
const issue = { tenant: 'acme', series: 'acme', number: 1, issuedAtMs: november, ratingVersion: 'm2' }
const lines = issueInvoice(bill, issue)
  .sections.flatMap((section) => section.lines)
  .filter(({ fee }) => fee === undefined)

function modelOf({ segment }: InvoiceLine): CompiledModel {
  const { subscription, priceId, model } = parseSegmentKey(segment)
  const price = catalogue.subscriptions.get(subscription)?.pricesById.get(priceId)
  const found = price?.compiled.models[model ?? 0]
  if (found === undefined) throw new Error(`${segment} has a model`)
  return found
}

function faultOf(line: InvoiceLine, state: SegmentState | undefined = segments.get(line.segment)): string | undefined {
  return linePartsFault(line, modelOf(line), state?.accumulator ?? startPosition, state?.days ?? [])
}

function lineOf(price: string): InvoiceLine {
  const found = lines.find((line) => line.price === price)
  if (found === undefined) throw new Error(`there is a line of ${price}`)
  return found
}

describe('the parts of a line', () => {
  test.each(lines.map((line) => [line.description, line] as const))('%s is shown as it is', (_description, line) => {
    expect(faultOf(line)).toBeUndefined()
  })

  const turnover = lineOf('turnover')
  const payments = lineOf('payments')
  const data = lineOf('data')
  const [firstTier, ...tiers] = data.tiers
  const [firstDay, secondDay] = payments.days
  if (firstTier === undefined || firstDay === undefined || secondDay === undefined || turnover.limit === undefined) {
    throw new Error('the lines have parts')
  }

  test.each<readonly [what: string, line: InvoiceLine, fault: RegExp]>([
    [
      'another opening',
      { ...lineOf('devices'), openingMicros: '1' },
      /^says 1 micros are due before usage, not 15000000$/,
    ],
    ['another quantity', { ...data, quantity: '145501' }, /^says 145501 units in 2 records, its segment 145500 in 2$/],
    ['another number of records', { ...data, events: 3 }, /^says 145500 units in 3 records/],
    ['money moved between tiers', { ...data, tiers: [{ ...firstTier, amountMicros: '1' }, ...tiers] }, /its tiers/],
    ['a tier left out', { ...data, tiers }, /its tiers/],
    ['another limit', { ...turnover, limit: { ...turnover.limit, amountMicros: '-1' } }, /minimum or maximum/],
    ['a limit that there is not', { ...data, limit: turnover.limit }, /minimum or maximum/],
    ['a day left out', { ...payments, days: [firstDay] }, /the days/],
    [
      'another event free',
      {
        ...payments,
        days: [
          { ...firstDay, amountMicros: secondDay.amountMicros },
          { ...secondDay, amountMicros: '0' },
        ],
      },
      /the days/,
    ],
  ])('%s is found', (_what, line, fault) => {
    expect(faultOf(line)).toMatch(fault)
  })

  test('a limit left out is found', () => {
    const without = Object.fromEntries(Object.entries(turnover).filter(([member]) => member !== 'limit')) as InvoiceLine
    expect(faultOf(without)).toMatch(/minimum or maximum/)
  })

  test('a segment of less than its days is found', () => {
    const state = segments.get(data.segment)
    if (state === undefined) throw new Error('the line has a segment')
    const days = state.days.map((day) => ({ ...day, quantity: day.quantity * 2n }))
    expect(faultOf(data, { ...state, days })).toBe('is less than the days of its segment')
  })
})
