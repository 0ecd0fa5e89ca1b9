import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { readItem } from './cbor-reader.ts'
import { readHeader, readUnitSequence, StoredTables } from './stored-batch.ts'
import type { StoredHeader, StoredUnit } from './stored-batch.ts'

/** A sealed batch that waits in an agent's outbox. */
export interface OutboxBatch {
  readonly header: StoredHeader
  readonly units: readonly StoredUnit[]
}

/** Something an agent put to its own suspense, also what somebody gave up there. */
export interface AgentSuspended {
  readonly device: string
  readonly code: string
  readonly eventId: string | null
  readonly payload: Uint8Array
  readonly payloadBytes: number
}

/** What a journal holds. */
export interface AgentImage {
  readonly epoch: number
  readonly sealedSeq: number
  readonly sealedHash: string
  readonly settledSeq: number
  readonly settledHash: string
  readonly outbox: readonly OutboxBatch[]
  /** What the outbox and the open batch take, as the agent counts it. */
  readonly outboxBytes: number
  /** Units journalled and not sealed yet, those first that a recovery carried over. */
  readonly open: readonly StoredUnit[]
  readonly suspended: readonly AgentSuspended[]
  /** Settled batches that are kept for a restore of the aggregator's books; empty where nobody asked for them. */
  readonly retained: readonly OutboxBatch[]
  /** The boxes whose acknowledgements it has to bear out: the one it lies on, and those it was recovered from. */
  readonly answersFor: readonly string[]
}

interface ChainRow {
  readonly epoch: number
  readonly sealedSeq: number
  readonly sealedHash: Uint8Array
  readonly sealedChunk: number
  readonly settledSeq: number
  readonly settledHash: Uint8Array
}

interface BatchRow {
  readonly bytes: number
  readonly firstChunk: number
  readonly lastChunk: number
  readonly header: Uint8Array
  readonly tables: Uint8Array
}

interface ChunkRow {
  readonly id: number
  readonly tablesDelta: Uint8Array
  readonly units: Uint8Array
}

/** Reads a copy of a journal. The agent holds its own file locked, so only copies can be looked into. */
export function readAgentImage(file: string, answersFor: readonly string[], withRetained = false): AgentImage | null {
  const db = openDatabase({ file, disk: temporaryDisk })
  try {
    const tables = db
      .prepare<[], { count: number }>(`SELECT count(*) AS count FROM sqlite_master WHERE name = 'chain'`)
      .get()
    if (tables?.count !== 1) return null
    const chain = db
      .prepare<[], ChainRow>(
        `SELECT epoch, sealed_seq AS sealedSeq, sealed_hash AS sealedHash, sealed_chunk AS sealedChunk,
           settled_seq AS settledSeq, settled_hash AS settledHash FROM chain`,
      )
      .get()
    if (chain === undefined) return null
    const chunks = db
      .prepare<[], ChunkRow>(
        `SELECT id, tables_delta AS tablesDelta, units FROM chunk
         WHERE id >= (SELECT ifnull(min(first_chunk), sealed_chunk + 1) FROM chain LEFT JOIN batch ON seq > settled_seq)
         ORDER BY id`,
      )
      .all()
    const batches = db
      .prepare<[], BatchRow>(
        `SELECT bytes, first_chunk AS firstChunk, last_chunk AS lastChunk, header, tables FROM batch
         WHERE seq > (SELECT settled_seq FROM chain) ORDER BY seq`,
      )
      .all()
    const salvaged = db
      .prepare<[], ChunkRow>('SELECT id, tables_delta AS tablesDelta, units FROM salvaged_chunk ORDER BY id')
      .all()
    const openTables = new StoredTables()
    const openChunks = chunks.filter(({ id }) => id > chain.sealedChunk)
    const openBytes = openChunks.reduce((sum, { tablesDelta, units }) => sum + tablesDelta.length + units.length, 0)
    return {
      epoch: chain.epoch,
      sealedSeq: chain.sealedSeq,
      sealedHash: hex(chain.sealedHash),
      settledSeq: chain.settledSeq,
      settledHash: hex(chain.settledHash),
      outbox: batches.map((batch) => outboxBatch(batch, chunks)),
      outboxBytes: batches.reduce((sum, { bytes }) => sum + bytes, openBytes),
      open: [
        ...salvaged.flatMap(unitsOfSalvaged),
        ...openChunks.flatMap((chunk) => {
          openTables.add(readItem(chunk.tablesDelta))
          return readUnitSequence(chunk.units, openTables)
        }),
      ],
      suspended: db
        .prepare<[], AgentSuspended>(
          `SELECT device, code, event_id AS eventId, payload, payload_bytes AS payloadBytes FROM suspense
           UNION ALL SELECT device, code, event_id, payload, payload_bytes FROM suspense_closed
           WHERE outcome = 'discarded'`,
        )
        .all(),
      retained: withRetained ? retainedBatches(db) : [],
      answersFor,
    }
  } finally {
    db.close()
  }
}

function retainedBatches(db: Database): readonly OutboxBatch[] {
  const batches = db
    .prepare<[], BatchRow>(
      `SELECT bytes, first_chunk AS firstChunk, last_chunk AS lastChunk, header, tables FROM batch
       WHERE seq <= (SELECT settled_seq FROM chain) ORDER BY seq`,
    )
    .all()
  const chunks = db.prepare<[], ChunkRow>('SELECT id, tables_delta AS tablesDelta, units FROM chunk ORDER BY id').all()
  return batches.map((batch) => outboxBatch(batch, chunks))
}

/** What a recovery carried over stands on tables of its own. */
function unitsOfSalvaged({ tablesDelta, units }: ChunkRow): readonly StoredUnit[] {
  const tables = new StoredTables()
  tables.add(readItem(tablesDelta))
  return readUnitSequence(units, tables)
}

function outboxBatch(batch: BatchRow, chunks: readonly ChunkRow[]): OutboxBatch {
  const tables = new StoredTables()
  tables.add(readItem(batch.tables))
  const own = chunks.filter(({ id }) => id >= batch.firstChunk && id <= batch.lastChunk)
  return { header: readHeader(batch.header), units: own.flatMap(({ units }) => readUnitSequence(units, tables)) }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
