import { expect, test } from 'vitest'
import type { Catalogue } from '../../catalogue/catalogue.ts'
import { sampleSale, sampleSoFar, sampleUsageLine, type SampleUsage } from '../../testing/sample-due-lines.ts'
import { sampleCatalogue, sampleJson } from '../../testing/sample-tenant.ts'
import type { BillHistory, DueLine } from '../due-line.ts'
import { allowanceLines } from './allowance-lines.ts'

type Json = Record<string, unknown>

const day = (text: string): number => Date.parse(`${text}T00:00:00Z`)

/** A customer with two fleets that he pays for; everything is sold by the offering `sim` with some allowances. */
function simTenant(
  allowances: readonly Json[],
  more: { readonly offering?: Json; readonly subscription?: Json; readonly others?: readonly Json[] } = {},
): Catalogue {
  const subscription = (id: string, account: string, subject: string): Json => {
    return {
      id,
      account,
      offering: 'sim',
      from: '2026-01-01',
      subjects: [subject],
      quantities: { sims: 3 },
      ...more.subscription,
    }
  }
  return sampleCatalogue({
    ...sampleJson(),
    meters: [
      { id: 'data', unit: 'byte' },
      { id: 'sms', unit: 'message' },
    ],
    prices: [
      { id: 'data', meter: 'data', model: 'graduated', tiers: [{ upTo: 100, amount: '1' }, { amount: '0.5' }] },
      { id: 'data-new', meter: 'data', model: 'per-unit', amount: '2' },
      { id: 'data-falling', meter: 'data', model: 'volume', tiers: [{ upTo: 99, amount: '3' }, { amount: '1' }] },
      { id: 'sms', meter: 'sms', model: 'per-unit', amount: '0.1' },
    ],
    offerings: [
      { id: 'sim', name: 'SIM', prices: ['data', 'sms'], allowances, ...more.offering },
      ...(more.others ?? []),
    ],
    accounts: [
      { id: 'depot', kind: 'customer', parent: 'acme', name: 'Depot', payer: 'self' },
      { id: 'east', kind: 'fleet', parent: 'depot', name: 'East', payer: 'parent' },
      { id: 'west', kind: 'fleet', parent: 'depot', name: 'West', payer: 'parent' },
    ],
    partners: [],
    subscriptions: [subscription('east-sims', 'east', 's-1'), subscription('west-sims', 'west', 's-2')],
  })
}

function allowances(
  catalogue: Catalogue,
  usage: readonly SampleUsage[],
  period = '2026-11',
  history?: BillHistory,
): readonly DueLine[] {
  const lines = (of: Parameters<typeof sampleUsageLine>[1]): readonly DueLine[] =>
    usage.map((own) => sampleUsageLine(catalogue, of, own))
  return allowanceLines(sampleSoFar(catalogue, sampleSale('depot'), period, lines, history))
}

function shown(lines: readonly DueLine[]): readonly unknown[] {
  return lines.map(({ subscription, price, quantity, amountMicros }) => [subscription, price, quantity, amountMicros])
}

const data = (subscription: string, quantity: bigint): SampleUsage => ({ subscription, meter: 'data', quantity })
const used = (quantities: Readonly<Record<string, bigint>>): BillHistory => ({
  quantityOf: (subscription, _meter, period) => quantities[`${subscription} ${period}`] ?? 0n,
  linesOf: () => [],
})

test('the first units are free, and the rest costs what it would have cost alone', () => {
  const catalogue = simTenant([{ id: 'included', meter: 'data', quantity: 40 }])
  // 140 units cost 100 + 20; the 100 that are left cost 100.
  const [line, ...others] = allowances(catalogue, [data('east-sims', 140n), { ...data('east-sims', 9n), meter: 'sms' }])
  expect(others).toEqual([])
  expect(line).toMatchObject({
    kind: 'allowance',
    periodKey: '2026-11',
    account: 'east',
    description: 'SIM: data, included',
    price: 'included',
    terms: '40 byte included',
    meter: 'data',
    quantity: 40n,
    amountMicros: -20_000_000n,
    chargeBlocks: 0,
    usage: null,
  })
  expect(line?.key).toMatch(/^2026-11\/east-sims\/allowance\/included\/[0-9a-f]{64}$/)
})

