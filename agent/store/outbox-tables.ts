import type { Statement } from 'better-sqlite3'
import type { Chunk } from '@meterline/shared/model/unit-codec.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'

/** Whose chain it is and where it stands. */
export interface ChainRow {
  readonly tenant: string
  readonly agent: string
  readonly epoch: number
  readonly sealedSeq: number
  readonly sealedHash: Uint8Array
  /** The last chunk of the last sealed batch; later chunks belong to the open batch. */
  readonly sealedChunk: number
  readonly settledSeq: number
  readonly settledHash: Uint8Array
  /** Where the aggregator's log holds the last settled batch. */
  readonly settledLogIndex: number | null
}

/** A sealed batch without its units, which stay in the chunks it names. */
export interface BatchRow {
  readonly seq: number
  readonly firstChunk: number
  readonly lastChunk: number
  readonly unitCount: number
  readonly sealedMs: number
  /** Size of header, signature and body together. */
  readonly bytes: number
  readonly batchHash: Uint8Array
  readonly header: Uint8Array
  readonly signature: Uint8Array
  readonly secret: Uint8Array
  readonly tables: Uint8Array
}

const chainColumns = `tenant, agent, epoch, sealed_seq AS sealedSeq, sealed_hash AS sealedHash, sealed_chunk AS sealedChunk,
  settled_seq AS settledSeq, settled_hash AS settledHash, settled_log_index AS settledLogIndex`
const chunkColumns = 'id, unit_count AS unitCount, record_count AS recordCount, tables_delta AS tablesDelta, units'
const batchColumns = `seq, first_chunk AS firstChunk, last_chunk AS lastChunk, unit_count AS unitCount, sealed_ms AS sealedMs,
  bytes, batch_hash AS batchHash, header, signature, secret, tables`

/** Chunks, sealed batches and the chain they form. The caller owns the transaction. */
export class OutboxTables {
  readonly #db: Database
  readonly #insertChunk: Statement<[number, number, number, Uint8Array, Uint8Array]>
  readonly #insertBatch: Statement<[BatchRow]>
  readonly #writeChain: Statement<[ChainRow]>
  readonly #batch: Statement<[number], BatchRow>
  readonly #units: Statement<[number, number], Uint8Array>
  readonly #unitsHeld: Statement<[number, number], number | null>
  readonly #deleteChunks: Statement<[number, number]>
  readonly #deleteBatch: Statement<[number]>

  constructor(db: Database) {
    this.#db = db
    this.#insertChunk = db.prepare('INSERT INTO chunk VALUES (?, ?, ?, ?, ?)')
    this.#insertBatch = db.prepare(
      `INSERT INTO batch VALUES (:seq, :firstChunk, :lastChunk, :unitCount, :sealedMs, :bytes, :batchHash,
       :header, :signature, :secret, :tables)`,
    )
    this.#writeChain = db.prepare(
      `UPDATE chain SET tenant = :tenant, agent = :agent, epoch = :epoch, sealed_seq = :sealedSeq,
       sealed_hash = :sealedHash, sealed_chunk = :sealedChunk, settled_seq = :settledSeq, settled_hash = :settledHash,
       settled_log_index = :settledLogIndex WHERE id = 1`,
    )
    this.#batch = db.prepare(`SELECT ${batchColumns} FROM batch WHERE seq = ?`)
    this.#units = db
      .prepare<[number, number], Uint8Array>('SELECT units FROM chunk WHERE id BETWEEN ? AND ? ORDER BY id')
      .pluck()
    this.#unitsHeld = db
      .prepare<[number, number], number | null>('SELECT sum(unit_count) FROM chunk WHERE id BETWEEN ? AND ?')
      .pluck()
    this.#deleteChunks = db.prepare('DELETE FROM chunk WHERE id BETWEEN ? AND ?')
    this.#deleteBatch = db.prepare('DELETE FROM batch WHERE seq = ?')
  }

  /** Null in a journal that was just made. */
  chain(): ChainRow | null {
    return this.#db.prepare<[], ChainRow>(`SELECT ${chainColumns} FROM chain WHERE id = 1`).get() ?? null
  }

  insertChain(chain: ChainRow): void {
    this.#db
      .prepare<[ChainRow]>(
        `INSERT INTO chain VALUES (1, :tenant, :agent, :epoch, :sealedSeq, :sealedHash, :sealedChunk,
         :settledSeq, :settledHash, :settledLogIndex)`,
      )
      .run(chain)
  }

  writeChain(chain: ChainRow): void {
    this.#writeChain.run(chain)
  }

  insertChunk(id: number, chunk: Chunk): void {
    this.#insertChunk.run(id, chunk.unitCount, chunk.recordCount, chunk.tablesDelta, chunk.units)
  }

  /** The chunks of the open batch: those after the last sealed one. */
  openChunks(sealedChunk: number): (Chunk & { readonly id: number })[] {
    return this.#db
      .prepare<[number], Chunk & { readonly id: number }>(`SELECT ${chunkColumns} FROM chunk WHERE id > ? ORDER BY id`)
      .all(sealedChunk)
  }

  /** Whether anything of this epoch has not left: sealed batches, or chunks of the open one. */
  hasUnsent(sealedChunk: number): boolean {
    const batches = this.#db.prepare<[], number>('SELECT count(*) FROM batch').pluck().get() ?? 0
    return batches > 0 || this.openChunks(sealedChunk).length > 0
  }

  insertBatch(batch: BatchRow): void {
    this.#insertBatch.run(batch)
  }

  batch(seq: number): BatchRow | null {
    return this.#batch.get(seq) ?? null
  }

  /** The unit bytes of a batch, chunk by chunk, as they were journalled. */
  unitsOf(batch: BatchRow): Uint8Array[] {
    return this.#units.all(batch.firstChunk, batch.lastChunk)
  }

  /** How many units the chunks of a batch hold. */
  unitsHeld(batch: BatchRow): number {
    return this.#unitsHeld.get(batch.firstChunk, batch.lastChunk) ?? 0
  }

  deleteBatch(batch: BatchRow): void {
    this.#deleteChunks.run(batch.firstChunk, batch.lastChunk)
    this.#deleteBatch.run(batch.seq)
  }

  /** Sealed batches that wait for their receipts. */
  totals(): { readonly batches: number; readonly bytes: number } {
    const row = this.#db
      .prepare<[], { batches: number; bytes: number }>(
        'SELECT count(*) AS batches, ifnull(sum(bytes), 0) AS bytes FROM batch',
      )
      .get()
    return row ?? { batches: 0, bytes: 0 }
  }

  /** When the oldest waiting batch was sealed, on the wall clock; null when none waits. */
  oldestSealedMs(): number | null {
    return this.#db.prepare<[], number>('SELECT sealed_ms FROM batch ORDER BY seq LIMIT 1').pluck().get() ?? null
  }
}
