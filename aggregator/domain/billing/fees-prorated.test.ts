import { describe, expect, test } from 'vitest'
import type { CatalogueSubscription } from '../catalogue/catalogue.ts'
import { calendarMonths, periodAt, type BillingCycle } from '../periods/billing-cycle.ts'
import { period, subscriptionWith, type Changes, type Json } from '../testing/fee-subscription.ts'
import { feePartTerms, feeTerms } from './fee-terms.ts'
import { feesOfPeriod, type DueFee } from './fees-due.ts'

/** A fee of 31 a month and one of 3.1 for each seat, both by day. */
const prorated: readonly Json[] = [
  { id: 'daily', model: 'recurring', due: 'in-arrears', amount: '31', prorate: 'day' },
  { id: 'seats', model: 'recurring', amount: '3.1', each: { quantity: 'seats' }, prorate: 'day' },
]

function proratedWith(subscription: Json, more: Changes = {}): CatalogueSubscription {
  return subscriptionWith({
    ...more,
    prices: [...prorated, ...(more.prices ?? [])],
    offering: { prices: ['daily', 'seats', 'ai-input'], ...more.offering },
    subscription: { from: '2026-01-01', quantities: { seats: 10 }, ...subscription },
  })
}

function partsOf(due: DueFee): string {
  const parts = due.parts.map((part) => `${feePartTerms(due, part)}: ${part.quantity} × = ${part.amountMicros}`)
  return `${due.fee.name} ${due.quantity} = ${due.amountMicros} [${parts.join('; ')}]`
}

/** What is owed for May 2026, which has 31 days. */
function may(subscription: CatalogueSubscription): readonly string[] {
  return feesOfPeriod(subscription, period('2026-05'), calendarMonths).map(partsOf)
}

