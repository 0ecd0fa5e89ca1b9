import { expect, test } from 'vitest'
import type { SubscriptionAnswer } from '../flow/subscription-answers.ts'
import { subscriptionOutcomeText, subscriptionsText, subscriptionText } from './subscription-texts.ts'

const day = (text: string): number => Date.parse(`${text}T00:00:00Z`)
const shown: SubscriptionAnswer = {
  id: 'north-trackers',
  account: 'north',
  offering: 'tracker',
  state: 'paused',
  fromMs: day('2026-01-01'),
  toMs: null,
  nextMs: day('2026-12-01') + 3_600_000,
  atMs: day('2026-11-20'),
  pauses: [{ fromMs: day('2026-11-16'), toMs: null }],
  quantities: { seats: '25' },
  subjects: 120,
  events: [
    { atMs: day('2026-01-01'), kind: 'begin', text: 'tracker, 25 seats', isToCome: false },
    { atMs: day('2026-12-01') + 3_600_000, kind: 'change', text: 'tracker, version first', isToCome: true },
  ],
  definition: {},
}

test('subscriptions are a table, and one is shown with what happens to it', () => {
  expect(subscriptionsText([])).toBe('There are no such subscriptions.')
  expect(subscriptionsText([shown])).toMatch(
    /^north-trackers +north +tracker +paused +2026-01-01 +- +2026-12-01T01:00:00.000Z$/m,
  )
  const text = subscriptionText(shown)
  expect(text).toMatch(/^at +2026-11-20: paused, tracker$/m)
  expect(text).toMatch(/^paused +2026-11-16 to -$/m)
  expect(text).toMatch(/^2026-12-01T01:00:00.000Z +change +tracker, version first +to come$/m)
})

test('a command says what it changed, and nothing when it is so already', () => {
  const outcome = {
    subscription: 'own',
    version: 7,
    applied: true,
    diff: ['~ subscription own: to 2026'],
    corrections: [],
  }
  expect(subscriptionOutcomeText(outcome, false)).toBe(
    '~ subscription own: to 2026\nThis is version 7 of the catalogue.',
  )
  expect(subscriptionOutcomeText({ ...outcome, applied: false }, true)).toContain('Dry run, nothing was changed.')
  expect(subscriptionOutcomeText({ ...outcome, applied: false, diff: [] }, false)).toBe(
    'own is so already; nothing was changed.',
  )
  const corrections = [{ period: '2026-07', seller: 'a', buyer: 'b', currency: 'EUR' }]
  expect(subscriptionOutcomeText({ ...outcome, corrections }, false)).toMatch(/1 billed relation will be corrected\.$/)
})
