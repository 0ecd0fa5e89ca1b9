import { expect, test } from 'vitest'
import { sampleCatalogue, sampleJson, type SampleJson } from '../testing/sample-tenant.ts'
import { legPlanOf, legsOf } from './leg-index.ts'

type Part = Record<string, unknown>

function edited(json: SampleJson, list: string, id: string, change: Part): SampleJson {
  const elements = json[list] as readonly Part[]
  return { ...json, [list]: elements.map((element) => (element['id'] === id ? { ...element, ...change } : element)) }
}

/** The sample, where trackers get another version from May, a reseller's price changes in June, messages end in August. */
function json(): SampleJson {
  const priced = edited(sampleJson(), 'prices', 'middle-data', {
    changes: [{ from: '2026-06-01', model: 'per-unit', amount: '0.007', per: 1000 }],
  })
  const offered = edited(priced, 'offerings', 'tracker', {
    versions: [{ from: '2026-04-01', prices: ['retail-data'] }],
  })
  return edited(offered, 'subscriptions', 'north-trackers', {
    migrations: [{ at: '2026-08-01', version: '2026-04-01' }],
  })
}

function pricesAt(meter: string, timeMs: number): string {
  const catalogue = sampleCatalogue(json())
  const found = legsOf(catalogue, 'trk-1', meter, timeMs)
  if (!found.ok) return found.fault.code
  return found.value
    .map(({ subscription, priceId }) => catalogue.subscriptions.get(subscription)?.pricesById.get(priceId))
    .map((price) =>
      price !== undefined && 'amount' in price.terms ? `${price.name} ${price.terms.amount}` : price?.name,
    )
    .join(', ')
}

test('usage has the legs of the versions that hold at its time, to the millisecond', () => {
  const june = Date.UTC(2026, 5)
  expect(pricesAt('data.bytes', june - 1)).toBe(
    'retail-data, middle-data 0.005, wholesale-data 0.004, roaming-data 0.0015, transit-data 0.0001',
  )
  expect(pricesAt('data.bytes', june)).toBe(
    'retail-data, middle-data 0.007, wholesale-data 0.004, roaming-data 0.0015, transit-data 0.0001',
  )
  const august = Date.UTC(2026, 7)
  expect(pricesAt('messages', august - 1)).toBe('retail-message 0.0025, middle-message 0.002, wholesale-message 0')
  expect(pricesAt('messages', august)).toBe('no_price')
  expect(pricesAt('messages', Date.UTC(2025, 11))).toBe('subscription_not_active')
})

test('a plan holds exactly as long as nothing it depends on changes', () => {
  const catalogue = sampleCatalogue(json())
  const subject = catalogue.index.subjects.get('trk-1')
  if (subject === undefined) throw new Error('the sample has the subject trk-1')
  const spans = [2, 6, 9].map((month) => legPlanOf(catalogue, subject, 'data.bytes', Date.UTC(2026, month, 15)))
  expect(spans.map(({ fromMs, toMs }) => [fromMs, toMs])).toEqual([
    [Date.UTC(2026, 2), Date.UTC(2026, 5)],
    [Date.UTC(2026, 5), Date.UTC(2026, 7)],
    [Date.UTC(2026, 7), Date.UTC(2027, 0)],
  ])
})
