import { seededRandom } from '@meterline/shared/base/random.ts'
import { expect, test } from 'vitest'
import { drawTenant } from '../world/tenant.ts'
import { owedFor } from './who-owes-whom.ts'

const { plan } = drawTenant(seededRandom('tree'))
const nowMs = Date.UTC(2026, 5, 1)

function told(subject: string, meter: string, timeMs = nowMs): string {
  const owed = owedFor(plan, subject, meter, timeMs)
  return (
    owed.debts?.map(({ seller, buyer, price }) => `${buyer} owes ${seller} ${price.id}`).join(', ') ??
    String(owed.reason)
  )
}

test('a tracker of a sub-fleet is owed on all three legs and to the partner', () => {
  expect(told('trk-n-1', 'data.bytes')).toBe(
    'logistics owes nordlink retail-data, nordlink owes acme wholesale-data, acme owes roamnet roaming-data',
  )
})

test('a meter the partner does not sell has no partner leg', () => {
  expect(told('trk-s-4', 'messages')).toBe(
    'logistics owes nordlink retail-message, nordlink owes acme wholesale-message',
  )
})

test('a direct customer owes the operator alone', () => {
  expect(told('llm-1', 'ai.output_tokens')).toBe('brightdesk owes acme ai-output')
})

test.each([
  ['nobody', 'data.bytes', nowMs, 'unknown_subject'],
  ['trk-n-1', 'undeclared.meter', nowMs, 'unknown_meter'],
  ['trk-n-1', 'unsold.meter', nowMs, 'no_price'],
  ['trk-n-1', 'data.bytes', Date.UTC(2025, 11, 31), 'subscription_not_active'],
] as const)('%s %s at %d is not owed: %s', (subject, meter, timeMs, reason) => {
  expect(told(subject, meter, timeMs)).toBe(reason)
})
