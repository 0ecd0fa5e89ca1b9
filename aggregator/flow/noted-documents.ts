import { assertThat, failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { NotedDocument, NotedLine } from '../domain/receivables/note.ts'
import { decodeInvoice, type Invoice, type InvoiceLine } from '../documents/invoice.ts'
import type { NoteLineRow } from '../store/dispute-table.ts'
import type { ClaimRow } from '../store/receivable-rows.ts'
import type { TenantStore } from '../store/tenant-store.ts'

export type DocumentFault = Fault<'document_unknown' | 'document_is_note' | 'document_voided'>

/** An issued invoice that something is to be decided about. */
export interface IssuedInvoice {
  readonly claim: ClaimRow
  readonly invoice: Invoice
}

/** The invoice of a number; notes and what was taken back are none that anything could be decided about. */
export function issuedInvoice(store: TenantStore, number: string): Result<IssuedInvoice, DocumentFault> {
  const bill = issuedBill(store, number)
  if (!bill.ok || bill.value.claim.grossMicros >= 0n) return bill
  const text = `${number} is a credit note that a bill turned into: decide about the invoice itself, or void it.`
  return failed(fault('document_is_note', text))
}

/** The same of what bills say, credit notes that they turned into included. */
export function issuedBill(store: TenantStore, number: string): Result<IssuedInvoice, DocumentFault> {
  const row = store.documents.find(number)
  const claim = store.receivables.find(number)
  if (row === undefined || claim === undefined) {
    return failed(fault('document_unknown', `There is no document ${number}; "invoice list" shows those there are.`))
  }
  const decoded = decodeInvoice(row.bytes)
  assertThat(decoded.ok, `the document ${number}, which was issued, can be read`)
  const invoice = decoded.value
  if (invoice.references !== undefined) {
    const text = `${number} is a note about ${invoice.references}: decide about the invoice itself.`
    return failed(fault('document_is_note', text))
  }
  if (claim.voidedBy !== null) {
    return failed(fault('document_voided', `${number} was taken back by ${claim.voidedBy}: nothing is left of it.`))
  }
  return ok({ claim, invoice })
}

/** The lines of a document, section by section. */
export function linesOf(invoice: Invoice): readonly InvoiceLine[] {
  return invoice.sections.flatMap(({ lines }) => lines)
}

/** An invoice with what notes have said of each of its lines so far. */
export function notedDocument(store: TenantStore, { claim, invoice }: IssuedInvoice): NotedDocument {
  return notedInvoice(claim.document, invoice, store.disputes.notesOf(claim.document))
}

/** The same with notes that are given; those about other documents are passed over. */
export function notedInvoice(number: string, invoice: Invoice, notes: readonly NoteLineRow[]): NotedDocument {
  const ofLine = Map.groupBy(
    notes.filter(({ document }) => document === number),
    ({ line }) => line,
  )
  const lines = linesOf(invoice).map((line): NotedLine => {
    const own = ofLine.get(line.segment) ?? []
    const sumOf = (kind: NoteLineRow['kind']): bigint =>
      own.filter((note) => note.kind === kind).reduce((sum, { micros }) => sum + micros, 0n)
    return {
      key: line.segment,
      taxCode: line.taxCode ?? null,
      taxPercent: line.taxPercent ?? null,
      taxRegion: line.taxRegion ?? null,
      invoicedMicros: BigInt(line.invoicedMicros),
      creditedMicros: sumOf('credit-note'),
      debitedMicros: sumOf('debit-note'),
    }
  })
  const items = invoice.tax?.items ?? []
  return {
    number,
    minorDigits: invoice.minorDigits,
    inclusive: invoice.tax?.inclusive ?? false,
    taxes: items.map(({ code, region, percent, taxMicros }) => ({
      code,
      region,
      percent,
      taxMicros: BigInt(taxMicros),
    })),
    lines,
  }
}
