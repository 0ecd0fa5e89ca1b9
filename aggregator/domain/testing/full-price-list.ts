import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import type { Bill } from '../billing/bill.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { novemberBills, sampleUnit } from './sample-bills.ts'
import { november, sampleCatalogue } from './sample-tenant.ts'

type Json = Readonly<Record<string, unknown>>

const dayMs = 86_400_000
const perUnit = (amount: string, per = 1): Json => ({ model: 'per-unit', amount, per })
const tiers: readonly Json[] = [{ upTo: 10_000, amount: '0' }, { upTo: 100_000, amount: '0.02' }, { amount: '0.01' }]

/** One price of every model, each for a meter of its own. */
const usagePrices: readonly Json[] = [
  { id: 'calls', meter: 'api.calls', ...perUnit('0.0025'), tax: 'standard' },
  { id: 'data', meter: 'data.bytes', model: 'graduated', per: 1000, tiers, tax: 'standard' },
  {
    id: 'sms',
    meter: 'sms',
    model: 'volume',
    tiers: [{ upTo: 100, amount: '0.1' }, { upTo: 1000, amount: '0.05', flat: '2' }, { amount: '0.03' }],
  },
  {
    id: 'devices',
    meter: 'devices',
    model: 'stair-step',
    tiers: [{ upTo: 10, flat: '15' }, { upTo: 50, flat: '60' }, { flat: '100' }],
  },
  { id: 'storage', meter: 'storage', model: 'package', size: 100, amount: '2', free: 50, each: 'period' },
  { id: 'voice', meter: 'voice', model: 'package', size: 60, amount: '0.12', each: 'event', least: 1 },
  { id: 'payments', meter: 'payments', model: 'percentage', per: 100, rate: '2.9', fixed: '0.3', freeEvents: 1 },
  {
    id: 'turnover',
    meter: 'turnover',
    model: 'graduated-percentage',
    per: 100,
    tiers: [{ upTo: 100_000, rate: '2' }, { rate: '1' }],
    maximum: '25',
  },
  {
    id: 'roaming',
    meter: 'roaming',
    model: 'stepped',
    connect: '0.1',
    steps: [
      { from: 0, amount: '0.6', per: 60, increment: 60 },
      { from: 60, amount: '0.3', per: 60, increment: 1 },
    ],
  },
  { id: 'support', meter: 'support', ...perUnit('8'), minimum: '40', rounding: { digits: 2, rule: 'half-even' } },
  {
    id: 'tokens',
    meter: 'ai.input_tokens',
    model: 'matrix',
    dimensions: ['ai.model', 'region'],
    rows: [
      { when: { 'ai.model': 'small' }, ...perUnit('0.5', 1_000_000) },
      { when: { 'ai.model': 'small', region: 'eu' }, ...perUnit('0.6', 1_000_000) },
      {
        when: { 'ai.model': 'large' },
        model: 'request-threshold',
        fact: 'ai.total_input_tokens',
        amount: '3',
        per: 1_000_000,
        above: [{ above: 200_000, amount: '6' }],
      },
      { when: {}, ...perUnit('1', 1_000_000) },
    ],
  },
  {
    id: 'energy',
    meter: 'energy',
    model: 'time-of-use',
    zone: 'Europe/Berlin',
    // Winter time is enough for a November.
    offsets: [[0, 60]],
    windows: [{ name: 'peak', at: [{ days: 'mon-fri', from: '08:00', to: '20:00' }], price: perUnit('0.4', 1000) }],
    otherwise: { name: 'off-peak', price: perUnit('0.25', 1000) },
    duration: { fact: 'duration', unit: '1s' },
  },
]

const fees: readonly Json[] = [
  { id: 'setup', model: 'one-time', amount: '49', tax: 'standard' },
  { id: 'platform', model: 'recurring', amount: '25' },
  { id: 'seat', model: 'recurring', amount: '4.5', each: { quantity: 'seats' } },
  { id: 'card', model: 'recurring', due: 'in-arrears', amount: '0.3', each: 'subject' },
]

