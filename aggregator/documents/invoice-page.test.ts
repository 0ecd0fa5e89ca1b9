import { expect, test } from 'vitest'
import { novemberBills, sampleUnit } from '../domain/testing/sample-bills.ts'
import { november, sampleCatalogue, sampleJson } from '../domain/testing/sample-tenant.ts'
import { decodeInvoice, issueInvoice, type Invoice } from './invoice.ts'
import { invoicePage } from './invoice-page.ts'

const issue = { tenant: 'acme', series: 'acme', number: 1, issuedAtMs: november, ratingVersion: 'm1' }

/** The texts of a page, without its tags and style. */
function textsOf(page: string): string {
  return page
    .replace(/<style>[^]*<\/style>/, '')
    .replaceAll(/<[^>]*>/g, '\n')
    .replaceAll(/\s*\n\s*/g, '\n')
}

function sampleInvoices(): readonly Invoice[] {
  const units = [
    sampleUnit('llm-1', { 'ai.input_tokens': 1_500_000n, 'ai.output_tokens': 1_250_001n }),
    sampleUnit('llm-1', { 'ai.input_tokens': 250_000n }, november + 86_400_000),
    sampleUnit('trk-1', { 'data.bytes': 7_000n }),
  ]
  return novemberBills(sampleCatalogue(sampleJson()), units).map((bill) => issueInvoice(bill, issue))
}

function sampleInvoice(buyer: string): Invoice {
  const found = sampleInvoices().find((invoice) => invoice.buyer.id === buyer)
  if (found === undefined) throw new Error(`the sample has no invoice for ${buyer}`)
  return found
}

test('a page shows who owes what to whom, every line, and the total', () => {
  const invoice = sampleInvoice('brightdesk')
  const texts = textsOf(invoicePage(invoice))
  for (const shown of ['ACME Telecom', 'BrightDesk AI', 'acme-000001', '2026-11-01 to 2026-11-30', '1,750,000']) {
    expect(texts).toContain(shown)
  }
  for (const line of invoice.sections.flatMap(({ lines }) => lines)) {
    expect(texts).toContain(line.description)
    expect(texts).toContain(line.amount)
    expect(texts).toContain(line.chargesRoot)
  }
  expect(texts).toContain(`${invoice.total.amount} EUR`)
})

test('a line with tiers shows what each contributed, with points below each other', () => {
  const texts = textsOf(invoicePage(sampleInvoice('brightdesk')))
  expect(texts).toContain('1 to 1,000,000 token: 15.00 EUR per 1,000,000 token and 2.00 EUR once\n1,000,000\n17.000000')
  expect(texts).toContain('from 1,000,001 token: 12.00 EUR per 1,000,000 token\n250,001\n3.000012')
  expect(texts).toContain('17.000000')
})

test('usage is drawn by day: one bar for each day with usage, and its quantity', () => {
  const page = invoicePage(sampleInvoice('brightdesk'))
  expect(page.match(/<svg /g)).toHaveLength(2)
  expect(textsOf(page)).toContain('2026-11-15: 1,500,000 token')
  expect(textsOf(page)).toContain('2026-11-16: 250,000 token')
  expect(page.match(/<rect\s/g)).toHaveLength(3)
})

test('what an invoice commits to is named by subscription, meter and the beginning of the price\u2019s hash', () => {
  const invoice = sampleInvoice('brightdesk')
  const page = invoicePage(invoice)
  const texts = textsOf(page)
  for (const { segment, meter } of invoice.sections.flatMap(({ lines }) => lines)) {
    const price = segment.split('/').at(-1) ?? ''
    expect(price).toHaveLength(64)
    expect(texts).toContain(`\nbright-ai, ${meter}\n${price.slice(0, 12)}\n`)
    expect(texts).not.toContain(price.slice(0, 13))
    expect(page).toContain(`title="${segment}"`)
  }
})

test('names from outside are text and never markup', () => {
  const invoice = sampleInvoice('brightdesk')
  const hostile = '<img src=x onerror=alert(1)>"&'
  const sections = invoice.sections.map((section) => ({
    ...section,
    account: { ...section.account, name: hostile },
    lines: section.lines.map((line) => ({
      ...line,
      description: hostile,
      meter: hostile,
      unit: hostile,
      terms: hostile,
    })),
  }))
  const page = invoicePage({ ...invoice, sections, buyer: { id: hostile, name: hostile } })
  expect(page).not.toContain('<img')
  expect(page).not.toContain('"&"')
})

test('the page loads nothing from anywhere and runs nothing', () => {
  for (const invoice of sampleInvoices()) {
    const page = invoicePage(invoice)
    expect(page).not.toMatch(/<script|<link|<img|<iframe|url\(|@import|https?:/)
    expect(page).toBe(invoicePage(invoice))
  }
})

test('an invoice without usage has no charts and no proofs, and one with many lines says what is not drawn', () => {
  const invoice = sampleInvoice('brightdesk')
  const [section] = invoice.sections
  const [line] = section?.lines ?? []
  if (section === undefined || line === undefined) throw new Error('the sample has a line')
  const idle = { ...line, days: [], chargeBlocks: 0 }
  const empty = invoicePage({ ...invoice, sections: [{ ...section, lines: [idle] }] })
  expect(empty).not.toContain('<svg')
  expect(empty).not.toContain('commits to')
  const crowded = invoicePage({ ...invoice, sections: [{ ...section, lines: Array.from({ length: 11 }, () => line) }] })
  expect(crowded.match(/<svg /g)).toHaveLength(8)
  expect(crowded).toContain('3 more are not drawn')
})

test('a document issued before lines showed their parts is read and shown without them', () => {
  const { sections, ...head } = sampleInvoice('brightdesk')
  const older = sections.map((section) => ({
    ...section,
    lines: section.lines.map(({ days: _days, tiers: _tiers, ...line }) => line),
  }))
  const decoded = decodeInvoice(Buffer.from(JSON.stringify({ ...head, sections: older })))
  if (!decoded.ok) throw new Error(decoded.fault.message)
  expect(decoded.value.sections[0]?.lines[0]).toMatchObject({ days: [], tiers: [] })
  expect(invoicePage(decoded.value)).toContain('15.00 EUR per 1,000,000 token up to 1,000,000')
})
