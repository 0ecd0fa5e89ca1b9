import { expect, test } from 'vitest'
import { feesOfPeriod, feesOnBill } from './due-fees.ts'
import type { PlannedSubscription, TenantPlan } from './tenant-plan.ts'

const plan = {
  cycles: [{ id: 'berlin', day: 31, zone: 'Europe/Berlin' }],
  prices: [],
  matrices: [],
  fees: [
    { id: 'daily', model: 'recurring', amount: '30', prorate: 'day', each: { quantity: 'seats' } },
    { id: 'exact', model: 'recurring', amount: '1', prorate: 'second', due: 'in-arrears' },
    { id: 'other', model: 'recurring', amount: '60', prorate: 'day', due: 'in-arrears' },
  ],
  offerings: [
    { id: 'flat', prices: ['daily', 'exact'], versions: [{ from: '2026-11-16', prices: ['other'] }] },
    { id: 'more', prices: ['other'] },
  ],
  subscriptions: [],
  accounts: [{ id: 'nord', kind: 'customer', parent: 'acme', payer: 'self' }],
  operator: 'acme',
} as unknown as TenantPlan
const flat: PlannedSubscription = {
  id: 'own',
  account: 'nord',
  offering: 'flat',
  from: '2026-01-01',
  quantities: { seats: 2 },
}

test.each<readonly [string, Partial<PlannedSubscription>, readonly string[]]>([
  ['a whole month', {}, ['daily 60000000', 'exact 1000000']],
  ['a start on the 16th', { from: '2026-11-16T23:00:00Z', offering: 'more' }, ['other 30000000']],
  ['an end at noon of the 16th: that day counts', { to: '2026-11-16T12:00:00Z' }, ['daily 32000000', 'exact 516667']],
  ['an end at midnight does not count the day', { to: '2026-11-16' }, ['daily 30000000', 'exact 500000']],
  [
    'a pause of ten days',
    { pauses: [{ from: '2026-11-11', to: '2026-11-21', reason: 'winter' }] },
    ['daily 40000000', 'exact 666667'],
  ],
  [
    'a pause within a day counts that day',
    { pauses: [{ from: '2026-11-11T01:00:00Z', to: '2026-11-11T23:00:00Z', reason: 'snow' }] },
    ['daily 60000000', 'exact 969444'],
  ],
  [
    'a change of quantity: the day has what it begins with',
    { changes: [{ at: '2026-11-16T12:00:00Z', quantities: { seats: 5 } }] },
    ['daily 102000000', 'exact 1000000'],
  ],
  [
    'another version on the 16th',
    { migrations: [{ at: '2026-11-16', version: '2026-11-16' }] },
    ['daily 30000000', 'exact 500000', 'other 30000000'],
  ],
  [
    'another offering on the 16th',
    { migrations: [{ at: '2026-11-16', version: 'first', offering: 'more' }] },
    ['daily 30000000', 'exact 500000', 'other 30000000'],
  ],
])('fees of November with %s', (_what, how, expected) => {
  const owed = feesOfPeriod({ plan, subscription: { ...flat, ...how } }, '2026-11')
  expect(owed.map(({ fee, amountMicros }) => `${fee.id} ${amountMicros}`)).toEqual(expected)
})

test('days are those of the zone of the cycle: the 31st of October to the 29th of November is 30 of them', () => {
  const subscription = { ...flat, from: '2026-11-10T23:30:00Z' }
  const [daily] = feesOfPeriod({ plan, subscription: { ...subscription, quantities: { seats: 1 } } }, '2026-10~berlin')
  // It begins half an hour into 11 November, the twelfth of them.
  expect(daily?.amountMicros).toBe(19_000_000n)
})

test('a subscription that goes along pauses with the other one, unless it stays', () => {
  const line = { ...flat, id: 'line', pauses: [{ from: '2026-11-16', reason: 'not paid' }] }
  const linked = { ...plan, subscriptions: [line] }
  const dashboard = { ...flat, id: 'dashboard', dependsOn: 'line' }
  const owed = (subscription: PlannedSubscription): readonly string[] =>
    feesOfPeriod({ plan: linked, subscription }, '2026-11').map(({ amountMicros }) => String(amountMicros))
  expect(owed(dashboard)).toEqual(['30000000', '500000'])
  expect(owed({ ...dashboard, whenPaused: 'stays' })).toEqual(['60000000', '1000000'])
})

test('a bill asks for the next period what is due in advance', () => {
  const owed = feesOnBill({ plan, subscription: flat }, '2026-09')
  expect(owed.map(({ fee, period }) => `${fee.id} ${period}`)).toEqual([
    'daily 2026-09',
    'exact 2026-09',
    'daily 2026-10',
  ])
})

test('whole fees are those of the first and the last instant that is not paused, and none of a period that is', () => {
  const fees = [
    { id: 'ahead', model: 'recurring', amount: '3', each: { quantity: 'seats' } },
    { id: 'after', model: 'recurring', amount: '5', due: 'in-arrears', each: { quantity: 'seats' } },
    { id: 'setup', model: 'one-time', amount: '7', each: { quantity: 'seats' } },
  ]
  const offerings = [{ id: 'flat', prices: ['ahead', 'after', 'setup'] }]
  const whole = { ...plan, fees, offerings } as unknown as TenantPlan
  const changes = [
    { at: '2026-11-10', quantities: { seats: 4 } },
    { at: '2026-11-20', quantities: { seats: 6 } },
  ]
  const owed = (how: Partial<PlannedSubscription>): readonly string[] =>
    feesOfPeriod({ plan: whole, subscription: { ...flat, changes, ...how } }, '2026-11').map(
      ({ fee, quantity, amountMicros }) => `${fee.id} ${quantity} ${amountMicros / 1_000_000n}`,
    )
  expect(owed({})).toEqual(['ahead 2 6', 'after 6 30'])
  const edges = [
    { from: '2026-10-20', to: '2026-11-12', reason: 'early' },
    { from: '2026-11-15', to: '2026-12-02', reason: 'late' },
  ]
  expect(owed({ pauses: edges })).toEqual(['ahead 4 12', 'after 4 20'])
  expect(owed({ pauses: [{ from: '2026-11-01', reason: 'all of it' }] })).toEqual([])
  const begun = { from: '2026-11-01', pauses: [{ from: '2026-11-01', reason: 'at once' }] }
  expect(owed(begun)).toEqual(['setup 2 14'])
})
