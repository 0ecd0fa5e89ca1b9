import type { Clock } from '@meterline/shared/base/clock.ts'
import { assertThat, ok, type Result } from '@meterline/shared/base/errors.ts'
import { sha256 } from '@meterline/shared/integrity/hash.ts'
import type { LedgerEntry } from '@meterline/shared/model/log-entry.ts'
import { encodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import { assertBalanced } from '../domain/ledger/entry.ts'
import { invoiceIssued, taxInvoiced, usageSold, type Relation } from '../domain/ledger/templates.ts'
import { openMicros } from '../domain/receivables/claim.ts'
import type { Moves } from '../domain/receivables/moves.ts'
import { makeNote, type Note, type NoteKind, type NoteRequest } from '../domain/receivables/note.ts'
import { encodeInvoice, invoiceName, type Invoice } from '../documents/invoice.ts'
import { noteDocument, type NoteIssue } from '../documents/note.ts'
import type { MoneyDecisionWrites } from '../store/money-decision-writes.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import { claimOfDocument } from './claims-in-step.ts'
import { buyerKeepsBooks, decideOnce, noMoves, type Decided, type MoneyDecision } from './money-decisions.ts'
import { issuedInvoice, notedDocument, type IssuedInvoice } from './noted-documents.ts'
import { amountMicros } from './receivable-parties.ts'
import type { Deciding } from './record-payment.ts'
import type { TenantService } from './tenant-service.ts'

/** A credit note or a debit note that somebody writes. */
export interface NoteOrder extends Deciding {
  readonly kind: NoteKind
  readonly document: string
  /** Lines by their keys, each with an amount or (a credit note) null for all that is left; null: the whole document. */
  readonly lines: readonly { readonly key: string; readonly amount: string | null }[] | null
  /** For the whole document; null: all that is left. */
  readonly amount: string | null
  readonly reason: string
}

/** Issues a credit note or a debit note about a document: a document of its own, with the decision behind it. */
export async function issueNote(
  service: TenantService,
  clock: Clock,
  { key, by, kind, document, lines, amount, reason }: NoteOrder,
): Promise<Result<MoneyDecision>> {
  const asked = lines?.map((line) => ({ key: line.key, amount: line.amount })) ?? null
  const request = { document, lines: asked, amount, reason }
  return await decideOnce(service, clock, { name: kind, key, derivedKey: null, request, by }, (logIndex, nowMs) => {
    const issued = issuedInvoice(service.store, document)
    if (!issued.ok) return issued
    const about = noteRequest({ kind, lines, amount }, issued.value.invoice.currency)
    if (!about.ok) return about
    const note = makeNote(notedDocument(service.store, issued.value), about.value)
    if (!note.ok) return note
    const made = decidedNote(service, { logIndex, nowMs, reason }, issued.value, note.value)
    return ok({ ...made.decided, content: { name: kind, document, note: made.number, reason } })
  })
}

/** What was asked for with amounts as micros. */
function noteRequest(
  { kind, lines, amount }: Pick<NoteOrder, 'kind' | 'lines' | 'amount'>,
  currency: string,
): Result<NoteRequest> {
  if (lines === null) {
    const micros = amount === null ? ok(null) : amountMicros(amount, currency)
    return micros.ok ? ok({ kind, micros: micros.value }) : micros
  }
  const asked: { key: string; micros: bigint | null }[] = []
  for (const line of lines) {
    const micros = line.amount === null ? ok(null) : amountMicros(line.amount, currency)
    if (!micros.ok) return micros
    asked.push({ key: line.key, micros: micros.value })
  }
  return ok({ kind, lines: asked })
}

/** When and why a note is issued; its decision has this log index, and the document the next one. */
export interface NoteOccasion {
  readonly logIndex: number
  readonly nowMs: number
  readonly reason: string
}

/** A note with its number as the document it becomes, and what it settles. The content of the decision is the caller's. */
export function decidedNote(
  service: TenantService,
  { logIndex, nowMs, reason }: NoteOccasion,
  { claim, invoice }: IssuedInvoice,
  note: Note,
): { readonly decided: Omit<Decided, 'content'>; readonly number: string } {
  const place = nextNote(service.store, invoice, note.kind)
  const issue: NoteIssue = {
    ...place,
    references: claim.document,
    issuedAtMs: nowMs,
    reason,
    entries: noteEntries(relationOf(service, invoice), note, invoice.tax?.inclusive ?? false),
  }
  const lines = note.lines.map(({ key, micros }) => ({
    document: claim.document,
    line: key,
    note: place.name,
    kind: note.kind,
    micros,
  }))
  const parties = { seller: claim.seller, buyer: claim.buyer, currency: claim.currency }
  const issued = issuedDocument(noteDocument(invoice, note, issue), issue, logIndex + 1)
  return {
    decided: {
      parties,
      moves: noteMoves(openMicros(claim), claim.document, place.name, note),
      cashAtMs: null,
      issued: issued.log,
      writes: { note: { ...issued.rows, lines }, dispute: null, voided: null },
    },
    number: place.name,
  }
}

/** The next number of the notes of a seller: credit notes have one series with those that bills turn into. */
export function nextNote(
  store: TenantStore,
  { seller }: Invoice,
  kind: NoteKind,
): { readonly series: string; readonly number: number; readonly name: string } {
  const series = `${seller.id}-${kind === 'credit-note' ? 'cn' : 'dn'}`
  const number = store.documents.lastSequence(seller.id, series) + 1
  return { series, number, name: invoiceName({ series, number }) }
}

/** A note as the rows and the log entry it becomes. */
export function issuedDocument(
  invoice: Invoice,
  { name, entries }: NoteIssue,
  logIndex: number,
): {
  readonly log: NonNullable<Decided['issued']>
  readonly rows: Pick<NonNullable<MoneyDecisionWrites['note']>, 'document' | 'claim'>
} {
  const bytes = encodeInvoice(invoice)
  const documentHash = sha256(bytes)
  const { series, number, period, currency, total, tax, seller, buyer } = invoice
  const record = { kind: 'document' as const, entity: seller.id, series, number, documentHash, entries }
  return {
    log: { entry: encodeLogEntry(record), ledger: [{ logIndex, entries }] },
    rows: {
      document: {
        entity: seller.id,
        series,
        sequence: number,
        number: name,
        buyer: buyer.id,
        period: period.key,
        currency,
        total: tax?.gross ?? total.amount,
        purpose: 'note',
        logIndex,
        documentHash,
        bytes,
      },
      claim: claimOfDocument(invoice, name, logIndex),
    },
  }
}

/** A credit note settles what is open of its document, and the rest is credit of the buyer; a debit note is owed by itself. */
function noteMoves(open: bigint, document: string, name: string, { kind, grossMicros }: Note): Moves {
  if (kind === 'debit-note') return noMoves
  const applied = open < grossMicros ? open : grossMicros
  const settlements = [
    { document, micros: applied },
    { document: name, micros: -grossMicros },
  ].filter(({ micros }) => micros !== 0n)
  return { settlements, creditMicros: grossMicros - applied, cashMicros: 0n }
}

/** A note posts what a document of the same amounts without any usage posts. */
function noteEntries(relation: Relation, note: Note, inclusive: boolean): readonly LedgerEntry[] {
  const sign = note.kind === 'credit-note' ? -1n : 1n
  const lineMicros = sign * note.lines.reduce((sum, { micros }) => sum + micros, 0n)
  const entries = [
    ...usageSold(relation, lineMicros),
    ...invoiceIssued(relation, lineMicros, lineMicros),
    ...taxInvoiced(relation, sign * note.taxMicros, inclusive),
  ]
  assertBalanced(entries)
  return entries
}

function relationOf(service: TenantService, { seller, buyer, currency, ledger }: Invoice): Relation {
  assertThat(seller.id !== buyer.id, `${seller.id} sells to somebody else`)
  // Whoever kept books when the document was issued has it there; a note goes where its document went.
  const bookkeeping = ledger.some(({ entity }) => entity === buyer.id) || buyerKeepsBooks(service, buyer.id)
  return { seller: seller.id, buyer: buyer.id, kind: 'sale', currency, buyerKeepsBooks: bookkeeping }
}
