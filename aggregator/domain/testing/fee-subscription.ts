import { parsePeriodKey, type Period } from '@meterline/shared/units/period.ts'
import type { CatalogueSubscription } from '../catalogue/catalogue.ts'
import { sampleCatalogue, sampleJson } from './sample-tenant.ts'

/** A part of a tenant file as plain data. */
export type Json = Readonly<Record<string, unknown>>

const prices: readonly Json[] = [
  { id: 'setup', model: 'one-time', amount: '49' },
  { id: 'platform', model: 'recurring', amount: '25' },
  { id: 'seat', model: 'recurring', amount: '4', each: { quantity: 'seats' } },
  { id: 'card', model: 'recurring', due: 'in-arrears', amount: '0.3', each: 'subject' },
]

/** What a test changes of the sample. */
export interface Changes {
  readonly subscription?: Json
  readonly offering?: Json
  readonly prices?: readonly Json[]
  /** Beside those of the sample. */
  readonly offerings?: readonly Json[]
  readonly subscriptions?: readonly Json[]
}

/** The subscription bright-ai of the sample, which owes the fees above and what a test adds to them. */
export function subscriptionWith(changes: Changes = {}): CatalogueSubscription {
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
    offerings: [
      ...(json['offerings'] as readonly Json[]).map(named('ai-tokens', offering)),
      ...(changes.offerings ?? []),
    ],
    subscriptions: [
      ...(json['subscriptions'] as readonly Json[]).map(named('bright-ai', subscription)),
      ...(changes.subscriptions ?? []),
    ],
  })
  const found = catalogue.subscriptions.get('bright-ai')
  if (found === undefined) throw new Error('the sample has a subscription bright-ai')
  return found
}

/** The calendar month of a key. */
export function period(key: string): Period {
  const parsed = parsePeriodKey(key)
  if (!parsed.ok) throw new Error(parsed.fault.message)
  return parsed.value
}
