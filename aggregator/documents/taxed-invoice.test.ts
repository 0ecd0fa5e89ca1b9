import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import { correctedBill, taxedCatalogue } from '../domain/testing/corrected-bill.ts'
import { decodeInvoice, encodeInvoice, issueInvoice, type Invoice } from './invoice.ts'
import { invoicesCsv } from './invoice-csv.ts'
import { invoicePage } from './invoice-page.ts'
import { invoiceText } from './invoice-text.ts'

/** The bytes, text and CSV such an invoice must always have (docs/formats.md, "Invoice and line"). */
interface Golden {
  readonly input: { readonly invoice: Invoice }
  readonly expected: { readonly sha256: string; readonly text: readonly string[]; readonly csv: readonly string[] }
}

const fifthOfDecember = 1_796_472_000_000
const issue = {
  tenant: 'acme',
  series: 'baltic',
  number: 12,
  issuedAtMs: fifthOfDecember,
  ratingVersion: 'm9',
  catalogue: 3,
}
const golden = JSON.parse(readFileSync(new URL('golden/taxed-invoice.json', import.meta.url), 'utf8')) as Golden
const invoice = issueInvoice(correctedBill(), issue)

/** The texts of a page, one below the other, without its tags and style. */
function textsOf(document: Invoice): string {
  return invoicePage(document)
    .replace(/<style>[^]*<\/style>/, '')
    .replaceAll(/<[^>]*>/g, '\n')
    .replaceAll(/\s*\n\s*/g, '\n')
}

/** What stands on an account of the invoice's own ledger, debits less credits. */
function postedOn(document: Invoice, account: string): bigint {
  return document.ledger
    .filter((entry) => entry.account === account)
    .reduce((sum, { debitMicros, creditMicros }) => sum + BigInt(debitMicros) - BigInt(creditMicros), 0n)
}

describe('an invoice with tax and a line of every kind', () => {
  test('is the golden one, byte for byte, as text and as CSV', () => {
    expect(invoice).toEqual(golden.input.invoice)
    expect(toHex(sha256(encodeInvoice(invoice)))).toBe(golden.expected.sha256)
    expect(invoiceText(invoice).split('\n')).toEqual(golden.expected.text)
    expect(invoicesCsv([invoice]).split('\r\n')).toEqual(golden.expected.csv)
  })

  test('shows no quantity of what contracts add and take off, whose lines count themselves', () => {
    const contractKinds = ['commitment', 'minimum', 'discount'] as const
    const counted = contractKinds.flatMap((kind) => {
      const lines = invoice.sections.flatMap((section) => section.lines).filter((line) => line.kind === kind)
      return lines.map((line) => ({ line, asIssued: { ...line, quantity: '1', unit: kind } }))
    })
    const sections = invoice.sections.map((section) => ({
      ...section,
      lines: section.lines.map((each) => counted.find(({ line }) => line === each)?.asIssued ?? each),
    }))
    expect(counted.length).toBeGreaterThan(1)
    expect(invoiceText({ ...invoice, sections })).toBe(invoiceText(invoice))
    expect(textsOf({ ...invoice, sections })).toBe(textsOf(invoice))
    expect(invoicesCsv([{ ...invoice, sections }])).toBe(invoicesCsv([invoice]))
  })

  test('reads back', () => {
    expect(decodeInvoice(encodeInvoice(invoice))).toEqual({ ok: true, value: invoice })
  })

  test('comes to the sum of its lines and their tax, which is what the buyer owes', () => {
    // 19 % of 654.32 − 112.50 + 750.09 − 10.65 + 1.02, 8.5 % of 99.00, and 7 % of 0.75 − 25.00 from October.
    expect(invoice.tax).toMatchObject({
      items: [
        {
          code: 'content',
          name: 'VAT on content',
          region: 'DE',
          percent: '7',
          baseMicros: '-24250000',
          taxMicros: '-1700000',
        },
        { code: 'content', percent: '8.5', baseMicros: '99000000', taxMicros: '8420000' },
        { code: 'standard', percent: '19', baseMicros: '1282280000', taxMicros: '243630000' },
      ],
      amount: '250.35',
      gross: '1935.16',
      inclusive: false,
    })
    expect(invoice.total.amount).toBe('1684.81')
    expect(postedOn(invoice, 'receivable:hansa')).toBe(1_935_160_000n)
    expect(postedOn(invoice, 'tax_payable')).toBe(-250_350_000n)
  })

  test('says on which rate each line is taxed, and what an old line corrects', () => {
    const lines = invoice.sections.flatMap((section) => section.lines)
    const late = lines.filter(({ corrects }) => corrects !== undefined)
    expect(
      late.map(({ segment, taxPercent, corrects }) => [segment.slice(0, 7), taxPercent, corrects?.document]),
    ).toEqual([
      ['2026-10', '7', 'baltic-000011'],
      ['2026-10', '7', 'baltic-000011'],
    ])
    expect(late.map(({ kind, fromBlock, chargeBlocks }) => [kind, fromBlock, chargeBlocks])).toEqual([
      ['fee', undefined, 0],
      [undefined, 2, 1],
    ])
    expect(lines.map(({ kind }) => kind).filter((kind) => kind !== undefined)).toEqual([
      'minimum',
      'discount',
      'allowance',
      'fee',
      'split',
    ])
  })

  test('a page shows parties, tax, corrections and when it is due', () => {
    const texts = textsOf(invoice)
    for (const shown of [
      '\nHansa Logistics GmbH & Co. KG\nhansa\nAm Kai 12\n20457 Hamburg\nGermany\nVAT DE812345678\n'.replace(
        '&',
        '&amp;',
      ),
      '\nDue\n2027-01-04\n',
      '\nNet\n1,684.81\nVAT on content, DE: 7 % of -24.25\n-1.70\n',
      '\nTotal due\n1,935.16 EUR\n',
      '\nRoaming flat\n-1\nsubscription\n-25.00\nCorrects baltic-000011 of 2026-10\n',
      '\n9.00 EUR per seats, for 2026-11, by day; tax code content, 8.5 %\n15 of 30 days, from 2026-11-01 to 2026-11-16\n10\n45.00\n',
      '\nShare of Fleet South: 25 %\n27.78\n25 % of 111.11 EUR\n',
      '\nno. 3\n',
    ]) {
      expect(texts).toContain(shown)
    }
  })
})

