import type { Claim, ClaimParties } from '../domain/receivables/claim.ts'

/** A document as an open item, and the document that took it back; null: none did. */
export interface ClaimRow extends Claim {
  readonly voidedBy: string | null
}

/** Money that one decision moved: into a document, or with null in from the buyer (below zero: back to him). */
export interface MoveRow {
  /** Log index of the decision. */
  readonly decisionIndex: number
  readonly parties: ClaimParties
  readonly document: string | null
  readonly micros: bigint
  /** When it counts: the day money came, otherwise when it was decided. */
  readonly atMs: number
}

/** A row of `receivable` as SQLite has it. */
export interface ClaimColumns extends ClaimParties {
  readonly document: string
  readonly issuedMs: number
  readonly dueMs: number
  readonly logIndex: number
  readonly grossMicros: string
  readonly settledMicros: string
  readonly disputedMicros: string
  readonly voidedBy: string | null
}

/** A row of `receivable_move` as SQLite has it. */
export interface MoveColumns extends ClaimParties {
  readonly decisionIndex: number
  readonly document: string | null
  readonly micros: string
  readonly atMs: number
}

export const claimColumns = `document, seller, buyer, currency, issued_ms AS issuedMs, due_ms AS dueMs,
  log_index AS logIndex, gross_micros AS grossMicros, settled_micros AS settledMicros,
  disputed_micros AS disputedMicros, voided_by AS voidedBy`

export const moveColumns = 'decision_index AS decisionIndex, seller, buyer, currency, document, micros, at_ms AS atMs'

/** The open item of a row. */
export function claimOf(row: ClaimColumns): ClaimRow {
  return {
    ...row,
    grossMicros: BigInt(row.grossMicros),
    settledMicros: BigInt(row.settledMicros),
    disputedMicros: BigInt(row.disputedMicros),
  }
}

/** The move of a row. */
export function moveOf({ decisionIndex, seller, buyer, currency, document, micros, atMs }: MoveColumns): MoveRow {
  return { decisionIndex, parties: { seller, buyer, currency }, document, micros: BigInt(micros), atMs }
}
