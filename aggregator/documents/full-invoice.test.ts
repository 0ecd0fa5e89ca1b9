import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import { fullPriceListBill } from '../domain/testing/full-price-list.ts'
import { november } from '../domain/testing/sample-tenant.ts'
import { decodeInvoice, encodeInvoice, issueInvoice, type Invoice, type InvoiceLine } from './invoice.ts'
import { invoicePage } from './invoice-page.ts'
import { invoiceText } from './invoice-text.ts'

/** The bytes such an invoice must always have (docs/formats.md, "Invoice and line"). */
interface Golden {
  readonly input: { readonly invoice: Invoice }
  readonly expected: { readonly sha256: string }
}

const invoice = issueInvoice(fullPriceListBill(), {
  tenant: 'acme',
  series: 'acme',
  number: 1,
  issuedAtMs: november,
  ratingVersion: 'm2',
})

function linesOf(price: string): readonly InvoiceLine[] {
  return invoice.sections.flatMap(({ lines }) => lines).filter((line) => line.price === price)
}

/** The texts of a page, one below the other, without its tags and style. */
const texts = invoicePage(invoice)
  .replace(/<style>[^]*<\/style>/, '')
  .replaceAll(/<[^>]*>/g, '\n')
  .replaceAll(/\s*\n\s*/g, '\n')

describe('an invoice with a price of every model and fees', () => {
  test('is the golden one, byte for byte', () => {
    const { input, expected } = JSON.parse(
      readFileSync(new URL('golden/full-invoice.json', import.meta.url), 'utf8'),
    ) as Golden
    expect(invoice).toEqual(input.invoice)
    expect(toHex(sha256(encodeInvoice(invoice)))).toBe(expected.sha256)
  })

  test('reads back', () => {
    expect(decodeInvoice(encodeInvoice(invoice))).toEqual({ ok: true, value: invoice })
  })

  test('says on a line only what the line has: a limit, a tax code, a fee', () => {
    const [turnover] = linesOf('turnover')
    expect(turnover?.limit).toEqual({ kind: 'maximum', amountMicros: '-185000000', terms: 'at most 25.00 EUR' })
    expect(turnover).not.toHaveProperty('fee')
    expect(turnover).not.toHaveProperty('taxCode')
    expect(linesOf('platform').map(({ fee }) => fee)).toEqual([
      { due: 'in-advance', period: '2026-11' },
      { due: 'in-advance', period: '2026-12' },
    ])
    expect(linesOf('platform')[0]).toMatchObject({ quantity: '1', unit: 'subscription', meter: 'fee', days: [] })
    expect(linesOf('setup')[0]).toMatchObject({ taxCode: 'standard', fee: { due: 'once', period: '2026-11' } })
  })

  test('a page shows fees with what they are for, and no records', () => {
    expect(texts).toContain('\nEverything: seat\n12\nseats\n54.00\n4.50 EUR per seats, in advance for 2026-12\n')
    expect(texts).toContain('\n49.00 EUR per subscription, once; tax code standard\n')
  })

  test('a page says which usage a line of a routed price is for', () => {
    expect(texts).toContain(
      '\nEverything: ai.input_tokens (ai.model large; more than 200,000 ai.total_input_tokens)\n200,001\n',
    )
    expect(texts).toContain(
      '\nEverything: energy (off-peak, Europe/Berlin)\n2,500\nWh\n1\n0.63\n0.25 EUR per 1,000 Wh\n',
    )
  })

  test('a page shows what a limit did below the tiers, with points below each other', () => {
    expect(texts).toContain('\nfrom 100,001 cent: 1 %\n1,900,000\n190.00\nTaken off: at most 25.00 EUR\n-185.00\n')
    expect(texts).toContain('\nAdded: at least 40.00 EUR\n40.00\n')
    expect(texts).toContain(
      '\n1 to 100 sms: all units at 0.10 EUR per sms\n0\n0.00\n101 to 1,000 sms: all units at 0.05 EUR per sms and 2.00 EUR flat\n115\n7.75\n',
    )
  })

  test('a line with tiers still shows its tax code', () => {
    expect(texts).toContain(
      '\nEverything: data.bytes\n145,500\nbyte\n2\n2.26\nTax code standard\n1 to 10,000 byte: free\n',
    )
  })

  test('what is committed to is told apart by the model of the price; fees commit to no charges', () => {
    const places = [...texts.matchAll(/\nbright-all, energy\n[0-9a-f]{12}(\/[0-9])\n/g)].map(([, place]) => place)
    expect(places).toEqual(['/0', '/1'])
    expect(texts).not.toContain('\nbright-all, fee\n')
  })

  test('charts say which lines they are of, and only lines with usage are said not to be drawn', () => {
    expect(texts).toContain('The 8 lines with the highest amounts; 8 more are not drawn.')
    expect(texts).toContain(
      '\nEverything: ai.input_tokens (ai.model large; more than 200,000 ai.total_input_tokens)\ntoken\n',
    )
  })

  test('a text breaks long descriptions and shows limits, fees and tax codes', () => {
    const text = invoiceText(invoice)
    expect(text).toContain('    bright-all: 49.00 EUR per subscription, once; tax code standard\n')
    expect(text).toContain('    Taken off: at most 25.00 EUR, -185.00\n')
    expect(text).toMatch(
      / {2}Everything: ai\.input_tokens \(ai\.model large; more +200,001 {2}token +1 +1\.20\n {2}than 200,000 ai\./,
    )
    expect(text).toMatch(/ {2}Everything: seat +12 {2}seats +54\.00\n/)
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThan(100)
  })
})