test('a fee for a part of a period says which', () => {
  const sections = invoice.sections.map((section) => ({
    ...section,
    lines: section.lines.map((line) => ({ ...line, tiers: line.tiers.slice(0, 1) })),
  }))
  const document = { ...invoice, sections }
  expect(textsOf(document)).toContain(', 8.5 %\n15 of 30 days, from 2026-11-01 to 2026-11-16\n10\n45.00\n')
  expect(invoiceText(document)).toContain('\n    15 of 30 days, from 2026-11-01 to 2026-11-16: 45.00\n')
})

describe('an invoice whose prices include tax', () => {
  const inclusive = issueInvoice(correctedBill(taxedCatalogue({}, { pricesIncludeTax: true })), issue)

  test('comes to the sum of its lines, and says what of it is tax', () => {
    expect(inclusive.tax).toMatchObject({ gross: '1684.81', inclusive: true, amount: '210.90' })
    expect(postedOn(inclusive, 'receivable:hansa')).toBe(1_684_810_000n)
    expect(postedOn(inclusive, 'tax_payable')).toBe(-210_900_000n)
    expect(invoiceText(inclusive)).toContain(
      'Total EUR                                                                1,684.81\n    Includes VAT on content, DE: 7 % of -22.66 is -1.59\n',
    )
    expect(textsOf(inclusive)).toContain(
      '\nTotal due\n1,684.81 EUR\nIncludes VAT on content, DE: 7 % of -22.66\n-1.59\n',
    )
    expect(invoicesCsv([inclusive])).toContain(',654.32,standard,19,yes,')
  })
})

describe('an invoice to somebody who is exempt', () => {
  const exemption = 'Reverse charge, Article 196 of Directive 2006/112/EC'
  const exempt = issueInvoice(correctedBill(taxedCatalogue({ taxExemption: exemption })), issue)

  test('says why there is no tax', () => {
    expect(exempt.tax).toMatchObject({ amount: '0.00', gross: '1684.81', note: exemption })
    expect(invoiceText(exempt)).toContain(`\n    No tax is charged: ${exemption}\n`)
    expect(textsOf(exempt)).toContain(`\nNo tax is charged: ${exemption}\n`)
  })
})

