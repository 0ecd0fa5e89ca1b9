import { usageEvent } from '@meterline/aggregator/flow/fixtures/sealing-agent.ts'
import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'

/** A tenant whose bills are of every kind, with as many customers as asked for. */
export interface ClosingTenant {
  readonly customers: number
  /** The one agent that brings what they use. */
  readonly agent: { readonly id: string; readonly signingKey: string }
  /** The billing cycle of everybody; null: calendar months. */
  readonly cycle: { readonly id: string; readonly day: number } | null
  /** What some of them get an invoice for in the middle of a period; null: nobody does. */
  readonly progressiveAmount: string | null
  /** Since when everything is sold, as a date. */
  readonly from: string
}

export const closingTenant = 'closing'

const meters = ['data.bytes', 'ai.input_tokens', 'ai.output_tokens'] as const
/** Of so many customers one has a contract, has a fleet below him, and gets invoices in the middle of a period. */
const contractEvery = 4
const fleetEvery = 10
const progressiveEvery = 2

/**
 * The tenant file. Every customer has fees in advance and in arrears, usage of three meters, an allowance and tax; some have a
 * fleet that shares the allowance, some a minimum, a commitment or a discount; every other one buys from a reseller. The
 * text is JSON, since there may be very many customers and YAML takes its time.
 */
export function closingTenantFile(tenant: ClosingTenant): string {
  const { customers, agent, cycle, from } = tenant
  const numbers = Array.from({ length: customers }, (_, index) => index)
  return JSON.stringify({
    tenant: closingTenant,
    currency: 'EUR',
    operator: { id: closingTenant, name: 'Closing Telecom' },
    taxCodes: [{ id: 'vat', name: 'VAT', rates: [{ region: 'DE', percent: '19', from: '2021-01-01' }] }],
    meters: meters.map((id) => ({ id, unit: id === 'data.bytes' ? 'byte' : 'token' })),
    prices: [
      ...meters.map(retailPrice),
      ...meters.map((meter) => ({
        id: `bulk-${meter}`,
        meter,
        model: 'per-unit',
        per: 1_000,
        amount: '0.1',
        tax: 'vat',
      })),
      { id: 'line', model: 'recurring', amount: '7.90', prorate: 'day', tax: 'vat' },
      {
        id: 'card',
        model: 'recurring',
        amount: '0.85',
        due: 'in-arrears',
        each: 'subject',
        prorate: 'day',
        tax: 'vat',
      },
    ],
    offerings: [
      {
        id: 'line',
        name: 'Line',
        prices: ['line', 'card', ...meters],
        allowances: [{ id: 'included', meter: 'data.bytes', quantity: 1_500, pool: 'subtree' }],
      },
      { id: 'bulk', name: 'Wholesale', prices: meters.map((meter) => `bulk-${meter}`) },
    ],
    accounts: [
      { id: 'nord', kind: 'reseller', parent: closingTenant, name: 'Nord', payer: 'self' },
      ...numbers.flatMap(accountsOf),
    ],
    ...(cycle === null ? {} : { cycles: [cycle] }),
    billingProfiles: [
      ...(cycle === null ? [] : [{ id: 'nord', cycle: cycle.id }]),
      ...numbers.map((number) => profileOf(tenant, number)),
    ],
    subscriptions: [
      { id: 'nord-bulk', account: 'nord', offering: 'bulk', from },
      ...numbers.flatMap((number) =>
        devicesOf(number).map((device) => ({
          id: `s-${device}`,
          account: device,
          offering: 'line',
          from,
          subjects: [device],
        })),
      ),
    ],
    contracts: numbers.filter((number) => number % contractEvery === 0).map((number) => contractOf(number, from)),
    agents: [{ ...agent, epoch: 1 }],
  })
}

/** What every customer and fleet uses: an event with all meters for each of the instants (epoch milliseconds). */
export function* closingUsage(name: string, customers: number, instantsMs: readonly number[]): Iterable<UsageEvent> {
  for (const [round, timeMs] of instantsMs.entries()) {
    for (let number = 0; number < customers; number++) {
      for (const device of devicesOf(number)) {
        const quantityOf = (index: number): bigint => BigInt(1_000 + ((number * 37 + index * 911) % 5_000))
        const measured = meters.map((meter, index) => ({ meter, quantity: quantityOf(index) }))
        yield usageEvent({ id: `${name} ${round} ${device}`, source: device, subject: device, timeMs, measured })
      }
    }
  }
}

function retailPrice(meter: string): object {
  const tiers = [{ upTo: 4_000, amount: '0.9' }, { amount: '0.41' }]
  return { id: meter, meter, model: 'graduated', per: 1_000, tiers, tax: 'vat' }
}

/** A device carries the name of its account. */
function devicesOf(number: number): readonly string[] {
  return number % fleetEvery === 0 ? [`c-${number}`, `f-${number}`] : [`c-${number}`]
}

function accountsOf(number: number): readonly object[] {
  const [customer = '', fleet] = devicesOf(number)
  const parent = number % 2 === 0 ? closingTenant : 'nord'
  return [
    { id: customer, kind: 'customer', parent, name: `Customer ${number}`, payer: 'self' },
    ...(fleet === undefined
      ? []
      : [{ id: fleet, kind: 'fleet', parent: customer, name: `Fleet ${number}`, payer: 'parent' }]),
  ]
}

function profileOf({ cycle, progressiveAmount }: ClosingTenant, number: number): object {
  const isProgressive = progressiveAmount !== null && number % progressiveEvery === 0
  return {
    id: `c-${number}`,
    region: 'DE',
    paymentDays: 30,
    ...(cycle === null ? {} : { cycle: cycle.id }),
    ...(isProgressive ? { progressiveAmount } : {}),
  }
}

function contractOf(number: number, from: string): object {
  const common = { id: `k-${number}`, account: `c-${number}`, from }
  switch ((number / contractEvery) % 3) {
    case 0:
      return { ...common, minimums: [{ id: 'least', amount: '20', tax: 'vat' }] }
    case 1: {
      const commitment = { id: 'usage', amount: '5', kinds: ['usage'], overageFactor: '0.8', tax: 'vat' }
      return { ...common, commitments: [commitment] }
    }
    default:
      return { ...common, discounts: [{ id: 'loyal', percent: '10' }] }
  }
}
