import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Result } from '@meterline/shared/base/errors.ts'
import type { TestTenant } from './fixtures/test-tenant.ts'
import type { MoneyDecision } from './money-decisions.ts'
import {
  aiCall,
  balance,
  billedTenant,
  bright,
  by,
  close,
  dayMs,
  documentOf,
  july,
  noKey,
  open,
  pay,
  problemsOf,
} from './testing/billed-tenant.ts'

let dataDirectory = ''
let tenants: TestTenant[] = []
beforeEach(() => {
  dataDirectory = mkdtempSync(join(tmpdir(), 'meterline-receivables-'))
})
afterEach(() => {
  for (const tenant of tenants) tenant.registry.kill()
  tenants = []
  rmSync(dataDirectory, { recursive: true, force: true })
})

async function billed(edit?: (file: string) => string): Promise<TestTenant> {
  const tenant = await billedTenant(dataDirectory, edit)
  tenants.push(tenant)
  return tenant
}

describe('a payment', () => {
  test('settles what is owed, and the rest is credit that the next document uses', async () => {
    const tenant = await billed()
    expect(balance(tenant, 'receivable:bright')).toBe(4_400_000n)
    expect(await pay(tenant, { amount: '5' })).toMatchObject({
      ok: true,
      value: {
        repeated: false,
        decision: {
          name: 'payment',
          by: 'Ada',
          moves: {
            settlements: [{ document: 'acme-000001', micros: '4400000' }],
            creditMicros: '600000',
            cashMicros: '5000000',
          },
        },
      },
    })
    expect(balance(tenant, 'receivable:bright')).toBe(0n)
    expect(balance(tenant, 'credit_balance:bright')).toBe(-600_000n)
    expect(balance(tenant, 'cash')).toBe(5_000_000n)
    tenant.clock.advance(31 * dayMs)
    tenant.use([aiCall('call-2', july + dayMs)])
    expect(await close(tenant, '2025-07')).toMatchObject({ ok: true })
    expect(open(tenant, 'acme-000003')).toBe(3_800_000n)
    expect(balance(tenant, 'credit_balance:bright')).toBe(0n)
    expect(problemsOf(dataDirectory)).toEqual([])
  })

  test('of more than anybody pays is a mistake, which would fill the ledger', async () => {
    const tenant = await billed()
    expect(await pay(tenant, { amount: '1000000000000.01' })).toMatchObject({
      ok: false,
      fault: { code: 'amount_invalid' },
    })
    expect(await pay(tenant, { amount: '1000000000000' })).toMatchObject({ ok: true })
    expect(problemsOf(dataDirectory)).toEqual([])
  })

  test('under the same reference is recorded once, and another one under it is refused', async () => {
    const tenant = await billed()
    const first = await pay(tenant)
    expect(await pay(tenant)).toEqual(first.ok ? { ok: true, value: { ...first.value, repeated: true } } : first)
    expect(await pay(tenant, { amount: '4.41' })).toMatchObject({ ok: false, fault: { code: 'decision_key_taken' } })
    expect(balance(tenant, 'cash')).toBe(4_400_000n)
    expect(await pay(tenant, { amount: '4.41', key: 'own' })).toMatchObject({ ok: true })
    expect(balance(tenant, 'credit_balance:bright')).toBe(-4_410_000n)
  })

  test('of a reseller stands in his books too', async () => {
    const tenant = await billed()
    expect(await pay(tenant, { buyer: 'nordlink', amount: '1' })).toMatchObject({ ok: true })
    expect(balance(tenant, 'payable:acme', 'nordlink')).toBe(0n)
    expect(balance(tenant, 'advance:acme', 'nordlink')).toBe(950_000n)
    expect(balance(tenant, 'cash', 'nordlink')).toBe(-1_000_000n)
    expect(problemsOf(dataDirectory)).toEqual([])
  })

  test.each([
    ['of an unknown buyer', { buyer: 'nobody' }, 'buyer_unknown'],
    ['of the operator', { buyer: 'acme' }, 'buyer_is_cost'],
    ['to somebody who never sold to him', { seller: 'nordlink' }, 'buyer_unknown'],
    ['of nothing', { amount: '0' }, 'amount_invalid'],
    ['below the cent', { amount: '1.001' }, 'amount_invalid'],
    ['of less than nothing', { amount: '-1' }, 'amount_invalid'],
    ['in no currency', { currency: 'XXQ' }, 'currency_unknown'],
    ['that is still to come', { receivedMs: july + 400 * dayMs }, 'payment_future'],
    ['for the document of another', { documents: [{ document: 'acme-000002', amount: null }] }, 'document_not_owed'],
    [
      'for more than is open',
      { documents: [{ document: 'acme-000001', amount: '4.41' }], amount: '9' },
      'allocation_too_large',
    ],
  ])('%s is refused and changes nothing', async (_what, order, code) => {
    const tenant = await billed()
    const size = tenant.service.store.log.size
    expect(await pay(tenant, order)).toMatchObject({ ok: false, fault: { code } })
    expect(tenant.service.store.log.size).toBe(size)
  })

  test('named for a document leaves its rest as credit, which can be allocated and paid back', async () => {
    const tenant = await billed()
    await pay(tenant, { amount: '3', documents: [{ document: 'acme-000001', amount: '1' }] })
    expect(open(tenant, 'acme-000001')).toBe(3_400_000n)
    const refund = { ...noKey, ...bright, amount: '0.50', reference: 'back-1' }
    expect(await tenant.clock.until(tenant.commands.creditRefund('acme', refund))).toMatchObject({ ok: true })
    const all = { ...noKey, ...bright, documents: null }
    expect(await tenant.clock.until(tenant.commands.creditAllocate('acme', all))).toMatchObject({
      ok: true,
      value: { decision: { moves: { settlements: [{ document: 'acme-000001', micros: '1500000' }] } } },
    })
    expect(await tenant.clock.until(tenant.commands.creditAllocate('acme', all))).toMatchObject({
      ok: false,
      fault: { code: 'nothing_to_allocate' },
    })
    const more = { ...noKey, ...bright, amount: null, reference: 'back-2' }
    expect(await tenant.clock.until(tenant.commands.creditRefund('acme', more))).toMatchObject({
      ok: false,
      fault: { code: 'credit_too_small' },
    })
    expect(balance(tenant, 'cash')).toBe(2_500_000n)
    expect(balance(tenant, 'credit_balance:bright')).toBe(0n)
    expect(problemsOf(dataDirectory)).toEqual([])
  })
})

