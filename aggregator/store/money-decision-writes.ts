import type { Claim } from '../domain/receivables/claim.ts'
import type { BilledLine } from '../domain/billing/due-line.ts'
import type { BilledLineTable } from './billed-line-table.ts'
import type { LateMark } from './late-table.ts'
import type { DecisionTable, MoneyDecisionRow } from './decision-table.ts'
import type { DisputeEnd, DisputeRow, DisputeTable, NoteLineRow } from './dispute-table.ts'
import type { DocumentRow, DocumentTable } from './document-table.ts'
import type { LedgerTable } from './ledger-table.ts'
import type { MoveRow } from './receivable-rows.ts'
import type { ReceivableTable } from './receivable-table.ts'
import type { LedgerWrite } from './writes.ts'

/** A dispute that is opened, or one that ends; `disputedMicros` is what is in dispute by it of a document, or no more. */
export type DisputeWrite =
  | { readonly kind: 'opened'; readonly row: Omit<DisputeRow, 'resolution'> }
  | { readonly kind: 'resolved'; readonly dispute: DisputeRow; readonly end: DisputeEnd }

/** A document that is taken back by another, and what is billed of its lines without it. */
export interface VoidedDocument {
  readonly document: string
  readonly by: string
  readonly billed: readonly BilledLine[]
  /** Keys of which no document says anything any more. */
  readonly removed: readonly string[]
  /** The periods of its lines, to be billed anew; of those that are open nothing is kept. */
  readonly late: readonly LateMark[]
}

/** What one decision about money, or several at once, come to. */
export interface MoneyDecisionWrites {
  readonly entries: readonly Uint8Array[]
  readonly decisions: readonly MoneyDecisionRow[]
  readonly ledger: readonly LedgerWrite[]
  readonly moves: readonly MoveRow[]
  /** The note that was issued, as a document and as an open item. */
  readonly note: {
    readonly document: DocumentRow
    readonly claim: Claim
    readonly lines: readonly NoteLineRow[]
  } | null
  readonly dispute: DisputeWrite | null
  readonly voided: VoidedDocument | null
}

/** The tables that decisions about money are written to. */
export interface MoneyDecisionTables {
  readonly decisions: DecisionTable
  readonly receivables: ReceivableTable
  readonly disputes: DisputeTable
  readonly documents: DocumentTable
  readonly ledger: LedgerTable
  readonly billedLines: BilledLineTable
  /** Marks the periods among these that are billed. */
  markLate(marks: readonly LateMark[]): void
}

/** The parts of a decision that most do not have. */
export const nothingElse = { note: null, dispute: null, voided: null } as const

/** Writes the rows of decisions about money, inside the caller's transaction. */
export function writeMoneyDecision(tables: MoneyDecisionTables, writes: MoneyDecisionWrites): void {
  const { decisions, receivables, disputes, documents, ledger } = tables
  for (const row of writes.decisions) decisions.insert(row)
  if (writes.note !== null) {
    documents.insert(writes.note.document)
    receivables.insert([writes.note.claim])
    for (const line of writes.note.lines) disputes.note(line)
  }
  ledger.post(writes.ledger)
  receivables.move(writes.moves)
  if (writes.voided !== null) writeVoided(tables, writes.voided)
  if (writes.dispute?.kind === 'opened') {
    const { row } = writes.dispute
    disputes.open(row)
    receivables.dispute(row.document, row.micros)
  }
  if (writes.dispute?.kind === 'resolved') {
    const { dispute, end } = writes.dispute
    disputes.resolve(dispute.logIndex, end)
    receivables.dispute(dispute.document, -dispute.micros)
  }
}

function writeVoided(tables: MoneyDecisionTables, { document, by, billed, removed, late }: VoidedDocument): void {
  tables.receivables.markVoided(document, by)
  tables.billedLines.save(billed)
  for (const key of removed) tables.billedLines.remove(key)
  tables.markLate(late)
}
