import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { RelationParts } from '../domain/billing/billed-relation.ts'

/** A bill that somebody approved as it was then. */
export interface ApprovalRow extends RelationParts {
  /** Key of its period. */
  readonly period: string
  /** SHA-256, hexadecimal. */
  readonly billHash: string
  readonly by: string
  readonly approvedMs: number
}

/** Bills that were approved and are not issued yet. */
export class ApprovalTable {
  readonly #save
  readonly #find
  readonly #remove

  constructor(db: Database) {
    this.#save = db.prepare<[ApprovalRow]>(
      `INSERT OR REPLACE INTO approved_bill (period, seller, buyer, currency, bill_hash, approved_by, approved_ms)
       VALUES (@period, @seller, @buyer, @currency, unhex(@billHash), @by, @approvedMs)`,
    )
    this.#find = db.prepare<[string, string, string, string], ApprovalRow>(
      `SELECT period, seller, buyer, currency, lower(hex(bill_hash)) AS billHash, approved_by AS by, approved_ms AS approvedMs
       FROM approved_bill WHERE period = ? AND seller = ? AND buyer = ? AND currency = ?`,
    )
    this.#remove = db.prepare<[string, string, string, string]>(
      'DELETE FROM approved_bill WHERE period = ? AND seller = ? AND buyer = ? AND currency = ?',
    )
  }

  /** Takes approvals in, in the place of earlier ones of the same bills, inside the caller's transaction. */
  save(rows: readonly ApprovalRow[]): void {
    for (const row of rows) this.#save.run(row)
  }

  find(period: string, { seller, buyer, currency }: RelationParts): ApprovalRow | undefined {
    return this.#find.get(period, seller, buyer, currency)
  }

  /** Forgets an approval once its bill is issued, inside the caller's transaction. */
  remove(period: string, { seller, buyer, currency }: RelationParts): void {
    this.#remove.run(period, seller, buyer, currency)
  }
}
