import { expect, test } from 'vitest'
import { novemberBills } from '../domain/testing/sample-bills.ts'
import { compileCatalogue } from '../domain/catalogue/compile-catalogue.ts'
import { sampleCatalogue } from '../domain/testing/sample-tenant.ts'
import { decodeInvoice, encodeInvoice, issueInvoice, type Invoice } from './invoice.ts'
import { invoicesCsv } from './invoice-csv.ts'
import { invoicePage } from './invoice-page.ts'
import { invoiceText } from './invoice-text.ts'
import { voidDocument } from './note.ts'

const issue = { tenant: 'acme', series: 'acme', number: 1, issuedAtMs: Date.UTC(2025, 11, 1), ratingVersion: 'm2' }

function invoiceOf(isTest: boolean): Invoice {
  const compiled = compileCatalogue({ ...sampleCatalogue().file, test: isTest })
  if (!compiled.ok) throw new Error(compiled.fault.message)
  const [bill] = novemberBills(compiled.value, [])
  if (bill === undefined) throw new Error('the sample has fees')
  return issueInvoice(bill, issue)
}

test('a document of a test tenant says so in every form, and so does what takes it back', () => {
  const invoice = invoiceOf(true)
  expect(decodeInvoice(encodeInvoice(invoice))).toEqual({ ok: true, value: invoice })
  expect(invoice.test).toBe(true)
  const text = invoiceText(invoice)
  expect(text).toMatch(/^TEST Invoice +acme-000001\nTEST +of a test tenant: nothing is owed by it\n/)
  expect(invoicePage(invoice)).toContain('<h1>TEST Invoice</h1>')
  expect(invoicePage(invoice)).toContain('nothing is owed by it')
  expect(invoicesCsv([invoice])).toContain('acme-000001,test-invoice,')
  const place = { series: 'acme-cn', number: 1, name: 'acme-cn-000001', references: 'acme-000001' }
  const taken = voidDocument(invoice, { ...place, issuedAtMs: issue.issuedAtMs, reason: 'wrong', entries: [] })
  expect(invoicesCsv([taken])).toContain('acme-cn-000001,test-credit-note,')
})

test('any other document says nothing of it', () => {
  const invoice = invoiceOf(false)
  expect('test' in invoice).toBe(false)
  expect(invoiceText(invoice) + invoicePage(invoice)).not.toContain('TEST')
})
