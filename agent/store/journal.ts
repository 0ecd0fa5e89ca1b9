import { statSync } from 'node:fs'
import { assertThat, failed, fault, ok, FaultError, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { hashBytes } from '@meterline/shared/integrity/hash.ts'
import type { Chunk } from '@meterline/shared/model/unit-codec.ts'
import { KeyIndex } from '@meterline/shared/sqlite/key-index/key-index.ts'
import { migrate } from '@meterline/shared/sqlite/migrate.ts'
import { openDatabase, type Database } from '@meterline/shared/sqlite/open.ts'
import type { AgentId, TenantId } from '@meterline/shared/units/ids.ts'
import { BirthTable } from './birth-table.ts'
import { ClosedSuspenseTable } from './closed-suspense-table.ts'
import { journalMigrations } from './journal-schema.ts'
import { OutboxTables, type ChainRow } from './outbox-tables.ts'
import { SuspenseTable } from './suspense-table.ts'

/** Whose journal it is. */
export interface JournalIdentity {
  readonly tenant: TenantId
  readonly agent: AgentId
  readonly epoch: number
}

/** Where the journal is and how it is opened. */
export interface JournalOptions {
  readonly file: string
  readonly identity: JournalIdentity
  /** For simulations only: see `openDatabase`. */
  readonly onTemporaryDisk: boolean
  /** The most keys one commit stages. */
  readonly maxStagedKeys: number
  readonly keyRetentionMs: number
  /** What the file may take; above it commits fail with `disk_full`. */
  readonly maxFileBytes: number
}

/** Why a journal cannot be used. */
export type JournalFaultCode =
  'journal_unusable' | 'journal_in_use' | 'journal_of_another' | 'journal_epoch_unsent' | 'journal_damaged'

/** Counters as they are stored. */
export interface CounterRow {
  deliveries: number
  events: number
  records: number
  unbound: number
  withoutId: number
  duplicates: number
  suspended: number
}

// Keys gathered in memory before they become a run on the disk: 80 bytes each, so under three megabytes.
const memtableKeys = 32_768
// A key of the past month is found in few runs; one run never spans more than a tenth of the retention.
const runsPerRetention = 10
const cachePages = 1_000
const pageBytes = 4_096

/**
 * The agent's one file: chunks, sealed batches, event keys, suspense, snapshot. Only this class and its tables know SQL.
 * Everything that changes goes through `commit`, one transaction with `synchronous=FULL` each.
 */
export class Journal {
  readonly outbox: OutboxTables
  readonly suspense: SuspenseTable
  readonly closedSuspense: ClosedSuspenseTable
  readonly births: BirthTable
  readonly keys: KeyIndex
  readonly #db: Database
  readonly #begin: () => void
  readonly #commit: () => void
  readonly #rollback: () => void
  readonly #writeCounters: (counters: CounterRow) => void

  /**
   * Opens the file, creating it when it is not there, and takes it for this process alone. Refuses another tenant's or
   * agent's journal, and a new epoch while batches of the old one are unsent.
   */
  static open(options: JournalOptions): Result<Journal, Fault<JournalFaultCode>> {
    let db: Database | null = null
    try {
      db = openDatabase({ file: options.file, onTemporaryDisk: options.onTemporaryDisk, cachePages })
      // One process at a time: a second one would give out the same sequence numbers.
      db.pragma('locking_mode = EXCLUSIVE')
      migrate(db, journalMigrations)
      db.pragma(`max_page_count = ${Math.ceil(options.maxFileBytes / pageBytes)}`)
      // After a failed fsync the kernel may hold log pages as clean that never reached the disk. A full checkpoint
      // writes every page of the log anew into the database file and syncs it, so whatever this open found is durable.
      db.pragma('wal_checkpoint(TRUNCATE)')
      const journal = new Journal(db, options)
      const claimed = journal.#claim(options.identity)
      if (claimed !== null) {
        db.close()
        return failed(claimed)
      }
      return ok(journal)
    } catch (error) {
      db?.close()
      return failed(openFault(error, options.file))
    }
  }

  private constructor(db: Database, options: JournalOptions) {
    this.#db = db
    const begin = db.prepare('BEGIN IMMEDIATE')
    const commit = db.prepare('COMMIT')
    const rollback = db.prepare('ROLLBACK')
    this.#begin = () => void begin.run()
    this.#commit = () => void commit.run()
    this.#rollback = () => void rollback.run()
    const writeCounters = db.prepare<[CounterRow]>(
      `UPDATE counter SET deliveries = :deliveries, events = :events, records = :records, unbound = :unbound,
       without_id = :withoutId, duplicates = :duplicates, suspended = :suspended WHERE id = 1`,
    )
    this.#writeCounters = (counters) => void writeCounters.run(counters)
    this.outbox = new OutboxTables(db)
    this.suspense = new SuspenseTable(db)
    this.closedSuspense = new ClosedSuspenseTable(db)
    this.births = new BirthTable(db)
    this.keys = new KeyIndex(db, {
      memtableKeys,
      maxStagedKeys: options.maxStagedKeys,
      mergeSpanMs: Math.ceil(options.keyRetentionMs / runsPerRetention),
    })
  }

  /**
   * Runs `work` in one transaction and returns once it is on the disk. When `work` or the commit throws, nothing of it
   * stays, and the error comes out; `commitFault` tells what it means.
   */
  commit(work: () => void): void {
    this.#begin()
    try {
      work()
      this.#commit()
    } catch (error) {
      // Some errors make SQLite roll back by itself.
      if (this.#db.inTransaction) this.#rollback()
      throw error
    }
    this.keys.committed()
  }

  counters(): CounterRow {
    const row = this.#db
      .prepare<[], CounterRow>(
        `SELECT deliveries, events, records, unbound, without_id AS withoutId, duplicates, suspended
         FROM counter WHERE id = 1`,
      )
      .get()
    assertThat(row !== undefined, 'the journal has its row of counters')
    return row
  }

  /** Inside a commit. */
  writeCounters(counters: CounterRow): void {
    this.#writeCounters(counters)
  }

  /** The snapshot that was in force, if any. */
  snapshot(): { readonly bytes: Uint8Array; readonly signature: Uint8Array } | null {
    const row = this.#db
      .prepare<[], { bytes: Uint8Array; signature: Uint8Array }>(
        'SELECT bytes, signature FROM snapshot ORDER BY version DESC LIMIT 1',
      )
      .get()
    return row ?? null
  }

  /** Replaces the snapshot, inside a commit. */
  writeSnapshot(version: number, bytes: Uint8Array, signature: Uint8Array, storedMs: number): void {
    this.#db.prepare('DELETE FROM snapshot').run()
    this.#db.prepare('INSERT INTO snapshot VALUES (?, ?, ?, ?)').run(version, bytes, signature, storedMs)
  }

  /** Sizes of the file and of the write-ahead log beside it. */
  fileSizes(): { readonly journalBytes: number; readonly logBytes: number } {
    const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0
    return { journalBytes: sizeOf(this.#db.name), logBytes: sizeOf(`${this.#db.name}-wal`) }
  }

  close(): void {
    this.#db.close()
  }

  /** Checks whose journal this is and makes it ours when it is new; the fault says why it cannot be used. */
  #claim(identity: JournalIdentity): Fault<JournalFaultCode> | null {
    const chain = this.outbox.chain()
    if (chain === null) {
      this.commit(() => this.outbox.insertChain(newChain(identity, 0)))
      return null
    }
    if (chain.tenant !== identity.tenant || chain.agent !== identity.agent) {
      const message =
        `${this.#db.name} is the journal of agent ${chain.agent} of tenant ${chain.tenant}, ` +
        `the config says ${identity.agent} of ${identity.tenant}. Name another dataDirectory, or correct the config.`
      return fault('journal_of_another', message)
    }
    if (chain.epoch === identity.epoch) return null
    if (identity.epoch < chain.epoch || this.outbox.hasUnsent(chain.sealedChunk)) {
      const message =
        `${this.#db.name} is in epoch ${chain.epoch} and the config says ${identity.epoch}. A higher epoch can begin once ` +
        'everything of the old one has left the outbox; a lower one never.'
      return fault('journal_epoch_unsent', message)
    }
    this.commit(() => this.outbox.writeChain(newChain(identity, chain.sealedChunk)))
    return null
  }
}

/** The chunks of a batch that is still open, for `OpenBatch.restore`. */
export type StoredChunk = Chunk & { readonly id: number }

/** What an error of a commit means: a full disk may pass, anything else leaves the connection unfit for use. */
export function commitFault(error: unknown, file: string): Fault<'disk_full' | 'journal_failed'> {
  const code = codeOf(error)
  const reason = error instanceof Error ? error.message : String(error)
  if (code === 'SQLITE_FULL') {
    const message = `There is no room for ${file} (its disk is full, or it has reached limits.journalBytes): nothing is taken in until there is.`
    return fault('disk_full', message)
  }
  return fault(
    'journal_failed',
    `Writing ${file} failed (${code}: ${reason}). Nothing more is taken in or acknowledged. ` +
      'Check the disk and start the agent again: it verifies the journal when it opens it.',
  )
}

function openFault(error: unknown, file: string): Fault<JournalFaultCode> {
  const reason = error instanceof FaultError ? error.fault.message : String(error)
  // SQLite's own words for SQLITE_BUSY are all that is left of it in a fault of the opening.
  if (codeOf(error).startsWith('SQLITE_BUSY') || reason.includes('database is locked')) {
    const message = `${file} is in use: another agent runs on this data directory. Stop it, or name another dataDirectory.`
    return fault('journal_in_use', message)
  }
  return fault('journal_unusable', `The journal cannot be opened: ${reason}`)
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unexpected'
}

function newChain(identity: JournalIdentity, sealedChunk: number): ChainRow {
  const { tenant, agent, epoch } = identity
  const none = new Uint8Array(hashBytes)
  return {
    tenant,
    agent,
    epoch,
    sealedSeq: 0,
    sealedHash: none,
    sealedChunk,
    settledSeq: 0,
    settledHash: none,
    settledLogIndex: null,
  }
}
