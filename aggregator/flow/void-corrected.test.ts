import { afterEach, beforeEach, expect, test } from 'vitest'
import { AuditedTenant } from './testing/audited-tenant.ts'
import { balance, documentOf, open } from './testing/billed-tenant.ts'

const june = Date.UTC(2025, 5, 10)
let books: AuditedTenant
beforeEach(async () => {
  books = new AuditedTenant(Date.UTC(2025, 6, 2))
  books.apply((file) => file)
  books.use('a', 20_000_000n, june)
  books.use('b', 10_000_000n, june)
  await books.close('2025-06')
  await books.void('b')
  await books.correct()
})
afterEach(() => {
  books.end()
})

async function takeBack(document: string, toCredit = false): Promise<unknown> {
  const { tenant } = books
  const order = { key: null, by: 'Ada', document, reason: 'wrong address', toCredit }
  return await tenant.clock.until(tenant.commands.documentVoid('acme', order))
}

/** Numbers and amounts of the documents of the buyer. */
function issued(): readonly string[] {
  return books.documents('bright').filter((line) => line.startsWith('acme'))
}

test('a document that a credit note corrects is taken back after that, and billed as it is due', async () => {
  const { tenant } = books
  expect(issued()).toEqual(['acme-000001 90.00', 'acme-cn-000001 -30.00'])
  expect(await takeBack('acme-000001', true)).toMatchObject({ ok: false, fault: { code: 'document_corrected' } })
  expect(await takeBack('acme-cn-000001')).toMatchObject({ ok: true, value: { decision: { note: 'acme-dn-000001' } } })
  expect(await takeBack('acme-cn-000001')).toMatchObject({ ok: true, value: { repeated: true } })
  expect(documentOf(tenant, 'acme-dn-000001')).toMatchObject({
    kind: 'debit-note',
    voids: 'acme-cn-000001',
    total: { amount: '30.00' },
  })
  // The credit note had become credit, which was used for the invoice.
  expect([open(tenant, 'acme-000001'), open(tenant, 'acme-dn-000001')]).toEqual([60_000_000n, 30_000_000n])
  expect(balance(tenant, 'receivable:bright')).toBe(90_000_000n)
  expect(books.problems()).toHaveLength(0)
  expect(await takeBack('acme-000001')).toMatchObject({ ok: false, fault: { code: 'document_paid' } })
  expect(await takeBack('acme-000001', true)).toMatchObject({ ok: true })
  await books.correct()
  expect(issued()).toEqual([
    'acme-000001 90.00',
    'acme-cn-000001 -30.00',
    'acme-dn-000001 30.00',
    'acme-cn-000002 -90.00',
    'acme-000002 60.00',
  ])
  expect([open(tenant, 'acme-dn-000001'), open(tenant, 'acme-000002')]).toEqual([0n, 60_000_000n])
  expect(balance(tenant, 'receivable:bright')).toBe(60_000_000n)
  expect(balance(tenant, 'credit_balance:bright')).toBe(0n)
  expect(books.problems()).toEqual([])
})

test('a credit note that is taken back alone is issued again while it is due', async () => {
  expect(await takeBack('acme-cn-000001')).toMatchObject({ ok: true })
  await books.correct()
  expect(issued()).toEqual([
    'acme-000001 90.00',
    'acme-cn-000001 -30.00',
    'acme-dn-000001 30.00',
    'acme-cn-000002 -30.00',
  ])
  expect(balance(books.tenant, 'receivable:bright')).toBe(60_000_000n)
  expect(books.problems()).toEqual([])
})

test('what a paid buyer still has of a credit note settles the document that takes it back', async () => {
  const { tenant } = books
  const money = { amount: '60', reference: 'bank-1', receivedMs: null, documents: null }
  const paid = { key: null, by: 'Ada', buyer: 'bright', seller: null, currency: null, ...money }
  expect(await tenant.clock.until(tenant.commands.paymentRecord('acme', paid))).toMatchObject({ ok: true })
  await books.void('a')
  await books.correct()
  expect(balance(tenant, 'credit_balance:bright')).toBe(-60_000_000n)
  expect(await takeBack('acme-cn-000002')).toMatchObject({ ok: true })
  expect(open(tenant, 'acme-dn-000001')).toBe(60_000_000n)
  const use = { key: null, by: 'Ada', buyer: 'bright', seller: null, currency: null, documents: null }
  expect(await tenant.clock.until(tenant.commands.creditAllocate('acme', use))).toMatchObject({ ok: true })
  expect(open(tenant, 'acme-dn-000001')).toBe(0n)
  expect(balance(tenant, 'credit_balance:bright')).toBe(0n)
  expect(books.problems()).toEqual([])
})