describe('proration by day', () => {
  test.each<readonly [what: string, subscription: Json, daily: string | null]>([
    ['all of a period', {}, '1 = 31000000 [31.00 EUR per subscription, for 2026-05, by day: 1 × = 31000000]'],
    ['a start', { from: '2026-05-16' }, '1 = 16000000 [16 of 31 days, from 2026-05-16 to 2026-06-01: 1 × = 16000000]'],
    [
      'a start within a day, which counts',
      { from: '2026-05-16T23:59:59.999Z' },
      '1 = 16000000 [16 of 31 days, from 2026-05-16T23:59:59.999Z to 2026-06-01: 1 × = 16000000]',
    ],
    ['an end', { to: '2026-05-16' }, '1 = 15000000 [15 of 31 days, from 2026-05-01 to 2026-05-16: 1 × = 15000000]'],
    [
      'an end within a day, which counts',
      { to: '2026-05-16T00:00:00.001Z' },
      '1 = 16000000 [16 of 31 days, from 2026-05-01 to 2026-05-16T00:00:00.001Z: 1 × = 16000000]',
    ],
    [
      'a pause and resumption',
      { pauses: [{ from: '2026-05-04', to: '2026-05-14', reason: 'winter' }] },
      '1 = 21000000 [3 of 31 days, from 2026-05-01 to 2026-05-04: 1 × = 3000000; 18 of 31 days, from 2026-05-14 to 2026-06-01: 1 × = 18000000]',
    ],
    [
      'a pause within days: the one it begins in and the one it ends in count',
      { pauses: [{ from: '2026-05-04T12:00:00Z', to: '2026-05-14T12:00:00Z' }] },
      '1 = 22000000 [4 of 31 days, from 2026-05-01 to 2026-05-04T12:00:00Z: 1 × = 4000000; 18 of 31 days, from 2026-05-14T12:00:00Z to 2026-06-01: 1 × = 18000000]',
    ],
    [
      'a pause within one day, which takes nothing away',
      { pauses: [{ from: '2026-05-04T08:00:00Z', to: '2026-05-04T20:00:00Z' }] },
      '1 = 31000000 [4 of 31 days, from 2026-05-01 to 2026-05-04T08:00:00Z: 1 × = 4000000; 27 of 31 days, from 2026-05-04T20:00:00Z to 2026-06-01: 1 × = 27000000]',
    ],
    ['a pause over all of it', { pauses: [{ from: '2026-04-20' }] }, null],
  ])('%s', (_what, subscription, daily) => {
    const found = may(proratedWith(subscription)).filter((text) => text.startsWith('daily'))
    expect(found).toEqual(daily === null ? [] : [`daily ${daily}`])
  })

  test('quantities are those of their days, and a change within a day counts from the next', () => {
    const changes = [
      { at: '2026-05-11', quantities: { seats: 20 } },
      { at: '2026-05-20T09:00:00Z', quantities: { seats: 0 } },
      { at: '2026-05-31', quantities: { seats: 5 } },
    ]
    expect(may(proratedWith({ changes }))[1]).toBe(
      'seats 5 = 30500000 [10 of 31 days, from 2026-05-01 to 2026-05-11: 10 × = 10000000; ' +
        '10 of 31 days, from 2026-05-11 to 2026-05-20T09:00:00Z: 20 × = 20000000; ' +
        '1 of 31 days, from 2026-05-31 to 2026-06-01: 5 × = 500000]',
    )
  })

  test('a migration to another offering shares the period between its fees; what both ask for is one line', () => {
    const subscription = proratedWith(
      { migrations: [{ at: '2026-05-16', offering: 'ai-more', version: 'first' }] },
      {
        prices: [{ id: 'more', model: 'recurring', due: 'in-arrears', amount: '62', prorate: 'day' }],
        offerings: [{ id: 'ai-more', name: 'AI more', prices: ['more', 'seats', 'ai-input'] }],
      },
    )
    const due = feesOfPeriod(subscription, period('2026-05'), calendarMonths)
    expect(due.map((fee) => `${fee.offering.name}: ${partsOf(fee)}`)).toEqual([
      'AI tokens: daily 1 = 15000000 [15 of 31 days, from 2026-05-01 to 2026-05-16: 1 × = 15000000]',
      'AI more: more 1 = 32000000 [16 of 31 days, from 2026-05-16 to 2026-06-01: 1 × = 32000000]',
      'AI more: seats 10 = 31000000 [3.10 EUR per seats, in advance for 2026-05, by day: 10 × = 31000000]',
    ])
    expect(subscription.versionAt(Date.UTC(2026, 4, 16))?.offering.id).toBe('ai-more')
    expect(subscription.offering.id).toBe('ai-tokens')
  })

  test('a change of plan within a day leaves the day to the plan it began with', () => {
    const subscription = proratedWith(
      { migrations: [{ at: '2026-05-16T12:00:00Z', offering: 'ai-more', version: 'first' }] },
      { offerings: [{ id: 'ai-more', name: 'AI more', prices: ['seats', 'ai-input'] }] },
    )
    expect(may(subscription)[0]).toContain('daily 1 = 16000000')
  })

  test('says in the terms that it is prorated', () => {
    const [daily] = feesOfPeriod(proratedWith({}), period('2026-05'), calendarMonths)
    expect(daily && feeTerms(daily)).toBe('31.00 EUR per subscription, for 2026-05, by day')
  })

  test('a period of the 13th of a month has the days of its own', () => {
    const cycle: BillingCycle = { id: 'mid', day: 13, offsets: null }
    const leading = periodAt(cycle, Date.UTC(2011, 1, 1))
    const [daily] = feesOfPeriod(proratedWith({ from: '2011-02-01' }), leading, cycle)
    expect(daily && [daily.period.key, daily.parts[0]?.units, daily.wholeUnits]).toEqual(['2011-01~mid', 12, 31])
  })

  test('days are those of the zone of the cycle, also where one has 23 hours', () => {
    const berlin = [
      { fromMs: Date.UTC(2025, 9, 26, 1), offsetMinutes: 60 },
      { fromMs: Date.UTC(2026, 2, 29, 1), offsetMinutes: 120 },
      { fromMs: Date.UTC(2026, 9, 25, 1), offsetMinutes: 60 },
    ]
    const cycle: BillingCycle = { id: 'de', day: 1, offsets: berlin }
    const march = periodAt(cycle, Date.UTC(2026, 2, 15))
    expect((march.endMs - march.startMs) / 3_600_000).toBe(31 * 24 - 1)
    const unitsFrom = (from: string): number | undefined => {
      const [daily] = feesOfPeriod(proratedWith({ from }), march, cycle)
      return daily?.parts[0]?.units
    }
    expect(unitsFrom('2026-01-01')).toBe(31)
    // 29 March in Berlin begins at 23:00 UTC the day before; 30 March at 22:00 UTC.
    expect(unitsFrom('2026-03-28T22:59:59.999Z')).toBe(4)
    expect(unitsFrom('2026-03-28T23:00:00Z')).toBe(3)
    expect(unitsFrom('2026-03-29T21:59:59.999Z')).toBe(3)
    expect(unitsFrom('2026-03-29T22:00:00Z')).toBe(2)
  })
})

