import type { Statement } from 'better-sqlite3'
import type { Chunk } from '@meterline/shared/model/unit-codec.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { BatchRow, ChainRow, Summed } from './outbox-rows.ts'
import { batchSum, chainSum, chunkSum } from './row-sums.ts'

export type { BatchRow, ChainRow, Summed } from './outbox-rows.ts'

const chainColumns = `tenant, agent, epoch, sealed_seq AS sealedSeq, sealed_hash AS sealedHash, sealed_chunk AS sealedChunk,
  settled_seq AS settledSeq, settled_hash AS settledHash, settled_log_index AS settledLogIndex, sum`
const chunkColumns = 'id, unit_count AS unitCount, record_count AS recordCount, tables_delta AS tablesDelta, units, sum'
const batchColumns = `seq, first_chunk AS firstChunk, last_chunk AS lastChunk, unit_count AS unitCount, sealed_ms AS sealedMs,
  bytes, batch_hash AS batchHash, header, signature, secret, tables, sum`

/** Chunks, sealed batches and the chain they form. The caller owns the transaction. */
export class OutboxTables {
  readonly #db: Database
  readonly #insertChunk: Statement<[number, number, number, Uint8Array, Uint8Array, number]>
  readonly #insertBatch: Statement<[BatchRow & { readonly sum: number }]>
  readonly #writeChain: Statement<[ChainRow & { readonly sum: number }]>
  readonly #batch: Statement<[number], Summed<BatchRow>>
  readonly #chunks: Statement<[number, number], Summed<Chunk & { readonly id: number }>>
  readonly #unitsHeld: Statement<[number, number], number | null>

  constructor(db: Database) {
    this.#db = db
    this.#insertChunk = db.prepare('INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?)')
    this.#insertBatch = db.prepare(
      `INSERT INTO batch VALUES (:seq, :firstChunk, :lastChunk, :unitCount, :sealedMs, :bytes, :batchHash,
       :header, :signature, :secret, :tables, :sum)`,
    )
    this.#writeChain = db.prepare(
      `UPDATE chain SET tenant = :tenant, agent = :agent, epoch = :epoch, sealed_seq = :sealedSeq,
       sealed_hash = :sealedHash, sealed_chunk = :sealedChunk, settled_seq = :settledSeq, settled_hash = :settledHash,
       settled_log_index = :settledLogIndex, sum = :sum WHERE id = 1`,
    )
    this.#batch = db.prepare(`SELECT ${batchColumns} FROM batch WHERE seq = ?`)
    this.#chunks = db.prepare(`SELECT ${chunkColumns} FROM chunk WHERE id BETWEEN ? AND ? ORDER BY id`)
    this.#unitsHeld = db
      .prepare<[number, number], number | null>('SELECT sum(unit_count) FROM chunk WHERE id BETWEEN ? AND ?')
      .pluck()
  }

  /** Null in a journal that was just made. */
  chain(): Summed<ChainRow> | null {
    return this.#db.prepare<[], Summed<ChainRow>>(`SELECT ${chainColumns} FROM chain WHERE id = 1`).get() ?? null
  }

  insertChain(chain: ChainRow): void {
    this.#db
      .prepare<[ChainRow & { readonly sum: number }]>(
        `INSERT INTO chain VALUES (1, :tenant, :agent, :epoch, :sealedSeq, :sealedHash, :sealedChunk,
         :settledSeq, :settledHash, :settledLogIndex, :sum)`,
      )
      .run({ ...chain, sum: chainSum(chain) })
  }

  writeChain(chain: ChainRow): void {
    this.#writeChain.run({ ...chain, sum: chainSum(chain) })
  }

  insertChunk(id: number, chunk: Chunk): void {
    this.#insertChunk.run(id, chunk.unitCount, chunk.recordCount, chunk.tablesDelta, chunk.units, chunkSum(id, chunk))
  }

  /** The chunks of the open batch: those after the last sealed one. */
  openChunks(sealedChunk: number): Summed<Chunk & { readonly id: number }>[] {
    return this.#db
      .prepare<[number], Summed<Chunk & { readonly id: number }>>(
        `SELECT ${chunkColumns} FROM chunk WHERE id > ? ORDER BY id`,
      )
      .all(sealedChunk)
  }

  /** Whether anything of this epoch has not left: sealed batches without a receipt, or chunks of the open one. */
  hasUnsent({ settledSeq, sealedChunk }: ChainRow): boolean {
    return this.totals(settledSeq).batches > 0 || this.openChunks(sealedChunk).length > 0
  }

  insertBatch(batch: BatchRow): void {
    this.#insertBatch.run({ ...batch, sum: batchSum(batch) })
  }

  batch(seq: number): Summed<BatchRow> | null {
    return this.#batch.get(seq) ?? null
  }

  /** The chunks of a batch as they were journalled. */
  chunksOf(batch: BatchRow): Summed<Chunk & { readonly id: number }>[] {
    return this.#chunks.all(batch.firstChunk, batch.lastChunk)
  }

  /** How many units the chunks of a batch hold. */
  unitsHeld(batch: BatchRow): number {
    return this.#unitsHeld.get(batch.firstChunk, batch.lastChunk) ?? 0
  }

  /** Sealed batches that wait for their receipts: those after `settledSeq`. Earlier ones may be kept beside them. */
  totals(settledSeq: number): { readonly batches: number; readonly bytes: number } {
    const row = this.#db
      .prepare<[number], { batches: number; bytes: number }>(
        'SELECT count(*) AS batches, ifnull(sum(bytes), 0) AS bytes FROM batch WHERE seq > ?',
      )
      .get(settledSeq)
    return row ?? { batches: 0, bytes: 0 }
  }

  /** When the oldest waiting batch was sealed, on the wall clock; null when none waits. */
  oldestSealedMs(settledSeq: number): number | null {
    return (
      this.#db
        .prepare<[number], number>('SELECT sealed_ms FROM batch WHERE seq > ? ORDER BY seq LIMIT 1')
        .pluck()
        .get(settledSeq) ?? null
    )
  }
}