describe('documents that are no invoices', () => {
  test.each<readonly [kind: NonNullable<Invoice['kind']>, title: string, total: string]>([
    ['credit-note', 'Credit note', 'Total'],
    ['debit-note', 'Debit note', 'Total due'],
    ['progressive', 'Progressive invoice', 'Total due'],
  ])('a %s is called what it is', (kind, title, total) => {
    const document: Invoice = { ...invoice, kind, references: 'baltic-000009', reason: 'Wrong price list' }
    expect(invoiceText(document)).toMatch(new RegExp(`^${title} +baltic-000012\nAbout +baltic-000009\nReason +Wrong`))
    const texts = textsOf(document)
    expect(texts).toContain(`\n${title}\nbaltic-000012\n`)
    expect(texts).toContain(`\n${total}\n1,935.16 EUR\n`)
    expect(texts).toContain('\nAbout\nbaltic-000009\nReason\nWrong price list\n')
    expect(decodeInvoice(encodeInvoice(document))).toEqual({ ok: true, value: document })
  })

  test('a void names the document that it takes back, once', () => {
    const text = invoiceText({ ...invoice, kind: 'credit-note', voids: 'baltic-000009', references: 'baltic-000009' })
    expect(text).toMatch(/\nTakes back +baltic-000009\nSeller/)
  })

  test('a bill below zero in total is a credit note, and is never due', () => {
    const bill = correctedBill()
    const note = issueInvoice({ ...bill, kind: 'credit-note' }, issue)
    expect(note.kind).toBe('credit-note')
    expect(note.dueOn).toBeUndefined()
  })

  test('a line of a note by hand counts nothing and shows no records', () => {
    const [section] = invoice.sections
    const usage = invoice.sections.flatMap(({ lines }) => lines).find(({ price }) => price === 'retail-message')
    if (section === undefined || usage === undefined) throw new Error('the sample has usage')
    const line = { ...usage, unit: '', quantity: '0', events: 0, amount: '-1.00', days: [], tiers: [] }
    const note: Invoice = { ...invoice, kind: 'credit-note', sections: [{ ...section, lines: [line] }] }
    expect(invoiceText(note)).toMatch(/\n {2}Tracker connectivity: messages +-1\.00\n/)
    expect(textsOf(note)).toContain('\nTracker connectivity: messages\n-1.00\n')
    expect(invoicesCsv([note])).toContain(',adjustment,')
  })

  test('usage that is taken back is not drawn', () => {
    const sections = invoice.sections.map((section) => ({
      ...section,
      lines: section.lines.map((line) => ({
        ...line,
        days: line.days.map((day) => ({ ...day, quantity: `-${day.quantity}` })),
      })),
    }))
    expect(invoicePage({ ...invoice, kind: 'credit-note', sections })).not.toContain('<svg')
  })
})

test('a chart has a bar for every UTC day of a period that begins in another zone, and the page says its bounds', () => {
  const period = { key: '2026-11~mid', from: '2026-11-15T23:00:00.000Z', to: '2026-12-15T23:00:00.000Z' }
  const sections = invoice.sections.map((section) => ({
    ...section,
    lines: section.lines.map((line) => ({
      ...line,
      days: line.days.length === 0 ? [] : [{ day: '2026-12-15', quantity: '7', amountMicros: '0' }],
    })),
  }))
  const document = { ...invoice, period, sections }
  expect(textsOf(document)).toContain('\n2026-12-15: 7 byte\n')
  expect(textsOf(document)).toContain('\n2026-11-15 23:00 to before 2026-12-15 23:00\n')
  expect(invoiceText(document)).toContain('2026-11~mid (2026-11-15 23:00 to before 2026-12-15 23:00, UTC)\n')
})

test('CSV keeps texts of people apart from formulas, quotes and columns', () => {
  const [section] = invoice.sections
  const [line] = section?.lines ?? []
  if (section === undefined || line === undefined) throw new Error('the sample has a line')
  const hostile = { ...line, description: '=HYPERLINK("http://x", "a")', amount: '-1.00' }
  const csv = invoicesCsv([{ ...invoice, sections: [{ ...section, lines: [hostile] }] }])
  expect(csv).toContain(`,"'=HYPERLINK(""http://x"", ""a"")",`)
  expect(csv).toContain(',-1.00,')
  expect(csv.match(/\r\n/g)).toHaveLength(2)
})