describe('proration by second', () => {
  test('counts started seconds, and not the one that an end begins', () => {
    const second = { id: 'second', model: 'recurring', due: 'in-arrears', amount: '2.678400', prorate: 'second' }
    const owed = (subscription: Json): bigint | undefined => {
      const changes = { prices: [second], offering: { prices: ['second', 'ai-input'] } }
      const [due] = feesOfPeriod(proratedWith(subscription, changes), period('2026-05'), calendarMonths)
      return due?.amountMicros
    }
    // May has 2,678,400 seconds, so that each of them is worth one micro.
    expect(owed({})).toBe(2_678_400n)
    expect(owed({ from: '2026-05-31T23:59:58.500Z' })).toBe(2n)
    expect(owed({ from: '2026-05-31T23:59:59.000Z' })).toBe(1n)
    expect(owed({ to: '2026-05-01T00:00:01.000Z' })).toBe(1n)
    expect(owed({ to: '2026-05-01T00:00:01.001Z' })).toBe(2n)
  })
})

describe('fees that are not prorated', () => {
  const whole: readonly Json[] = [
    { id: 'behind', model: 'recurring', due: 'in-arrears', amount: '1', each: { quantity: 'seats' } },
    { id: 'ahead', model: 'recurring', amount: '1', each: { quantity: 'seats' } },
    { id: 'start', model: 'one-time', amount: '1', each: { quantity: 'seats' } },
  ]
  const owed = (subscription: Json): readonly string[] => {
    const changes = { prices: whole, offering: { prices: ['behind', 'ahead', 'start', 'ai-input'] } }
    const found = feesOfPeriod(proratedWith(subscription, changes), period('2026-05'), calendarMonths)
    return found.map(({ fee, amountMicros }) => `${fee.name} ${amountMicros / 1_000_000n}`)
  }
  const changed = [{ at: '2026-05-11', quantities: { seats: 20 } }]
  test.each<readonly [what: string, subscription: Json, expected: readonly string[]]>([
    ['count at the end, or as the period begins', { changes: changed }, ['behind 20', 'ahead 10']],
    ['count one-time fees as the subscription begins', { from: '2026-05-09' }, ['start 10', 'behind 10', 'ahead 10']],
    [
      'count at the last and first instant without pause',
      {
        changes: changed,
        pauses: [
          { from: '2026-05-01', to: '2026-05-12' },
          { from: '2026-05-13', to: '2026-06-15' },
        ],
      },
      ['behind 20', 'ahead 20'],
    ],
    ['are not due for a period that is all paused', { pauses: [{ from: '2026-05-01', to: '2026-06-01' }] }, []],
    [
      'are due once where the subscription begins with a pause',
      { from: '2026-05-09', pauses: [{ from: '2026-05-09' }] },
      ['start 10'],
    ],
  ])('%s', (_what, subscription, expected) => {
    expect(owed(subscription)).toEqual(expected)
  })
})

describe('a subscription that depends on another', () => {
  const pauses = [{ from: '2026-05-04', to: '2026-05-14' }]
  const connectivity = { id: 'line', account: 'brightdesk', offering: 'ai-tokens', from: '2026-01-01', subjects: ['l'] }
  const lines: readonly Json[] = [
    { ...connectivity, quantities: { seats: 0 }, dependsOn: 'site' },
    { ...connectivity, id: 'site', subjects: ['s'], quantities: { seats: 0 }, pauses },
  ]
  const owed = (subscription: Json): string | undefined => {
    const linked = proratedWith({ dependsOn: 'line', ...subscription }, { subscriptions: lines })
    return may(linked)[0]?.slice(0, 18)
  }
  test('is paused with it, over any number of links, beside its own pauses', () => {
    expect(owed({})).toBe('daily 1 = 21000000')
    expect(owed({ pauses: [{ from: '2026-05-10', to: '2026-05-20' }] })).toBe('daily 1 = 15000000')
  })
  test('stays on where its contract says so', () => {
    expect(owed({ whenPaused: 'stays' })).toBe('daily 1 = 31000000')
  })
})