describe('a payment that is taken back', () => {
  async function reverse(tenant: TestTenant, payment: Result<MoneyDecision>): Promise<Result<MoneyDecision>> {
    const order = { payment: payment.ok ? payment.value.logIndex : -1, reason: 'returned', by }
    return await tenant.clock.until(tenant.commands.paymentReverse('acme', order))
  }

  test('leaves what it settled open again, and its rest out of the credit', async () => {
    const tenant = await billed()
    const paid = await pay(tenant, { amount: '5' })
    expect(await reverse(tenant, paid)).toMatchObject({ ok: true, value: { decision: { name: 'payment-reversal' } } })
    expect(await reverse(tenant, paid)).toMatchObject({ value: { repeated: true } })
    expect(open(tenant, 'acme-000001')).toBe(4_400_000n)
    expect(balance(tenant, 'credit_balance:bright')).toBe(0n)
    expect(balance(tenant, 'cash')).toBe(0n)
    const request = { parties: bright, fromMs: null, toMs: null }
    expect(await tenant.clock.until(tenant.commands.accountStatement('acme', request))).toMatchObject({
      value: { rows: [{ kind: 'invoice' }, { kind: 'payment' }, { kind: 'reversal' }], closingMicros: '4400000' },
    })
    expect(problemsOf(dataDirectory)).toEqual([])
  })

  test('of a document that was taken back comes out of the credit that this gave', async () => {
    const tenant = await billed()
    const paid = await pay(tenant)
    const order = { ...noKey, document: 'acme-000001', reason: 'wrong', toCredit: true }
    await tenant.clock.until(tenant.commands.documentVoid('acme', order))
    expect(await reverse(tenant, paid)).toMatchObject({ ok: true })
    expect(open(tenant, 'acme-000001')).toBe(0n)
    expect(balance(tenant, 'credit_balance:bright')).toBe(0n)
    expect(problemsOf(dataDirectory)).toEqual([])
  })

  test('is refused where its credit was paid back, and where it is no payment', async () => {
    const tenant = await billed()
    const paid = await pay(tenant, { amount: '5' })
    const refund = { ...noKey, ...bright, amount: '0.60', reference: 'back-1' }
    const refunded = await tenant.clock.until(tenant.commands.creditRefund('acme', refund))
    expect(await reverse(tenant, paid)).toMatchObject({ ok: false, fault: { code: 'payment_used' } })
    expect(await reverse(tenant, refunded)).toMatchObject({ ok: false, fault: { code: 'payment_unknown' } })
  })
})

test('a bill that turned into a credit note settles what is open, and is credit where nothing is', async () => {
  const tenant = await billed()
  const voided = { targets: [{ source: 'llm-1', id: 'call-1' }], reason: 'a test', by, dryRun: false }
  expect(await tenant.clock.until(tenant.commands.usageVoid('acme', voided))).toMatchObject({ ok: true })
  await pay(tenant, { amount: '1' })
  expect(await tenant.clock.until(tenant.commands.billCorrections('acme', {}))).toMatchObject({ ok: true })
  expect(documentOf(tenant, 'acme-cn-000001')).toMatchObject({ kind: 'credit-note', tax: { gross: '-4.40' } })
  expect([open(tenant, 'acme-000001'), open(tenant, 'acme-cn-000001')]).toEqual([0n, 0n])
  expect(balance(tenant, 'credit_balance:bright')).toBe(-1_000_000n)
  expect(tenant.commands.receivableDecisions('acme', { parties: bright, limit: 1 })).toMatchObject({
    value: [{ decision: { name: 'allocation', by: null } }],
  })
  expect(problemsOf(dataDirectory)).toEqual([])
})

test('decisions and a closing that run side by side leave no document out', async () => {
  const tenant = await billed()
  tenant.clock.advance(31 * dayMs)
  tenant.use([aiCall('call-2', july + dayMs)])
  const { commands } = tenant
  const writing = { ...noKey, kind: 'credit-note' as const, document: 'acme-000001', lines: null, reason: 'agreed' }
  const paying = { ...noKey, ...bright, amount: '1', reference: 'bank-1', receivedMs: null, documents: null }
  const asked = [
    commands.closePeriod({ tenant: 'acme', period: '2025-07' }),
    ...['1', '0.50', '0.25'].map((amount) => commands.noteIssue('acme', { ...writing, amount })),
    commands.paymentRecord('acme', paying),
    commands.paymentRecord('acme', paying),
  ]
  const answers = await tenant.clock.until(Promise.all(asked))
  expect(answers.map(({ ok }) => ok)).toEqual(asked.map(() => true))
  expect(balance(tenant, 'cash')).toBe(1_000_000n)
  expect(open(tenant, 'acme-000003')).toBe(4_400_000n)
  expect(problemsOf(dataDirectory)).toEqual([])
})
