import type { DocumentLogEntry, LedgerEntry } from '@meterline/shared/model/log-entry.ts'
import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import { netEntries } from '../domain/ledger/entry.ts'
import { invoiceIssued, usageSold } from '../domain/ledger/templates.ts'
import type { Invoice } from '../documents/invoice.ts'
import type { BooksReader } from '../store/books-reader.ts'
import type { BooksAudit } from './books-audit.ts'

/**
 * Whether the entries posted with a document are those that its lines make in the books of its seller and of a buyer that
 * keeps books: what is due without usage becomes unbilled, and all of it receivable (I10).
 */
export function areEntriesOfInvoice(
  { seller, buyer, currency, sections, total }: Invoice,
  { entries }: DocumentLogEntry,
  buyerKeepsBooks: boolean,
): boolean {
  const relation = { seller: seller.id, buyer: buyer.id, kind: 'sale', currency, buyerKeepsBooks } as const
  const openingMicros = sections
    .flatMap(({ lines }) => lines)
    .reduce((sum, line) => sum + BigInt(line.openingMicros), 0n)
  const due = [
    ...usageSold(relation, openingMicros),
    ...invoiceIssued(relation, BigInt(total.amountMicros), BigInt(total.invoicedMicros)),
  ]
  return entriesText(entries) === entriesText(due)
}

function entriesText(entries: readonly LedgerEntry[]): string {
  return JSON.stringify(
    netEntries(entries).map((entry) => ({
      ...entry,
      debitMicros: entry.debitMicros.toString(),
      creditMicros: entry.creditMicros.toString(),
    })),
  )
}

/**
 * Reports what was charged in closed periods and stands on no document (I10): `billed` are the segments on documents.
 * Partners issue the documents for costs, and of a period that is being closed more may come.
 */
export function checkAllBilled(
  reader: BooksReader,
  audit: BooksAudit,
  billed: { has(segmentKey: string): boolean },
): void {
  const closed = new Set(reader.standing.barredPeriods().flatMap(({ key, state }) => (state === 'closed' ? [key] : [])))
  if (closed.size === 0) return
  for (const { key } of reader.segments()) {
    if (billed.has(key)) continue
    const { periodKey, subscription } = parseSegmentKey(key)
    if (!closed.has(periodKey) || audit.isCost(subscription)) continue
    audit.report(`I10: what was charged in segment ${key} stands on no document of its period`)
  }
}
