import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { taxedFile } from './fixtures/taxed-tenant.ts'
import type { TestTenant } from './fixtures/test-tenant.ts'
import {
  aiCall,
  balance,
  billedTenant,
  close,
  dayMs,
  documentOf,
  inputLineKey,
  noKey,
  note,
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

describe('a note', () => {
  test('of a line gives back its tax, settles the document, and is a document of its own', async () => {
    const tenant = await billed()
    const key = await inputLineKey(tenant)
    expect(await note(tenant, { lines: [{ key, amount: '1' }] })).toMatchObject({
      ok: true,
      value: { decision: { name: 'credit-note', note: 'acme-cn-000001', document: 'acme-000001' } },
    })
    expect(documentOf(tenant, 'acme-cn-000001')).toMatchObject({
      kind: 'credit-note',
      references: 'acme-000001',
      reason: 'agreed',
      total: { amount: '-1.00' },
      tax: { amount: '-0.19', gross: '-1.19' },
      sections: [
        { account: { id: 'bright' }, lines: [{ amount: '-1.00', segment: `2025-06/acme-cn-000001/credit/${key}` }] },
      ],
    })
    expect(open(tenant, 'acme-000001')).toBe(3_210_000n)
    expect(open(tenant, 'acme-cn-000001')).toBe(0n)
    expect(balance(tenant, 'receivable:bright')).toBe(3_210_000n)
    expect(balance(tenant, 'tax_payable')).toBe(-510_000n)
    expect(problemsOf(dataDirectory)).toEqual([])
  })

  test('twice with the same words is one, and together they give back no more than the line', async () => {
    const tenant = await billed()
    const key = await inputLineKey(tenant)
    await note(tenant, { lines: [{ key, amount: '2' }] })
    expect(await note(tenant, { lines: [{ key, amount: '2' }] })).toMatchObject({ value: { repeated: true } })
    expect(await note(tenant, { lines: [{ key, amount: '2' }], reason: 'again' })).toMatchObject({
      ok: false,
      fault: { code: 'note_too_large' },
    })
    expect(await note(tenant, { reason: 'all of the rest' })).toMatchObject({
      value: { decision: { note: 'acme-cn-000002' } },
    })
    expect(open(tenant, 'acme-000001')).toBe(0n)
    expect(balance(tenant, 'tax_payable')).toBe(0n)
    expect(problemsOf(dataDirectory)).toEqual([])
  })

  test('of what is paid becomes credit', async () => {
    const tenant = await billed()
    await pay(tenant)
    await note(tenant, { amount: '1' })
    expect(balance(tenant, 'receivable:bright')).toBe(0n)
    expect(balance(tenant, 'credit_balance:bright')).toBe(-1_190_000n)
    expect(problemsOf(dataDirectory)).toEqual([])
  })

  test('can add to a line, in a series of its own, and is owed by itself', async () => {
    const tenant = await billed()
    const key = await inputLineKey(tenant)
    await note(tenant, { kind: 'debit-note', lines: [{ key, amount: '0.50' }] })
    expect(documentOf(tenant, 'acme-dn-000001')).toMatchObject({ kind: 'debit-note', tax: { gross: '0.60' } })
    expect(open(tenant, 'acme-dn-000001')).toBe(600_000n)
    expect(balance(tenant, 'receivable:bright')).toBe(5_000_000n)
    expect(await note(tenant, { document: 'acme-dn-000001' })).toMatchObject({
      ok: false,
      fault: { code: 'document_is_note' },
    })
    expect(problemsOf(dataDirectory)).toEqual([])
  })

  test('in the books of a reseller takes back his cost', async () => {
    const tenant = await billed()
    await note(tenant, { document: 'acme-000002' })
    // What rounding the invoice added stays where it was posted.
    expect(balance(tenant, 'cost_of_sales', 'nordlink')).toBe(-620n)
    expect(balance(tenant, 'payable:acme', 'nordlink')).toBe(0n)
    expect(problemsOf(dataDirectory)).toEqual([])
  })
})

describe('a void', () => {
  const order = { ...noKey, document: 'acme-000001', reason: 'wrong address', toCredit: false }

  test('takes a document back with every entry, and its lines are billed again', async () => {
    const tenant = await billed()
    const before = balance(tenant, 'revenue')
    const voided = await tenant.clock.until(tenant.commands.documentVoid('acme', order))
    expect(voided).toMatchObject({ ok: true, value: { decision: { note: 'acme-cn-000001' } } })
    expect(documentOf(tenant, 'acme-cn-000001')).toMatchObject({ voids: 'acme-000001', total: { amount: '-3.70' } })
    expect(balance(tenant, 'receivable:bright')).toBe(0n)
    expect(balance(tenant, 'unbilled:bright')).toBe(3_705_036n)
    expect(balance(tenant, 'revenue')).toBe(before)
    expect(await tenant.clock.until(tenant.commands.documentVoid('acme', order))).toMatchObject({
      value: { repeated: true },
    })
    expect(await note(tenant)).toMatchObject({ ok: false, fault: { code: 'document_voided' } })
    tenant.clock.advance(31 * dayMs)
    expect(await close(tenant, '2025-07')).toMatchObject({ ok: true })
    expect(balance(tenant, 'unbilled:bright')).toBe(0n)
    expect(balance(tenant, 'receivable:bright')).toBe(4_400_000n)
    expect(problemsOf(dataDirectory)).toEqual([])
  })

  test('is followed at once by a document of what is due then, with prices and fees as they are by now', async () => {
    const tenant = await billed((file) =>
      taxedFile(file)
        .replace(
          'offerings:',
          '  - { id: seat, model: recurring, due: in-arrears, amount: "2", each: subject }\nofferings:',
        )
        .replace('[ai-input, ai-output]', '[ai-input, ai-output, seat]'),
    )
    expect(open(tenant, 'acme-000001')).toBe(6_400_000n)
    tenant.use([aiCall('late')])
    expect(await tenant.clock.until(tenant.commands.documentVoid('acme', order))).toMatchObject({ ok: true })
    expect(await tenant.clock.until(tenant.commands.billCorrections('acme', {}))).toMatchObject({ ok: true })
    // Twice 3.705036 of usage, rounded by line, and one seat; 19 % on the usage.
    expect(documentOf(tenant, 'acme-000003')).toMatchObject({ total: { amount: '9.41' }, tax: { gross: '10.82' } })
    expect(open(tenant, 'acme-000003')).toBe(10_820_000n)
    expect(balance(tenant, 'unbilled:bright')).toBe(0n)
    const again = { ...order, document: 'acme-000003' }
    expect(await tenant.clock.until(tenant.commands.documentVoid('acme', again))).toMatchObject({ ok: true })
    expect(balance(tenant, 'receivable:bright')).toBe(0n)
    expect(problemsOf(dataDirectory)).toEqual([])
  })

  test('of a document that a later one corrects is refused until that is taken back', async () => {
    const tenant = await billed()
    tenant.use([aiCall('late')])
    expect(await tenant.clock.until(tenant.commands.billCorrections('acme', {}))).toMatchObject({ ok: true })
    expect(await tenant.clock.until(tenant.commands.documentVoid('acme', order))).toMatchObject({
      ok: false,
      fault: { code: 'document_corrected' },
    })
    const later = { ...order, document: 'acme-000003' }
    expect(await tenant.clock.until(tenant.commands.documentVoid('acme', later))).toMatchObject({ ok: true })
    expect(await tenant.clock.until(tenant.commands.documentVoid('acme', order))).toMatchObject({ ok: true })
    expect(await tenant.clock.until(tenant.commands.billCorrections('acme', {}))).toMatchObject({ ok: true })
    expect(open(tenant, 'acme-000004')).toBe(8_820_000n)
    expect(balance(tenant, 'receivable:bright')).toBe(8_820_000n)
    expect(problemsOf(dataDirectory)).toEqual([])
  })

  test('of a paid document asks for credit', async () => {
    const tenant = await billed()
    await pay(tenant)
    expect(await tenant.clock.until(tenant.commands.documentVoid('acme', order))).toMatchObject({
      ok: false,
      fault: { code: 'document_paid' },
    })
    const voided = tenant.commands.documentVoid('acme', { ...order, toCredit: true })
    expect(await tenant.clock.until(voided)).toMatchObject({ ok: true })
    expect(balance(tenant, 'credit_balance:bright')).toBe(-4_400_000n)
    expect(open(tenant, 'acme-000001')).toBe(0n)
    expect(open(tenant, 'acme-cn-000001')).toBe(0n)
    expect(problemsOf(dataDirectory)).toEqual([])
  })

  test('of a document with notes is refused', async () => {
    const tenant = await billed()
    await note(tenant, { amount: '1' })
    expect(await tenant.clock.until(tenant.commands.documentVoid('acme', order))).toMatchObject({
      ok: false,
      fault: { code: 'document_has_notes' },
    })
  })
})
