import type { Statement } from 'better-sqlite3'
import { FaultError } from '@meterline/shared/base/errors.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { SettledBatch } from '../domain/retention.ts'
import { damaged } from './journal-damage.ts'
import { rowSum } from './row-sums.ts'

/** What is kept of settled batches. */
export interface RetainedTotals {
  readonly batches: number
  readonly bytes: number
  /** The oldest one; 0 when there is none. */
  readonly fromSeq: number
}

type SettledRow = SettledBatch & { readonly lastChunk: number; readonly sum: number | null }

const columns = 'seq, bytes, log_index AS logIndex, settled_ms AS settledMs, last_chunk AS lastChunk, sum'

/**
 * Which batches have left the outbox and are kept all the same: always the newest of the settled ones, without a gap.
 * Their bytes stay where they were, in `batch` and `chunk`. The caller owns the transaction.
 */
export class SettledTable {
  readonly #db: Database
  readonly #insert: Statement<[SettledRow]>
  readonly #oldest: Statement<[number], SettledRow>
  readonly #row: Statement<[number], SettledRow>
  readonly #deleteChunks: Statement<[number]>
  readonly #deleteBatches: Statement<[number]>
  readonly #forget: Statement<[number]>

  constructor(db: Database) {
    this.#db = db
    this.#insert = db.prepare(
      'INSERT INTO settled_batch VALUES (:seq, :bytes, :logIndex, :settledMs, :lastChunk, :sum)',
    )
    this.#oldest = db.prepare(`SELECT ${columns} FROM settled_batch ORDER BY seq LIMIT ?`)
    this.#row = db.prepare(`SELECT ${columns} FROM settled_batch WHERE seq = ?`)
    this.#deleteChunks = db.prepare('DELETE FROM chunk WHERE id <= (SELECT last_chunk FROM batch WHERE seq = ?)')
    this.#deleteBatches = db.prepare('DELETE FROM batch WHERE seq <= ?')
    this.#forget = db.prepare('DELETE FROM settled_batch WHERE seq <= ?')
  }

  /** `lastChunk` says where its usage ends should its own row be lost. */
  insert(batch: SettledBatch, lastChunk: number): void {
    this.#insert.run({ ...batch, lastChunk, sum: settledSum(batch, lastChunk) })
  }

  /** In sequence. Throws `journal_damaged` when one of them is not what was written: it could go too early. */
  oldest(limit: number): SettledBatch[] {
    return this.#oldest.all(limit).map((row) => this.#whole(row))
  }

  /** Throws `journal_damaged` like `oldest`. */
  row(seq: number): SettledBatch | null {
    const row = this.#row.get(seq)
    return row === undefined ? null : this.#whole(row)
  }

  /**
   * Throws `journal_damaged` when they are not the newest ones up to `settledSeq`, or one was changed: others must never be
   * let go.
   */
  totals(settledSeq: number): RetainedTotals {
    let [batches, bytes, fromSeq, lastSeq] = [0, 0, 0, 0]
    for (const row of this.#db.prepare<[], SettledRow>(`SELECT ${columns} FROM settled_batch ORDER BY seq`).iterate()) {
      const batch = this.#whole(row)
      if (batches === 0) fromSeq = batch.seq
      lastSeq = batch.seq
      batches += 1
      bytes += batch.bytes
    }
    if (batches === 0) return { batches, bytes, fromSeq }
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

  #whole({ sum, lastChunk, ...batch }: SettledRow): SettledBatch {
    if (sum === null || sum === settledSum(batch, lastChunk)) return batch
    throw new FaultError(damaged(this.#db.name, `the row of settled batch ${batch.seq} was changed`))
  }
}

function settledSum({ seq, bytes, logIndex, settledMs }: SettledBatch, lastChunk: number): number {
  return rowSum([seq, bytes, logIndex, settledMs, lastChunk])
}