test('nobody has more covered than he used, and nothing used is nothing covered', () => {
  const catalogue = simTenant([{ id: 'included', meter: 'data', quantity: 40 }])
  expect(shown(allowances(catalogue, [data('east-sims', 15n)]))).toEqual([['east-sims', 'included', 15n, -15_000_000n]])
  expect(allowances(catalogue, [data('east-sims', 0n)])).toEqual([])
  expect(allowances(simTenant([]), [data('east-sims', 140n)])).toEqual([])
})

test('for each of a quantity, as many times', () => {
  const catalogue = simTenant([{ id: 'included', meter: 'data', quantity: 20, each: { quantity: 'sims' } }])
  expect(shown(allowances(catalogue, [data('east-sims', 90n)]))).toEqual([['east-sims', 'included', 60n, -60_000_000n]])
})

test('where the rest alone would be dearer the line stays as it is', () => {
  const catalogue = simTenant([{ id: 'included', meter: 'data', quantity: 10 }], {
    offering: { prices: ['data-falling'] },
  })
  // 105 units cost 105, 95 would cost 285; 205 cost 205, 195 cost 195.
  expect(allowances(catalogue, [data('east-sims', 105n)])).toEqual([])
  expect(shown(allowances(catalogue, [data('east-sims', 205n)]))).toEqual([
    ['east-sims', 'included', 10n, -10_000_000n],
  ])
})

test('a dearer rest on the way to a cheaper one costs nothing either', () => {
  const two = [
    { id: 'first', meter: 'data', quantity: 10 },
    { id: 'second', meter: 'data', quantity: 80, priority: 1 },
  ]
  const catalogue = simTenant(two, { offering: { prices: ['data-falling'] } })
  // 105 cost 105; without 10 they would cost 285, without 90 they cost 45.
  expect(shown(allowances(catalogue, [data('east-sims', 105n)]))).toEqual([['east-sims', 'second', 80n, -60_000_000n]])
})

test('several prices of a meter are covered in the order in which they came into force', () => {
  const catalogue = simTenant([], {
    offering: {
      prices: ['data'],
      versions: [
        { from: '2026-11-11', prices: ['data-new'], allowances: [{ id: 'included', meter: 'data', quantity: 50 }] },
      ],
    },
    subscription: { migrations: [{ at: '2026-11-16', version: '2026-11-11' }] },
  })
  const usage = [data('east-sims', 30n), { ...data('east-sims', 30n), timeMs: day('2026-11-02') }]
  const lines = allowances(catalogue, usage)
  expect(lines.map(({ quantity, amountMicros }) => [quantity, amountMicros])).toEqual([
    [30n, -30_000_000n],
    [20n, -40_000_000n],
  ])
  expect(lines.map(({ taxCode, offering }) => [taxCode, offering])).toEqual([
    [null, 'sim'],
    [null, 'sim'],
  ])
})

test.each([
  { name: 'a whole one is that of the version active last', prorate: 'none', expected: 60n },
  // 15 of 30 days of 30, and 15 of 30 days of 60.
  { name: 'by day each version counts for its days', prorate: 'day', expected: 45n },
  { name: 'by second each version counts for its seconds', prorate: 'second', expected: 45n },
])('over a plan change, $name', ({ prorate, expected }) => {
  const included = (quantity: number): Json => ({ id: 'included', meter: 'data', quantity, prorate })
  const catalogue = simTenant([included(30)], {
    offering: { versions: [{ from: '2026-11-11', prices: ['data', 'sms'], allowances: [included(60)] }] },
    subscription: { migrations: [{ at: '2026-11-16', version: '2026-11-11' }] },
  })
  expect(shown(allowances(catalogue, [data('east-sims', 90n)]))).toEqual([
    ['east-sims', 'included', expected, -expected * 1_000_000n],
  ])
})