const units: Readonly<Record<string, string>> = {
  'api.calls': 'call',
  'data.bytes': 'byte',
  storage: 'GB',
  voice: 'second',
  payments: 'cent',
  turnover: 'cent',
  roaming: 'second',
  support: 'hour',
  'ai.input_tokens': 'token',
  energy: 'Wh',
}

/** A tenant whose one customer, since 3 November, buys one subscription with a price of every model and every kind of fee. */
export function fullPriceListCatalogue(): Catalogue {
  const prices = [...fees, ...usagePrices]
  return sampleCatalogue({
    tenant: 'acme',
    currency: 'EUR',
    operator: { id: 'acme', name: 'ACME Telecom' },
    meters: usagePrices.map(({ meter }) => ({ id: meter, unit: units[String(meter)] ?? meter })),
    taxCodes: [{ id: 'standard', name: 'Standard rate' }],
    prices,
    offerings: [{ id: 'everything', name: 'Everything', prices: prices.map(({ id }) => id) }],
    accounts: [{ id: 'brightdesk', kind: 'customer', parent: 'acme', name: 'BrightDesk AI', payer: 'self' }],
    partners: [],
    subscriptions: [
      {
        id: 'bright-all',
        account: 'brightdesk',
        offering: 'everything',
        from: '2026-11-03',
        subjects: ['desk-1', 'desk-2'],
        quantities: { seats: 12 },
      },
    ],
    agents: [],
  })
}

interface Circumstances {
  readonly labels?: Readonly<Record<string, string>>
  readonly facts?: Readonly<Record<string, bigint>>
  readonly timeMs?: number
}

function unitOf(
  meter: string,
  quantity: bigint,
  { labels = {}, facts = {}, timeMs = november }: Circumstances = {},
): RatingUnit {
  const unit = sampleUnit('desk-1', { [meter]: quantity }, timeMs)
  return { ...unit, labels: Object.entries(labels), facts: Object.entries(facts) }
}

/** Usage of all those prices but the one for support, which owes its minimum anyway. 15 November 2026 is a Sunday. */
export const fullPriceListUsage: readonly RatingUnit[] = [
  unitOf('api.calls', 1234n),
  unitOf('data.bytes', 64_000n),
  unitOf('data.bytes', 81_500n, { timeMs: november + dayMs }),
  unitOf('sms', 95n),
  unitOf('sms', 20n, { timeMs: november + dayMs }),
  unitOf('devices', 12n),
  unitOf('storage', 260n),
  unitOf('voice', 61n),
  unitOf('voice', 0n, { timeMs: november + dayMs }),
  unitOf('payments', 5_000n, { timeMs: november + dayMs }),
  unitOf('payments', 10_000n),
  unitOf('turnover', 2_000_000n),
  unitOf('roaming', 95n),
  unitOf('ai.input_tokens', 1_000_000n, { labels: { 'ai.model': 'small' } }),
  unitOf('ai.input_tokens', 1_000_000n, { labels: { 'ai.model': 'small', region: 'eu' } }),
  unitOf('ai.input_tokens', 200_000n, {
    labels: { 'ai.model': 'large' },
    facts: { 'ai.total_input_tokens': 200_000n },
  }),
  unitOf('ai.input_tokens', 200_001n, {
    labels: { 'ai.model': 'large' },
    facts: { 'ai.total_input_tokens': 200_001n },
  }),
  unitOf('ai.input_tokens', 7n, { labels: { 'ai.model': 'unheard of' } }),
  // From 07:00 to 09:00 on a Monday in Berlin: one hour before the peak, one in it.
  unitOf('energy', 5_001n, { timeMs: november + dayMs - 6 * 3_600_000, facts: { duration: 7_200n } }),
]

/** Its bill for November. */
export function fullPriceListBill(): Bill {
  const [bill, ...others] = novemberBills(fullPriceListCatalogue(), fullPriceListUsage)
  if (bill === undefined || others.length > 0) throw new Error('the tenant has one bill')
  return bill
}
