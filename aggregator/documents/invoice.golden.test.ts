import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import { sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import { novemberBills, sampleUnit } from '../domain/testing/sample-bills.ts'
import { november, sampleCatalogue } from '../domain/testing/sample-tenant.ts'
import { decodeInvoice, encodeInvoice, invoiceName, issueInvoice, type Invoice } from './invoice.ts'
import { invoiceText } from './invoice-text.ts'

/** An invoice with the bytes and the text it must always give (docs/formats.md, "Invoice and line"). */
interface Golden {
  readonly input: { readonly invoice: Invoice }
  readonly expected: {
    readonly canonical: string
    readonly sha256: string
    readonly lineCanonical: string
    readonly lineSha256: string
    readonly text: readonly string[]
  }
}

const golden = JSON.parse(readFileSync(new URL('golden/invoice.json', import.meta.url), 'utf8')) as Golden
const { invoice } = golden.input

/** An enterprise that pays for a fleet and for a fleet in that fleet. */
function sampleInvoice(): Invoice {
  const bills = novemberBills(sampleCatalogue(), [
    sampleUnit('trk-1', { 'data.bytes': 123_456_789n, messages: 1_234_567n }),
    sampleUnit('trk-2', { 'data.bytes': 5n }),
    sampleUnit('van-1', { 'data.bytes': 99_999n }),
  ])
  const bill = bills.find(({ buyer }) => buyer.id === 'hansa')
  if (bill === undefined) throw new Error('the sample has a bill for hansa')
  return issueInvoice(bill, { tenant: 'acme', series: 'baltic', number: 12, issuedAtMs: november, ratingVersion: 'm1' })
}

describe('the golden invoice', () => {
  test('is what the sample gives', () => {
    expect(sampleInvoice()).toEqual(invoice)
  })

  test('has its canonical bytes and their hash', () => {
    const bytes = encodeInvoice(invoice)
    expect(new TextDecoder().decode(bytes)).toBe(golden.expected.canonical)
    expect(toHex(sha256(bytes))).toBe(golden.expected.sha256)
  })

  test('has lines with canonical bytes of their own', () => {
    const line = canonicalJson(invoice.sections[0]?.lines[1] ?? null)
    expect(line).toBe(golden.expected.lineCanonical)
    expect(toHex(sha256(new TextEncoder().encode(line)))).toBe(golden.expected.lineSha256)
  })

  test('has its text', () => {
    expect(invoiceText(invoice).split('\n')).toEqual(golden.expected.text)
  })

  test('reads back', () => {
    expect(decodeInvoice(encodeInvoice(invoice))).toEqual({ ok: true, value: invoice })
    expect(invoiceName(invoice)).toBe('baltic-000012')
  })
})

test.each<readonly [what: string, text: string, message: RegExp]>([
  ['no JSON', '{', /no JSON text/],
  ['another document', '{"type":"receipt"}', /cannot be read at type/],
])('%s is no invoice', (_what, text, message) => {
  const decoded = decodeInvoice(new TextEncoder().encode(text))
  expect(!decoded.ok && decoded.fault.message).toMatch(message)
})
