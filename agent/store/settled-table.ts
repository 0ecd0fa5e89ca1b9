import type { Statement } from 'better-sqlite3'
import { FaultError } from '@meterline/shared/base/errors.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { SettledBatch } from '../domain/retention.ts'
import { damaged } from './journal-damage.ts'

/** What is kept of settled batches. */
export interface RetainedTotals {
  readonly batches: number
  readonly bytes: number
  /** The oldest one; 0 when there is none. */
  readonly fromSeq: number
}

const columns = 'seq, bytes, log_index AS logIndex, settled_ms AS settledMs'

/**
 * Which batches have left the outbox and are kept all the same: always the newest of the settled ones, without a gap.
 * Their bytes stay where they were, in `batch` and `chunk`. The caller owns the transaction.
 */
export class SettledTable {
  readonly #db: Database
  readonly #insert: Statement<[SettledBatch]>
  readonly #oldest: Statement<[number], SettledBatch>
  readonly #row: Statement<[number], SettledBatch>
  readonly #deleteChunks: Statement<[number]>
  readonly #deleteBatches: Statement<[number]>
  readonly #forget: Statement<[number]>

  constructor(db: Database) {
    this.#db = db
    this.#insert = db.prepare('INSERT INTO settled_batch VALUES (:seq, :bytes, :logIndex, :settledMs)')
    this.#oldest = db.prepare(`SELECT ${columns} FROM settled_batch ORDER BY seq LIMIT ?`)
    this.#row = db.prepare(`SELECT ${columns} FROM settled_batch WHERE seq = ?`)
    this.#deleteChunks = db.prepare('DELETE FROM chunk WHERE id <= (SELECT last_chunk FROM batch WHERE seq = ?)')
    this.#deleteBatches = db.prepare('DELETE FROM batch WHERE seq <= ?')
    this.#forget = db.prepare('DELETE FROM settled_batch WHERE seq <= ?')
  }

  insert(batch: SettledBatch): void {
    this.#insert.run(batch)
  }

  /** In sequence. */
  oldest(limit: number): SettledBatch[] {
    return this.#oldest.all(limit)
  }

  row(seq: number): SettledBatch | null {
    return this.#row.get(seq) ?? null
  }

  /** Throws `journal_damaged` when they are not the newest ones up to `settledSeq`: others must never be let go. */
  totals(settledSeq: number): RetainedTotals {
    const row = this.#db
      .prepare<[], RetainedTotals & { readonly lastSeq: number | null }>(
        `SELECT count(*) AS batches, ifnull(sum(bytes), 0) AS bytes, ifnull(min(seq), 0) AS fromSeq, max(seq) AS lastSeq
         FROM settled_batch`,
      )
      .get()
    if (row === undefined || row.lastSeq === null) return { batches: 0, bytes: 0, fromSeq: 0 }
    const { batches, bytes, fromSeq, lastSeq } = row
    if (lastSeq === settledSeq && lastSeq - fromSeq === batches - 1) return { batches, bytes, fromSeq }
    const what = `the list of settled batches has ${batches} from ${fromSeq} to ${lastSeq}, the last one settled is ${settledSeq}`
    throw new FaultError(damaged(this.#db.name, what))
  }

  /** Lets the settled batches up to this one go, with their chunks: three deletes of a range each. */
  release(upToSeq: number): void {
    this.#deleteChunks.run(upToSeq)
    this.#deleteBatches.run(upToSeq)
    this.#forget.run(upToSeq)
  }

  /** Those after this one count as not settled any more; returns what they were. */
  takeBack(afterSeq: number): { readonly batches: number; readonly bytes: number } {
    const taken = this.#db
      .prepare<[number], { batches: number; bytes: number }>(
        'SELECT count(*) AS batches, ifnull(sum(bytes), 0) AS bytes FROM settled_batch WHERE seq > ?',
      )
      .get(afterSeq)
    this.#db.prepare('DELETE FROM settled_batch WHERE seq > ?').run(afterSeq)
    return taken ?? { batches: 0, bytes: 0 }
  }
}
