import type { Database } from '@meterline/shared/sqlite/open.ts'

/** Where an agent's chain stands: the last batch stored, and whether anything more is taken. */
export interface Chain {
  /** 0 before the first batch. */
  readonly receivedSeq: number
  /** SHA-256 of that batch's header; 32 zero bytes before the first one. */
  readonly chainHash: Uint8Array
  /** Why this agent and epoch is cut off; null when it is not. */
  readonly quarantined: string | null
}

/** A batch that was stored earlier, as its receipt names it. */
export interface ReceivedBatch {
  readonly logIndex: number
  readonly batchHash: Uint8Array
}

/** A batch to store. Its log entry stands at `logIndex`. */
export interface BatchRow {
  readonly logIndex: number
  readonly agent: string
  readonly epoch: number
  readonly seq: number
  readonly batchHash: Uint8Array
  readonly unitCount: number
  readonly recordCount: number
  readonly receivedMs: number
  /** Encoded exceptions (which units were duplicates or conflicts); null when there are none. */
  readonly admission: Uint8Array | null
  readonly body: Uint8Array
}

/** A batch that waits for rating, as read back from the file. */
export interface UnratedBatch {
  readonly logIndex: number
  readonly admission: Uint8Array | null
  readonly body: Uint8Array
}

/** A batch as it was received, with its body unless that was deleted after its retention. */
export interface StoredBatchRow {
  readonly agent: string
  readonly epoch: number
  readonly seq: number
  readonly receivedMs: number
  readonly body: Uint8Array | null
}

interface ChainRow extends Chain {
  readonly agent: string
  readonly epoch: number
}

/** Agents' chains, received batches and their bodies. */
export class BatchTable {
  readonly #insertBatch
  readonly #insertBody
  readonly #saveChain
  readonly #selectChain
  readonly #selectChains
  readonly #selectReceived
  readonly #selectUnrated
  readonly #countUnrated
  readonly #select

  constructor(db: Database) {
    this.#insertBatch = db.prepare<
      [number, string, number, number, Uint8Array, number, number, number, Uint8Array | null]
    >(
      `INSERT INTO batch (log_index, agent, epoch, seq, batch_hash, unit_count, record_count, received_ms, admission)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#insertBody = db.prepare<[number, Uint8Array]>('INSERT INTO batch_body (log_index, body) VALUES (?, ?)')
    this.#saveChain = db.prepare<[string, number, number, Uint8Array, string | null]>(
      `INSERT INTO chain (agent, epoch, received_seq, chain_hash, quarantined) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (agent, epoch) DO UPDATE
       SET received_seq = excluded.received_seq, chain_hash = excluded.chain_hash, quarantined = excluded.quarantined`,
    )
    const chainColumns = 'received_seq AS receivedSeq, chain_hash AS chainHash, quarantined'
    this.#selectChain = db.prepare<[string, number], Chain>(
      `SELECT ${chainColumns} FROM chain WHERE agent = ? AND epoch = ?`,
    )
    this.#selectChains = db.prepare<[], ChainRow>(`SELECT agent, epoch, ${chainColumns} FROM chain`)
    this.#selectReceived = db.prepare<[string, number, number], ReceivedBatch>(
      'SELECT log_index AS logIndex, batch_hash AS batchHash FROM batch WHERE agent = ? AND epoch = ? AND seq = ?',
    )
    this.#selectUnrated = db.prepare<[number, number], UnratedBatch>(
      `SELECT batch.log_index AS logIndex, admission, body FROM batch JOIN batch_body USING (log_index)
       WHERE batch.log_index > ? ORDER BY batch.log_index LIMIT ?`,
    )
    this.#countUnrated = db.prepare<[number], { count: number }>(
      'SELECT count(*) AS count FROM batch WHERE log_index > ?',
    )
    this.#select = db.prepare<[number], StoredBatchRow>(
      `SELECT agent, epoch, seq, received_ms AS receivedMs, body
       FROM batch LEFT JOIN batch_body USING (log_index) WHERE batch.log_index = ?`,
    )
  }

  insert(row: BatchRow): void {
    this.#insertBatch.run(
      row.logIndex,
      row.agent,
      row.epoch,
      row.seq,
      row.batchHash,
      row.unitCount,
      row.recordCount,
      row.receivedMs,
      row.admission,
    )
    this.#insertBody.run(row.logIndex, row.body)
  }

  saveChain(agent: string, epoch: number, chain: Chain): void {
    this.#saveChain.run(agent, epoch, chain.receivedSeq, chain.chainHash, chain.quarantined)
  }

  chain(agent: string, epoch: number): Chain | undefined {
    return this.#selectChain.get(agent, epoch)
  }

  chains(): readonly ChainRow[] {
    return this.#selectChains.all()
  }

  received(agent: string, epoch: number, seq: number): ReceivedBatch | undefined {
    return this.#selectReceived.get(agent, epoch, seq)
  }

  find(logIndex: number): StoredBatchRow | undefined {
    return this.#select.get(logIndex)
  }

  /** At most `limit` batches after the rating cursor, in log order. */
  unratedAfter(cursor: number, limit: number): readonly UnratedBatch[] {
    return this.#selectUnrated.all(cursor, limit)
  }

  countAfter(cursor: number): number {
    return this.#countUnrated.get(cursor)?.count ?? 0
  }
}
