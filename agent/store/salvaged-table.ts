import type { Statement } from 'better-sqlite3'
import type { Chunk } from '@meterline/shared/model/unit-codec.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { Summed } from './outbox-tables.ts'
import { salvagedSum } from './row-sums.ts'

/** Units that were salvaged from another journal, as a chunk with its own tables. */
export type SalvagedChunk = Summed<Chunk & { readonly id: number }>

/**
 * Units that a recovery carried over and that are still to be taken into a batch of this journal. They are as durable as
 * everything else that was acknowledged. The caller owns the transaction.
 */
export class SalvagedTable {
  readonly #db: Database
  readonly #insert: Statement<[number, number, Uint8Array, Uint8Array]>
  readonly #setSum: Statement<[number, number]>
  readonly #next: Statement<[], SalvagedChunk>
  readonly #delete: Statement<[number]>

  constructor(db: Database) {
    this.#db = db
    this.#insert = db.prepare(
      'INSERT INTO salvaged_chunk (unit_count, record_count, tables_delta, units, sum) VALUES (?, ?, ?, ?, 0)',
    )
    this.#setSum = db.prepare('UPDATE salvaged_chunk SET sum = ? WHERE id = ?')
    this.#next = db.prepare(
      `SELECT id, unit_count AS unitCount, record_count AS recordCount, tables_delta AS tablesDelta, units, sum
       FROM salvaged_chunk ORDER BY id LIMIT 1`,
    )
    this.#delete = db.prepare('DELETE FROM salvaged_chunk WHERE id = ?')
  }

  insert(chunk: Chunk): void {
    const { unitCount, recordCount, tablesDelta, units } = chunk
    const id = Number(this.#insert.run(unitCount, recordCount, tablesDelta, units).lastInsertRowid)
    this.#setSum.run(salvagedSum(id, chunk), id)
  }

  /** The oldest one, or null when there is none left. */
  next(): SalvagedChunk | null {
    return this.#next.get() ?? null
  }

  delete(id: number): void {
    this.#delete.run(id)
  }

  /** Units still to be taken into a batch. */
  units(): number {
    const row = this.#db
      .prepare<[], { units: number }>('SELECT ifnull(sum(unit_count), 0) AS units FROM salvaged_chunk')
      .get()
    return row?.units ?? 0
  }
}
