import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { BilledLine } from '../domain/billing/due-line.ts'
import { billedLineRows } from './billed-line-table.ts'
import { billingTables, type BillingTables } from './billing-tables.ts'
import { storedInteger } from './books-rows.ts'
import type { DocumentRow } from './document-table.ts'

/** A document by its number and the place of its log entry. */
export interface DocumentPlaceRow {
  readonly number: string
  readonly logIndex: number
}

/** Reads, for verification, issued documents and what is kept of what they say. */
export class DocumentRows {
  readonly #db: Database
  readonly #at
  readonly #leaves
  readonly #blocks

  constructor(db: Database) {
    this.#db = db
    const columns = `entity, series, sequence, number, buyer, period, currency, total, purpose, log_index AS logIndex,
      document_hash AS documentHash, bytes`
    this.#at = db.prepare<[number], DocumentRow>(`SELECT ${columns} FROM document WHERE log_index = ?`)
    const blocks = 'FROM charge_block JOIN segment ON segment.id = segment_id WHERE segment.key = ?'
    this.#leaves = db.prepare<[string, number, number], { leaf: Uint8Array; amountMicros: string }>(
      `SELECT leaf, charge_block.amount_micros AS amountMicros ${blocks}
       ORDER BY charge_block.id LIMIT ? OFFSET ?`,
    )
    this.#blocks = db.prepare<[string], number>(`SELECT count(*) ${blocks}`).pluck()
  }

  /** The document of a log entry. */
  at(logIndex: number): DocumentRow | undefined {
    return this.#at.get(logIndex)
  }

  /** All documents in the order of their entries. */
  *places(): IterableIterator<DocumentPlaceRow> {
    yield* this.#db
      .prepare<[], DocumentPlaceRow>('SELECT number, log_index AS logIndex FROM document ORDER BY log_index')
      .iterate()
  }

  /** Bills of which there is more than one for a seller, a buyer, a currency and a period, by their numbers. */
  repeated(): readonly string[] {
    return this.#db
      .prepare<[], string>(
        `SELECT group_concat(number, ', ') FROM document WHERE purpose = 'period'
         GROUP BY period, entity, buyer, currency HAVING count(*) > 1`,
      )
      .pluck()
      .all()
  }

  /** The leaves of so many of a segment's blocks behind the first `from`, in log order. */
  leavesOf(
    segmentKey: string,
    from: number,
    count: number,
  ): readonly { readonly hash: Uint8Array; readonly sum: bigint }[] {
    return this.#leaves
      .all(segmentKey, count, from)
      .map(({ leaf, amountMicros }) => ({ hash: leaf, sum: storedInteger(amountMicros, `a block of ${segmentKey}`) }))
  }

  /** How many charge blocks a segment has. */
  blockCount(segmentKey: string): number {
    return this.#blocks.get(segmentKey) ?? 0
  }

  /** What is kept of every line so far, by key. */
  billedLines(): IterableIterator<BilledLine> {
    return billedLineRows(this.#db)
  }

  /** What bills are made of, as they would be made now. */
  billingTables(): BillingTables {
    const size = this.#db.prepare<[], number>('SELECT count(*) FROM log').pluck().get() ?? 0
    return billingTables(this.#db, size)
  }
}