test('time in which a subscription is paused or not there is taken out by proration', () => {
  const included = { id: 'included', meter: 'data', quantity: 30, prorate: 'day' }
  const subscription = { from: '2026-11-06', pauses: [{ from: '2026-11-21', to: '2026-11-26' }] }
  const catalogue = simTenant([included], { subscription })
  expect(shown(allowances(catalogue, [data('east-sims', 90n)]))).toEqual([['east-sims', 'included', 20n, -20_000_000n]])
})

test('a pool is shared by the subscriptions on one bill in proportion to their usage', () => {
  const catalogue = simTenant([
    { id: 'pool', meter: 'data', quantity: 25, each: { quantity: 'sims' }, pool: 'subtree' },
  ])
  // 150 are shared: 90 and 91 of 181 do not use them up; 200 and 100 do.
  expect(shown(allowances(catalogue, [data('east-sims', 20n), data('west-sims', 70n)]))).toEqual([
    ['east-sims', 'pool', 20n, -20_000_000n],
    ['west-sims', 'pool', 70n, -70_000_000n],
  ])
  expect(shown(allowances(catalogue, [data('east-sims', 200n), data('west-sims', 100n)]))).toEqual([
    ['east-sims', 'pool', 100n, -50_000_000n],
    ['west-sims', 'pool', 50n, -50_000_000n],
  ])
})

test('who used nothing brings his part of a pool all the same', () => {
  const catalogue = simTenant([{ id: 'pool', meter: 'data', quantity: 50, pool: 'subtree' }])
  expect(shown(allowances(catalogue, [data('east-sims', 200n)]))).toEqual([['east-sims', 'pool', 100n, -50_000_000n]])
})

test('units that a period leaves over are used in the next ones, those that expire first before all', () => {
  const catalogue = simTenant([{ id: 'included', meter: 'data', quantity: 50, rollover: { periods: 2, cap: 70 } }], {
    subscription: { from: '2026-08-01' },
  })
  const history = used({ 'east-sims 2026-08': 50n, 'east-sims 2026-09': 20n, 'east-sims 2026-10': 20n })
  // September leaves 30, of which October uses 20; with October's own 50 they are 60, and with November's 110.
  expect(shown(allowances(catalogue, [data('east-sims', 300n)], '2026-11', history))).toEqual([
    ['east-sims', 'included', 110n, -55_000_000n],
  ])
  // Nothing used since August: 50 of October and 20 of September are carried, and 50 are new.
  const idle = used({ 'east-sims 2026-08': 50n })
  expect(shown(allowances(catalogue, [data('east-sims', 300n)], '2026-11', idle))).toEqual([
    ['east-sims', 'included', 120n, -60_000_000n],
  ])
})

test('two plans of one period that call what they include alike cover what was used once', () => {
  const included = { id: 'included', meter: 'data', quantity: 60, prorate: 'day', rollover: { periods: 1 } }
  const catalogue = simTenant([included], {
    subscription: { from: '2026-11-01', migrations: [{ at: '2026-11-16', offering: 'sim-plus', version: 'first' }] },
    others: [{ id: 'sim-plus', name: 'SIM plus', prices: ['data', 'sms'], allowances: [included] }],
  })
  // November includes 30 by each plan, of which 50 are used; 10 are carried into December, which includes 60.
  const history = used({ 'east-sims 2026-11': 50n })
  expect(shown(allowances(catalogue, [data('east-sims', 300n)], '2026-12', history))).toEqual([
    ['east-sims', 'included', 70n, -35_000_000n],
  ])
})

test('units left over outlive the plan they came with, until they expire', () => {
  const catalogue = simTenant([{ id: 'old', meter: 'data', quantity: 50, rollover: { periods: 1 } }], {
    offering: { versions: [{ from: '2026-10-05', prices: ['data', 'sms'] }] },
    subscription: { from: '2026-09-01', migrations: [{ at: '2026-11-01', version: '2026-10-05' }] },
  })
  const history = used({ 'east-sims 2026-10': 10n })
  const [line, ...others] = allowances(catalogue, [data('east-sims', 100n)], '2026-11', history)
  expect(others).toEqual([])
  expect(line).toMatchObject({ price: 'old', quantity: 50n })
  expect(allowances(catalogue, [data('east-sims', 100n)], '2026-12', history)).toEqual([])
})
