import { describe, expect, test } from 'vitest'
import { parsePeriodKey, type Period } from '@meterline/shared/units/period.ts'
import type { CatalogueSubscription } from '../catalogue/catalogue.ts'
import { sampleCatalogue, sampleJson } from '../testing/sample-tenant.ts'
import { feeTerms, feeUnit } from './fee-terms.ts'
import { feeMicros, feesDue, feeSegmentKey } from './fees-due.ts'

type Json = Readonly<Record<string, unknown>>

const prices: readonly Json[] = [
  { id: 'setup', model: 'one-time', amount: '49' },
  { id: 'platform', model: 'recurring', amount: '25' },
  { id: 'seat', model: 'recurring', amount: '4', each: { quantity: 'seats' } },
  { id: 'card', model: 'recurring', due: 'in-arrears', amount: '0.3', each: 'subject' },
]

const setup = 'setup 49.00 EUR per subscription, once'
const platform = (period: string): string => `platform 25.00 EUR per subscription, in advance for ${period}`
const cards = (period: string): string => `card 0.30 EUR per subject, for ${period}`

interface Changes {
  readonly subscription?: Json
  readonly offering?: Json
  readonly prices?: readonly Json[]
}

/** A subscription that owes the fees above and what a test adds to them. */
function subscriptionWith(changes: Changes = {}): CatalogueSubscription {
  const json = sampleJson()
  const named = (id: string, change: Json) => (element: Json) =>
    element['id'] === id ? { ...element, ...change } : element
  const offering = { prices: ['setup', 'platform', 'seat', 'card', 'ai-input'], ...changes.offering }
  const subscription = {
    from: '2026-02-10',
    subjects: ['llm-1', 'llm-2'],
    quantities: { seats: 0 },
    ...changes.subscription,
  }
  const catalogue = sampleCatalogue({
    ...json,
    prices: [...(json['prices'] as readonly Json[]), ...prices, ...(changes.prices ?? [])],
    offerings: (json['offerings'] as readonly Json[]).map(named('ai-tokens', offering)),
    subscriptions: (json['subscriptions'] as readonly Json[]).map(named('bright-ai', subscription)),
  })
  const found = catalogue.subscriptions.get('bright-ai')
  if (found === undefined) throw new Error('the sample has a subscription bright-ai')
  return found
}

function period(key: string): Period {
  const parsed = parsePeriodKey(key)
  if (!parsed.ok) throw new Error(parsed.fault.message)
  return parsed.value
}

function shown(subscription: CatalogueSubscription, key: string): readonly string[] {
  return feesDue(subscription, period(key)).map((due) => `${due.fee.name} ${feeTerms(due)}`)
}

describe('the fees of a period', () => {
  test.each<readonly [what: string, key: string, expected: readonly string[]]>([
    ['before the subscription', '2026-01', []],
    [
      'of the subscription’s first period',
      '2026-02',
      [setup, cards('2026-02'), platform('2026-02'), platform('2026-03')],
    ],
    ['of a period between', '2026-03', [cards('2026-03'), platform('2026-04')]],
    ['over the end of a year', '2026-12', [cards('2026-12'), platform('2027-01')]],
  ])('%s', (_what, key, expected) => {
    expect(shown(subscriptionWith(), key)).toEqual(expected)
  })

  test.each<readonly [what: string, to: string, key: string, expected: readonly string[]]>([
    ['in the middle of a period', '2026-05-20', '2026-04', [cards('2026-04'), platform('2026-05')]],
    ['in the middle of the period', '2026-05-20', '2026-05', [cards('2026-05')]],
    ['before the period', '2026-05-20', '2026-06', []],
    ['as the next period begins', '2026-05-01', '2026-04', [cards('2026-04')]],
    ['before the period begins', '2026-05-01', '2026-05', []],
  ])('of a subscription that ends %s (%s, %s)', (_what, to, key, expected) => {
    expect(shown(subscriptionWith({ subscription: { to } }), key)).toEqual(expected)
  })

  test('a subscription that begins as a period begins owes nothing for it before', () => {
    const subscription = subscriptionWith({ subscription: { from: '2026-03-01' } })
    expect(shown(subscription, '2026-02')).toEqual([])
    expect(shown(subscription, '2026-03')).toEqual([setup, cards('2026-03'), platform('2026-03'), platform('2026-04')])
  })

  test('in advance every period is billed exactly once, whenever the subscription begins', () => {
    for (const from of ['2026-02-01', '2026-02-28T23:59:59.999Z', '2026-03-01']) {
      const subscription = subscriptionWith({ subscription: { from } })
      const keys = ['2026-01', '2026-02', '2026-03', '2026-04'].flatMap((key) =>
        feesDue(subscription, period(key)).map((due) => feeSegmentKey(subscription.id, due)),
      )
      expect(new Set(keys).size).toBe(keys.length)
      const first = from.slice(0, 7) === '2026-02' ? ['2026-02'] : []
      const advance = keys.filter((key) => key.includes(platformId(subscription))).map((key) => key.slice(0, 7))
      expect(advance).toEqual([...first, '2026-03', '2026-04', '2026-05'])
    }
  })

  test('fees count subjects and quantities, exactly; what counts nothing owes nothing', () => {
    const subscription = subscriptionWith({ subscription: { quantities: { seats: 25 } } })
    const due = feesDue(subscription, period('2026-03'))
    expect(
      due.map(({ fee, quantity, amountMicros }) => [fee.name, feeUnit(fee.terms), quantity, amountMicros]),
    ).toEqual([
      ['card', 'subject', 2n, 600_000n],
      ['platform', 'subscription', 1n, 25_000_000n],
      ['seat', 'seats', 25n, 100_000_000n],
    ])
    expect(feeMicros('0.0000005', 1n)).toBe(1n)
    expect(feeMicros('0.0000005', 3n)).toBe(2n)
    expect(feeMicros('0.0000004', 1n)).toBe(0n)
  })

  test('two fees of the same terms are both due, under keys of their own', () => {
    const subscription = subscriptionWith({
      prices: [{ id: 'support', model: 'recurring', amount: '25' }],
      offering: { prices: ['platform', 'support', 'ai-input'] },
    })
    const due = feesDue(subscription, period('2026-03'))
    const id = platformId(subscription)
    expect(due.map((fee) => [fee.fee.name, feeSegmentKey(subscription.id, fee)])).toEqual([
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
      feesDue(changed, period(key)).map(({ fee, amountMicros }) => `${fee.name} ${amountMicros / 1_000_000n}`)
    expect(amounts('2026-03')).toEqual(['behind 5', 'risen 12'])
    expect(amounts('2026-04')).toEqual(['behind 6', 'risen 12'])
  })
})

function platformId(subscription: CatalogueSubscription): string {
  const fee = subscription.versions[0]?.fees.find(({ name }) => name === 'platform')
  if (fee === undefined) throw new Error('the subscription has the fee platform')
  return fee.id
}
