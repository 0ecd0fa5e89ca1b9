import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { MoneyDecisionRow } from './decision-table.ts'
import { DisputeTable, type DisputeRow, type NoteLineRow } from './dispute-table.ts'
import { ReceivableTable } from './receivable-table.ts'
import type { ClaimRow, MoveRow } from './receivable-rows.ts'
import type { ClaimParties } from '../domain/receivables/claim.ts'

/** Credit of a buyer as the file has it. */
export interface CreditRow extends ClaimParties {
  readonly micros: bigint
}

/** Reads, for verification, what was decided about money and what is derived from it. */
export class MoneyRows {
  readonly #db: Database
  readonly #decision
  readonly #document

  constructor(db: Database) {
    this.#db = db
    this.#decision = db.prepare<[number], MoneyDecisionRow>(
      `SELECT log_index AS logIndex, name, key, seller, buyer, currency, decided_ms AS decidedMs
       FROM decision WHERE log_index = ?`,
    )
    this.#document = db.prepare<[string], { bytes: Uint8Array; logIndex: number }>(
      'SELECT bytes, log_index AS logIndex FROM document WHERE number = ?',
    )
  }

  decision(logIndex: number): MoneyDecisionRow | undefined {
    return this.#decision.get(logIndex)
  }

  /** An issued document by its number. */
  document(number: string): { readonly bytes: Uint8Array; readonly logIndex: number } | undefined {
    return this.#document.get(number)
  }

  /** Open items by the order of issue, read as they are asked for. */
  claims(): IterableIterator<ClaimRow> {
    return new ReceivableTable(this.#db).all('every')
  }

  /** Numbers of documents, up to where open items follow them, that are no open item. */
  missingClaims(): readonly string[] {
    return this.#db
      .prepare<[], string>(
        `SELECT number FROM document LEFT JOIN receivable ON receivable.document = number
         WHERE document.log_index <= (SELECT log_index FROM receivable_cursor) AND receivable.document IS NULL
         ORDER BY document.log_index`,
      )
      .pluck()
      .all()
  }

  moves(): IterableIterator<MoveRow> {
    return new ReceivableTable(this.#db).moves(null)
  }

  disputes(): IterableIterator<DisputeRow> {
    return new DisputeTable(this.#db).all()
  }

  notes(): readonly NoteLineRow[] {
    return this.#db
      .prepare<[], Omit<NoteLineRow, 'micros'> & { micros: string }>(
        'SELECT document, line, note, kind, micros FROM note_line ORDER BY document, line, note',
      )
      .all()
      .map((row) => ({ ...row, micros: BigInt(row.micros) }))
  }

  credits(): readonly CreditRow[] {
    return this.#db
      .prepare<[], Omit<CreditRow, 'micros'> & { micros: string }>(
        'SELECT seller, buyer, currency, micros FROM credit_balance ORDER BY seller, buyer, currency',
      )
      .all()
      .map((row) => ({ ...row, micros: BigInt(row.micros) }))
  }

  /** How many decisions there are. */
  count(): number {
    return this.#db.prepare<[], number>('SELECT count(*) FROM decision').pluck().get() ?? 0
  }
}
