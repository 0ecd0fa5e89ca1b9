import { describe, expect, test } from 'vitest'
import type { CatalogueSubscription } from '../catalogue/catalogue.ts'
import { calendarMonths } from '../periods/billing-cycle.ts'
import { period, subscriptionWith } from '../testing/fee-subscription.ts'
import { feeTerms, feeUnit } from './fee-terms.ts'
import { feeMicros, feesDue, feesOfPeriod, feeSegmentKey } from './fees-due.ts'

const setup = 'setup 49.00 EUR per subscription, once'
const platform = (period: string): string => `platform 25.00 EUR per subscription, in advance for ${period}`
const cards = (period: string): string => `card 0.30 EUR per subject, for ${period}`

function shown(subscription: CatalogueSubscription, key: string): readonly string[] {
  return feesDue(subscription, period(key), calendarMonths).map((due) => `${due.fee.name} ${feeTerms(due)}`)
}

describe('the fees of a period', () => {
  test.each<readonly [what: string, key: string, expected: readonly string[]]>([
    ['before the subscription', '2026-01', []],
    [
      'of the subscription’s first period',
      '2026-02',
      [setup, cards('2026-02'), platform('2026-02'), platform('2026-03')],
    ],
    ['of a period between', '2026-03', [cards('2026-03'), platform('2026-03'), platform('2026-04')]],
    ['over the end of a year', '2026-12', [cards('2026-12'), platform('2026-12'), platform('2027-01')]],
  ])('%s', (_what, key, expected) => {
    expect(shown(subscriptionWith(), key)).toEqual(expected)
  })

  test.each<readonly [what: string, to: string, key: string, expected: readonly string[]]>([
    [
      'in the middle of a period',
      '2026-05-20',
      '2026-04',
      [cards('2026-04'), platform('2026-04'), platform('2026-05')],
    ],
    ['in the middle of the period', '2026-05-20', '2026-05', [cards('2026-05'), platform('2026-05')]],
    ['before the period', '2026-05-20', '2026-06', []],
    ['as the next period begins', '2026-05-01', '2026-04', [cards('2026-04'), platform('2026-04')]],
    ['before the period begins', '2026-05-01', '2026-05', []],
  ])('of a subscription that ends %s (%s, %s)', (_what, to, key, expected) => {
    expect(shown(subscriptionWith({ subscription: { to } }), key)).toEqual(expected)
  })

  test('a subscription that begins as a period begins owes nothing for it before', () => {
    const subscription = subscriptionWith({ subscription: { from: '2026-03-01' } })
    expect(shown(subscription, '2026-02')).toEqual([])
    expect(shown(subscription, '2026-03')).toEqual([setup, cards('2026-03'), platform('2026-03'), platform('2026-04')])
  })

  test('each key is due with its own period and, in advance, with the one before, from the first period on', () => {
    for (const from of ['2026-02-01', '2026-02-28T23:59:59.999Z', '2026-03-01']) {
      const subscription = subscriptionWith({ subscription: { from } })
      const keysOf = (key: string): readonly string[] =>
        feesDue(subscription, period(key), calendarMonths)
          .map((due) => feeSegmentKey(subscription.id, due))
          .filter((each) => each.includes(platformId(subscription)))
          .map((each) => each.slice(0, 7))
      const first = from.slice(0, 7)
      expect(keysOf('2026-01')).toEqual([])
      expect(keysOf('2026-02')).toEqual(first === '2026-02' ? ['2026-02', '2026-03'] : [])
      expect(keysOf('2026-03')).toEqual(['2026-03', '2026-04'])
    }
  })

  test('fees count subjects and quantities, exactly; what counts nothing owes nothing', () => {
    const subscription = subscriptionWith({ subscription: { quantities: { seats: 25 } } })
    const due = feesDue(subscription, period('2026-03'), calendarMonths)
    expect(
      due.map(({ fee, quantity, amountMicros }) => [fee.name, feeUnit(fee.terms), quantity, amountMicros]),
    ).toEqual([
      ['card', 'subject', 2n, 600_000n],
      ['platform', 'subscription', 1n, 25_000_000n],
      ['seat', 'seats', 25n, 100_000_000n],
      ['platform', 'subscription', 1n, 25_000_000n],
      ['seat', 'seats', 25n, 100_000_000n],
    ])
    const counted = feesOfPeriod(subscription, period('2026-03'), calendarMonths, 7n)
    expect(counted.map(({ quantity }) => quantity)).toEqual([7n, 1n, 25n])
    expect(feeMicros('0.0000005', 1n)).toBe(1n)
    expect(feeMicros('0.0000005', 3n)).toBe(2n)
    expect(feeMicros('0.0000004', 1n)).toBe(0n)
  })

  test('two fees of the same terms are both due, under keys of their own', () => {
    const subscription = subscriptionWith({
      prices: [{ id: 'support', model: 'recurring', amount: '25' }],
      offering: { prices: ['platform', 'support', 'ai-input'] },
    })
    const due = feesDue(subscription, period('2026-03'), calendarMonths)
    const id = platformId(subscription)
    expect(due.map((fee) => [fee.fee.name, feeSegmentKey(subscription.id, fee)])).toEqual([
      ['platform', `2026-03/bright-ai/fee/${id}`],
      ['support', `2026-03/bright-ai/fee/${id}/1`],
      ['platform', `2026-04/bright-ai/fee/${id}`],
      ['support', `2026-04/bright-ai/fee/${id}/1`],
    ])
  })

  test('one that changes from a date on is due by the version of its instant', () => {
    const changed = subscriptionWith({
      prices: [
        {
          id: 'risen',
          model: 'recurring',
          amount: '10',
          changes: [{ from: '2026-04-01', model: 'recurring', amount: '12' }],
        },
        {
          id: 'behind',
          model: 'recurring',
          due: 'in-arrears',
          amount: '5',
          changes: [{ from: '2026-04-15', model: 'recurring', due: 'in-arrears', amount: '6' }],
        },
      ],
      offering: { prices: ['risen', 'behind', 'ai-input'] },
    })
    const amounts = (key: string): readonly string[] =>
      feesDue(changed, period(key), calendarMonths).map(
        ({ fee, amountMicros }) => `${fee.name} ${amountMicros / 1_000_000n}`,
      )
    expect(amounts('2026-03')).toEqual(['behind 5', 'risen 10', 'risen 12'])
    expect(amounts('2026-04')).toEqual(['behind 6', 'risen 12', 'risen 12'])
  })
})

function platformId(subscription: CatalogueSubscription): string {
  const fee = subscription.versions[0]?.fees.find(({ name }) => name === 'platform')
  if (fee === undefined) throw new Error('the subscription has the fee platform')
  return fee.id
}
