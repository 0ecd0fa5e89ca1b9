import { expect, test } from 'vitest'
import { novemberBills, sampleUnit } from '../domain/testing/sample-bills.ts'
import { november, sampleCatalogue, sampleJson } from '../domain/testing/sample-tenant.ts'
import { issueInvoice } from './invoice.ts'
import { invoiceText } from './invoice-text.ts'
import { textTable, wrapped } from './text-table.ts'

test('an invoice of one section is a table with a total, in a currency without a minor unit too', () => {
  const catalogue = sampleCatalogue({ ...sampleJson(), currency: 'JPY' })
  const [bill] = novemberBills(catalogue, [sampleUnit('llm-1', { 'ai.input_tokens': 1_234_567_890n })])
  if (bill === undefined) throw new Error('the sample has a bill')
  const issue = { tenant: 'acme', series: 'acme', number: 1, issuedAtMs: november, ratingVersion: 'm1' }
  expect(invoiceText(issueInvoice(bill, issue))).toBe(
    `
Invoice   acme-000001
Seller    ACME Telecom (acme)
Buyer     BrightDesk AI (brightdesk)
Period    2026-11 (2026-11-01 to 2026-11-30, UTC)
Issued    2026-11-15T12:00:00.000Z
Currency  JPY

Description                                     Quantity  Unit   Records  Amount
--------------------------------------------------------------------------------
BrightDesk AI (brightdesk)
  AI tokens: ai.input_tokens               1,234,567,890  token        1   3,704
    bright-ai: 3.00 JPY per 1,000,000 token
  AI tokens: ai.output_tokens                          0  token        0       2
    bright-ai: 15.00 JPY per 1,000,000 token up to 1,000,000 and 2.00 once, then
    12.00
--------------------------------------------------------------------------------
Total JPY                                                                  3,706

Exact amount 3,705.70367. Lines are rounded to 0 digits (half-away), residue
-0.29633. Rated by rules m1.
`.trimStart(),
  )
})

test('columns are as wide as their widest cell and numbers stand at the right', () => {
  const columns = [
    { heading: 'What', align: 'left' },
    { heading: 'Count', align: 'right' },
  ] as const
  expect(
    textTable(columns, [['a long name', '1'], { note: 'said in more words than fit' }, 'rule', ['', '1,000,000']]),
  ).toEqual([
    'What             Count',
    '----------------------',
    'a long name          1',
    '    said in more words',
    '    than fit',
    '----------------------',
    '             1,000,000',
  ])
  expect(textTable(columns, [['x', '1']], 12)).toEqual(['What   Count', '------------', 'x          1'])
})

test('texts are broken between words, and words never', () => {
  expect(wrapped('one two three', 7)).toEqual(['one two', 'three'])
  expect(wrapped('unbreakable no', 4)).toEqual(['unbreakable', 'no'])
})
