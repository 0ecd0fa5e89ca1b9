import { expect, test } from 'vitest'
import type { PlannedPrice } from './planned-price.ts'
import type { TenantPlan } from './tenant-plan.ts'
import { feePartiesOf, owedFor } from './who-owes-whom.ts'

const price = (id: string, meter: string): PlannedPrice => ({ id, meter, model: 'per-unit', amount: '1', per: 1n })

const plan: TenantPlan = {
  tenant: 'acme',
  currency: 'EUR',
  minorDigits: 2,
  operator: 'acme',
  meters: [
    { id: 'data.bytes', unit: 'byte' },
    { id: 'messages', unit: 'message' },
    { id: 'tokens', unit: 'token' },
    { id: 'unsold.meter', unit: 'piece' },
  ],
  prices: [
    price('retail-data', 'data.bytes'),
    price('retail-message', 'messages'),
    price('wholesale-data', 'data.bytes'),
    price('wholesale-message', 'messages'),
    price('roaming-data', 'data.bytes'),
    price('ai-tokens', 'tokens'),
  ],
  fees: [],
  matrices: [],
  offerings: [
    { id: 'tracker', prices: ['retail-data', 'retail-message'] },
    { id: 'wholesale', prices: ['wholesale-data', 'wholesale-message'] },
    { id: 'roaming', prices: ['roaming-data'] },
    { id: 'ai', prices: ['ai-tokens'] },
  ],
  accounts: [
    { id: 'nordlink', kind: 'reseller', parent: 'acme', payer: 'self' },
    { id: 'logistics', kind: 'customer', parent: 'nordlink', payer: 'self' },
    { id: 'north', kind: 'fleet', parent: 'logistics', payer: 'parent' },
    { id: 'brightdesk', kind: 'customer', parent: 'acme', payer: 'self' },
  ],
  partners: ['roamnet'],
  subscriptions: [
    {
      id: 'trackers',
      account: 'north',
      offering: 'tracker',
      from: '2026-01-01',
      to: '2026-09-01',
      subjects: ['trk-1'],
    },
    { id: 'desk', account: 'brightdesk', offering: 'ai', from: '2026-01-01', subjects: ['llm-1'] },
    { id: 'nordlink-wholesale', account: 'nordlink', offering: 'wholesale', from: '2026-01-01' },
    { id: 'acme-roaming', account: 'acme', seller: 'roamnet', offering: 'roaming', from: '2026-01-01' },
  ],
  correlations: [],
}
const nowMs = Date.UTC(2026, 5, 1)
const sold = { id: 'trackers', account: 'north', offering: 'tracker', from: '2026-01-01' }

function told(subject: string, meter: string, timeMs = nowMs, of = plan, labels: Record<string, string> = {}): string {
  const owed = owedFor(of, { subject, labels: new Map(Object.entries(labels)) }, meter, timeMs)
  return (
    owed.debts?.map((debt) => `${debt.buyer} owes ${debt.seller} ${debt.price.id}`).join(', ') ?? String(owed.reason)
  )
}

test('a tracker of a sub-fleet is owed on all three legs and to the partner', () => {
  expect(told('trk-1', 'data.bytes')).toBe(
    'logistics owes nordlink retail-data, nordlink owes acme wholesale-data, acme owes roamnet roaming-data',
  )
})

test('a partner is owed for the usage that is meant only', () => {
  const only = { apn: ['iot', 'roam'], region: 'eu' }
  const limited = {
    ...plan,
    subscriptions: plan.subscriptions.map((each) => (each.seller === undefined ? each : { ...each, only })),
  }
  const owed = (labels: Record<string, string>): boolean =>
    told('trk-1', 'data.bytes', nowMs, limited, labels).includes('roamnet')
  expect(owed({ apn: 'iot', region: 'eu' })).toBe(true)
  expect(owed({ apn: 'roam', region: 'eu', more: 'x' })).toBe(true)
  expect(owed({ apn: 'fleet', region: 'eu' })).toBe(false)
  expect(owed({ apn: 'iot', region: 'us' })).toBe(false)
  expect(owed({ apn: 'iot' })).toBe(false)
  expect(owed({})).toBe(false)
})

test('usage of before a move is owed where the account was, of after it where it is then', () => {
  const moves = [{ at: '2026-07-01', parent: 'acme' }]
  const moving = {
    ...plan,
    accounts: plan.accounts.map((each) => (each.id === 'logistics' ? { ...each, moves } : each)),
  }
  expect(told('trk-1', 'data.bytes', Date.UTC(2026, 6, 1) - 1, moving)).toContain('logistics owes nordlink retail-data')
  expect(told('trk-1', 'data.bytes', Date.UTC(2026, 6, 1), moving)).toBe(
    'logistics owes acme retail-data, acme owes roamnet roaming-data',
  )
  expect(feePartiesOf(moving, sold, '2026-06')).toEqual({ seller: 'nordlink', buyer: 'logistics' })
  expect(feePartiesOf(moving, sold, '2026-07')).toEqual({ seller: 'acme', buyer: 'logistics' })
})

test('a meter the partner does not sell has no partner leg', () => {
  expect(told('trk-1', 'messages')).toBe('logistics owes nordlink retail-message, nordlink owes acme wholesale-message')
})

test('a direct customer owes the operator alone', () => {
  expect(told('llm-1', 'tokens')).toBe('brightdesk owes acme ai-tokens')
})

test.each([
  ['nobody', 'data.bytes', nowMs, 'unknown_subject'],
  ['trk-1', 'undeclared.meter', nowMs, 'unknown_meter'],
  ['trk-1', 'unsold.meter', nowMs, 'no_price'],
  ['trk-1', 'data.bytes', Date.UTC(2025, 11, 31), 'subscription_not_active'],
  ['trk-1', 'data.bytes', Date.UTC(2026, 8, 1), 'subscription_not_active'],
] as const)('%s %s at %d is not owed: %s', (subject, meter, timeMs, reason) => {
  expect(told(subject, meter, timeMs)).toBe(reason)
})
