import { equalBytes } from '@meterline/shared/integrity/hash.ts'
import { noteOfLines, type NoteKind, type NotedDocument } from '../domain/receivables/note.ts'
import { decodeInvoice, encodeInvoice, invoiceName, type Invoice } from '../documents/invoice.ts'
import { issuedMsOf, notedLineKey, noteDocument, voidDocument, type NoteIssue } from '../documents/note.ts'
import type { NoteLineRow } from '../store/dispute-table.ts'
import type { MoneyRows } from '../store/money-rows.ts'
import { linesOf, notedInvoice } from './noted-documents.ts'

/** A note as the decision behind it names it. */
export interface NamedNote {
  /** The document it is about, and its own number. */
  readonly document: string
  readonly note: string
  readonly reason: string
}

/**
 * What is wrong with a note or a void, for the end of a sentence: it is about a document of before, and its bytes are those
 * that this document and the notes before it make of its lines. `before` are these notes; the note's own are added to them.
 */
export function noteFault(
  rows: MoneyRows,
  kind: NoteKind | 'void',
  named: NamedNote,
  before: NoteLineRow[],
): string | undefined {
  const original = invoiceOf(rows, named.document)
  const note = invoiceOf(rows, named.note)
  if (original === null || note === null) return `names ${named.document} and ${named.note}, which cannot be read`
  const { series, number, reason = '', ledger } = note
  const entries = ledger.map((entry) => ({
    ...entry,
    debitMicros: BigInt(entry.debitMicros),
    creditMicros: BigInt(entry.creditMicros),
  }))
  const place = { series, number, name: invoiceName({ series, number }), references: named.document }
  const issue: NoteIssue = { ...place, issuedAtMs: issuedMsOf(note), reason, entries }
  if (reason !== named.reason) return 'gives another reason than its document'
  if (kind === 'void') {
    if (!isOpposite(original, note)) return `does not take back the entries of ${named.document}`
    return sameDocument(note, voidDocument(original, issue)) ? undefined : `does not take ${named.document} back`
  }
  const noted = notedInvoice(named.document, original, before)
  const sign = kind === 'credit-note' ? -1n : 1n
  const lines = linesOf(note).map(({ segment, invoicedMicros }) => ({
    key: notedLineKey(segment) ?? '',
    micros: sign * BigInt(invoicedMicros),
  }))
  before.push(
    ...lines.map(({ key, micros }) => ({ document: named.document, line: key, note: named.note, kind, micros })),
  )
  const tooMuch = excessOf(notedInvoice(named.document, original, before))
  if (tooMuch !== undefined) return `gives back more than ${tooMuch} of ${named.document}`
  return sameDocument(note, noteDocument(original, noteOfLines(noted, kind, lines), issue))
    ? undefined
    : `is not what its lines make of ${named.document}`
}

/** A line of which more was given back than it says, or the whole document of which that holds. */
function excessOf({ lines }: NotedDocument): string | undefined {
  const left = lines.map(({ key, invoicedMicros, creditedMicros, debitedMicros }) => ({
    key,
    micros: invoicedMicros + debitedMicros - creditedMicros,
    isAbove: invoicedMicros >= 0n,
  }))
  const line = left.find(({ micros, isAbove }) => isAbove && micros < 0n)
  if (line !== undefined) return `the line ${line.key}`
  return left.reduce((sum, { micros }) => sum + micros, 0n) < 0n ? 'all' : undefined
}

function isOpposite(original: Invoice, note: Invoice): boolean {
  return (
    original.ledger.length === note.ledger.length &&
    original.ledger.every(({ entity, asset, account, debitMicros, creditMicros }, place) => {
      const other = note.ledger[place]
      const same = entity === other?.entity && asset === other.asset && account === other.account
      return same && debitMicros === other.creditMicros && creditMicros === other.debitMicros
    })
  )
}

function sameDocument(one: Invoice, other: Invoice): boolean {
  return equalBytes(encodeInvoice(one), encodeInvoice(other))
}

function invoiceOf(rows: MoneyRows, number: string): Invoice | null {
  const decoded = decodeInvoice(rows.document(number)?.bytes ?? new Uint8Array(0))
  return decoded.ok ? decoded.value : null
}
