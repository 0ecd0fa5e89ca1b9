import { mkdirSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { invoicePage } from '@meterline/aggregator/documents/invoice-page.ts'
import type { ShownInvoice } from './stack.ts'

/** The account whose documents the demo shows in full; the others get a line each. */
const SHOWN_BUYER = 'logistics'

/** Documents for people: in full, or as a line. */
export function shownDocuments(documents: readonly ShownInvoice[]): string {
  const own = documents.filter(({ invoice }) => invoice.buyer.id === SHOWN_BUYER).map(({ text }) => text.trimEnd())
  const others = documents
    .filter(({ invoice }) => invoice.buyer.id !== SHOWN_BUYER)
    .map(({ number, invoice: { seller, buyer, total, currency } }) => {
      return `  beside it, ${number}: ${seller.name} to ${buyer.name}, ${total.amount} ${currency}`
    })
  return [...own, others.join('\n')].join('\n\n')
}

/** Writes every document as a page and says where, in words. */
export function writtenPages(folder: string, documents: readonly ShownInvoice[]): string {
  const pages = join(folder, 'invoices')
  mkdirSync(pages, { recursive: true })
  for (const { number, invoice } of documents) writeFileSync(join(pages, `${number}.html`), invoicePage(invoice))
  return `  all ${documents.length} documents are in ${relative('.', pages)} as pages, for a browser or a printer`
}
