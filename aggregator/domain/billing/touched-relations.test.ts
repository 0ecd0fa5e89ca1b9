import { describe, expect, test } from 'vitest'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { sampleCatalogue, sampleJson } from '../testing/sample-tenant.ts'
import { touchedRelations } from './touched-relations.ts'

type Json = Readonly<Record<string, unknown>>

const terms = { model: 'recurring', due: 'in-arrears', amount: '31', prorate: 'day' }
const fee = { id: 'platform', ...terms }
const seats = { id: 'seats', model: 'recurring', amount: '4', each: { quantity: 'seats' } }

/** The sample with fees for its AI customer (in an offering of his own) and for the trackers, and what a test changes. */
function tenant(
  subscription: Json = {},
  {
    prices = [],
    offering = {},
    others = [],
  }: { prices?: readonly Json[]; offering?: Json; others?: readonly Json[] } = {},
): Catalogue {
  const json = sampleJson()
  const own = [fee, seats].filter(({ id }) => !prices.some((price) => price['id'] === id))
  const edited = (list: string, id: string, change: Json): readonly Json[] =>
    (json[list] as readonly Json[]).map((element) => (element['id'] === id ? { ...element, ...change } : element))
  return sampleCatalogue({
    ...json,
    prices: [...(json['prices'] as readonly Json[]), ...own, ...prices],
    accounts: [
      ...(json['accounts'] as readonly Json[]),
      { id: 'other', kind: 'customer', parent: 'acme', name: 'Other', payer: 'self' },
    ],
    offerings: [
      ...edited('offerings', 'ai-tokens', { prices: ['platform', 'seats', 'ai-input'], ...offering }),
      { id: 'ai-more', name: 'AI more', prices: ['ai-input'] },
    ],
    subscriptions: [
      ...edited('subscriptions', 'bright-ai', { from: '2026-01-01', quantities: { seats: 2 }, ...subscription }),
      ...others,
    ],
  })
}

const months = ['2026-01', '2026-02', '2026-03', '2026-04']

function touched(before: Catalogue, after: Catalogue, periods: readonly string[] = months): readonly string[] {
  return touchedRelations(before, after, periods).map(({ period, seller, buyer, currency }) =>
    [period, seller, buyer, currency].join(' '),
  )
}

const march = ['2026-03 acme brightdesk EUR']
const fromMarch = [...march, '2026-04 acme brightdesk EUR']

describe('another version of a catalogue touches billed periods', () => {
  test.each<readonly [what: string, after: Catalogue, expected: readonly string[]]>([
    ['in nothing, when it is the same', tenant(), []],
    ['by an end', tenant({ to: '2026-03-10' }), fromMarch],
    ['by an end as a period begins, only from then on', tenant({ to: '2026-04-01' }), fromMarch.slice(1)],
    ['by a later beginning', tenant({ from: '2026-02-01' }), ['2026-01 acme brightdesk EUR']],
    ['by a pause', tenant({ pauses: [{ from: '2026-03-10', to: '2026-03-20' }] }), march],
    ['by other quantities', tenant({ changes: [{ at: '2026-03-10', quantities: { seats: 3 } }] }), fromMarch],
    [
      'by another plan',
      tenant({ migrations: [{ at: '2026-03-10', offering: 'ai-more', version: 'first' }] }),
      fromMarch,
    ],
    ['not by subjects', tenant({ subjects: ['llm-1', 'llm-2', 'llm-3'] }), []],
    ['not by what is still to come', tenant({ to: '2026-05-01' }), []],
    [
      'by a fee that changes',
      tenant({}, { prices: [{ ...fee, changes: [{ ...terms, from: '2026-03-15', amount: '62' }] }] }),
      fromMarch,
    ],
    [
      'not by a price for a meter that had none',
      tenant({}, { offering: { prices: ['platform', 'seats', 'ai-input', 'ai-output'] } }),
      [],
    ],
    [
      'not by a version that is sold later',
      tenant({}, { offering: { versions: [{ from: '2026-05-01', prices: ['seats', 'ai-input'] }] } }),
      [],
    ],
    [
      'by quantities it began with',
      tenant({ quantities: { seats: 3 } }),
      months.map((key) => `${key} acme brightdesk EUR`),
    ],
    [
      'by a subscription that is entered later',
      tenant(
        {},
        {
          others: [
            {
              id: 'late',
              account: 'brightdesk',
              offering: 'ai-tokens',
              from: '2026-03-20',
              subjects: ['x'],
              quantities: { seats: 0 },
            },
          ],
        },
      ),
      fromMarch,
    ],
  ])('%s', (_what, after, expected) => {
    expect(touched(tenant(), after)).toEqual(expected)
  })

  test('through what a subscription depends on', () => {
    const line = { id: 'line', account: 'other', offering: 'ai-more', from: '2026-01-01', subjects: ['l'] }
    const paused = { ...line, pauses: [{ from: '2026-03-10', to: '2026-03-20' }] }
    const linked = (of: Json): Catalogue => tenant({ dependsOn: 'line' }, { others: [of] })
    expect(touched(linked(line), linked(paused)).toSorted()).toEqual([...march, '2026-03 acme other EUR'])
  })

  test('only in periods of the cycle of who pays', () => {
    expect(touched(tenant(), tenant({ to: '2026-03-10' }), ['2026-03~mid', '2026-03'])).toEqual(march)
  })
})
