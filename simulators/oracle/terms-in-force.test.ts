import { expect, test } from 'vitest'
import { feesOnBill } from './due-fees.ts'
import { unusedIn } from './due-openings.ts'
import type { PlannedFee, PlannedPrice } from './planned-price.ts'
import type { PlannedSubscription, TenantPlan } from './tenant-plan.ts'
import { priceAt } from './terms-in-force.ts'

const perUnit = (id: string, amount: string): PlannedPrice => {
  return { id, meter: 'data', model: 'per-unit', amount, per: 1n, minimum: amount }
}

const fees: readonly PlannedFee[] = [
  { id: 'base', model: 'recurring', amount: '5' },
  { id: 'care', model: 'recurring', amount: '0.0000005', due: 'in-arrears', each: { quantity: 'seats' } },
  { id: 'setup', model: 'one-time', amount: '9.5', each: 'subject' },
]

const plan: TenantPlan = {
  tenant: 't',
  currency: 'EUR',
  minorDigits: 2,
  operator: 'o',
  meters: [{ id: 'data', unit: 'byte' }],
  prices: [
    {
      ...perUnit('old', '1'),
      changes: [
        { from: '2026-06-15', model: 'per-unit', amount: '3', per: 1n },
        { from: '2026-05-10T12:00:00Z', model: 'per-unit', amount: '2', per: 1n },
      ],
    },
    perUnit('new', '7'),
  ],
  fees,
  matrices: [],
  offerings: [
    { id: 'sold', prices: ['old', ...fees.map(({ id }) => id)], versions: [{ from: '2026-04-01', prices: ['new'] }] },
  ],
  accounts: [],
  partners: [],
  subscriptions: [],
  correlations: [],
}

const early: PlannedSubscription = {
  id: 'early',
  account: 'a',
  offering: 'sold',
  from: '2026-03-10',
  subjects: ['s-1', 's-2'],
  quantities: { seats: 3 },
}

function amountAt(subscription: PlannedSubscription, atMs: number): string {
  const terms = priceAt(plan, subscription, 'data', atMs)?.terms
  return terms?.model === 'per-unit' ? terms.amount : ''
}

test('dated changes count from their instants on, in whatever order they are written', () => {
  expect(amountAt(early, Date.UTC(2026, 4, 10, 11, 59))).toBe('1')
  expect(amountAt(early, Date.UTC(2026, 4, 10, 12))).toBe('2')
  expect(amountAt(early, Date.UTC(2026, 5, 15))).toBe('3')
})

test('a subscription has the version that is sold when it begins, until it goes over to another', () => {
  expect(amountAt({ ...early, from: '2026-04-01' }, Date.UTC(2026, 3, 2))).toBe('7')
  const moves = {
    ...early,
    migrations: [
      { at: '2026-04-20', version: '2026-04-01' },
      { at: '2026-05-01', version: 'first' },
    ],
  }
  expect(amountAt(moves, Date.UTC(2026, 3, 19))).toBe('1')
  expect(amountAt(moves, Date.UTC(2026, 3, 20))).toBe('7')
  expect(amountAt(moves, Date.UTC(2026, 4, 1))).toBe('1')
})

test.each<readonly [string, Partial<PlannedSubscription>, string, readonly string[]]>([
  [
    'when it begins',
    {},
    '2026-03',
    ['setup 2026-03 2 19000000', 'base 2026-03 1 5000000', 'care 2026-03 3 2', 'base 2026-04 1 5000000'],
  ],
  ['later', {}, '2026-04', ['base 2026-04 1 5000000', 'care 2026-04 3 2', 'base 2026-05 1 5000000']],
  ['before', {}, '2026-02', []],
  ['when it ends with the month', { to: '2026-05-01' }, '2026-04', ['base 2026-04 1 5000000', 'care 2026-04 3 2']],
  ['when it ends in the middle', { to: '2026-05-02' }, '2026-05', ['base 2026-05 1 5000000', 'care 2026-05 3 2']],
  [
    'when it goes over to a version without',
    { migrations: [{ at: '2026-05-01', version: '2026-04-01' }] },
    '2026-04',
    ['base 2026-04 1 5000000', 'care 2026-04 3 2'],
  ],
])('fees are owed %s', (_when, how, period, expected) => {
  const owed = feesOnBill({ plan, subscription: { ...early, ...how } }, period)
  expect(owed.map((due) => `${due.fee.id} ${due.period} ${due.quantity} ${due.amountMicros}`)).toEqual(expected)
})

test('without usage a period owes what its last price asks for', () => {
  const dueIn = (period: string, how: Partial<PlannedSubscription> = {}): readonly string[] =>
    unusedIn(plan, { ...early, ...how }, period, new Set()).map(({ model }) => String(model.minimum))
  expect(dueIn('2026-04')).toEqual(['1'])
  expect(dueIn('2026-05')).toEqual([])
  expect(dueIn('2026-05', { migrations: [{ at: '2026-05-30', version: '2026-04-01' }] })).toEqual(['7'])
})
