import { statSync } from 'node:fs'
import { assertThat, failed, fault, ok, FaultError, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { hashBytes } from '@meterline/shared/integrity/hash.ts'
import type { Chunk } from '@meterline/shared/model/unit-codec.ts'
import { KeyIndex } from '@meterline/shared/sqlite/key-index/key-index.ts'
import { migrate } from '@meterline/shared/sqlite/migrate.ts'
import { emptyLog, openDatabase, type Database } from '@meterline/shared/sqlite/open.ts'
import type { SimulatedDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { Transactions } from '@meterline/shared/sqlite/transactions.ts'
import type { AgentId, TenantId } from '@meterline/shared/units/ids.ts'
import { BirthTable } from './birth-table.ts'
import { ClosedSuspenseTable } from './closed-suspense-table.ts'
import { codeOf, damageFault, damaged, journalLogDamage } from './journal-damage.ts'
import { finishReplacement } from './journal-replacement.ts'
import { journalMigrations } from './journal-schema.ts'
import { LogTrustTable } from './log-trust-table.ts'
import { OutboxTables, type ChainRow } from './outbox-tables.ts'
import { SettledTable } from './settled-table.ts'
import { chainSum, rowSum } from './row-sums.ts'
import { RecoveryTables } from './recovery-tables.ts'
import { SalvagedTable } from './salvaged-table.ts'
import { SnapshotTables } from './snapshot-tables.ts'
import { SubjectTable } from './subject-table.ts'
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
  readonly disk?: SimulatedDisk | undefined
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
// On a simulated disk so few that runs are written and merged under the light traffic of a simulated hour.
const simulatedMemtableKeys = 64
// A key of the past month is found in few runs; one run never spans more than a tenth of the retention.
const runsPerRetention = 10
const cachePages = 1_000
const pageBytes = 4_096

/**
 * The agent's one file: chunks, sealed batches, event keys, suspense, snapshot, subjects. Only this class and its tables know SQL.
 * Everything that changes goes through `commit`, one transaction with `synchronous=FULL` each.
 */
export class Journal {
  readonly outbox: OutboxTables
  readonly settled: SettledTable
  readonly logTrust: LogTrustTable
  readonly suspense: SuspenseTable
  readonly closedSuspense: ClosedSuspenseTable
  readonly births: BirthTable
  readonly snapshots: SnapshotTables
  readonly subjects: SubjectTable
  readonly salvaged: SalvagedTable
  readonly recovery: RecoveryTables
  readonly keys: KeyIndex
  readonly #db: Database
  readonly #transactions: Transactions
  readonly #writeCounters: (counters: CounterRow) => void

  /**
   * Opens the file, creating it when it is not there, and takes it for this process alone. Refuses another tenant's or
   * agent's journal, and a new epoch while batches of the old one are unsent.
   */
  static open(options: JournalOptions): Result<Journal, Fault<JournalFaultCode>> {
    let db: Database | null = null
    try {
      const { file, disk } = options
      finishReplacement(file)
      const lost = journalLogDamage(file)
      if (lost !== null) return failed(lost)
      db = openDatabase({ file, disk, cachePages })
      // One process at a time: a second one would give out the same sequence numbers.
      db.pragma('locking_mode = EXCLUSIVE')
      // SQLite takes that lock with the first transaction that may write; an agent without work would hold none.
      db.exec('BEGIN IMMEDIATE; COMMIT')
      // What an earlier process left in the log may never have reached the disk.
      assertThat(emptyLog(db), 'whoever has the journal for himself can empty its log')
      migrate(db, journalMigrations)
      db.pragma(`max_page_count = ${Math.ceil(options.maxFileBytes / pageBytes)}`)
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
    this.#transactions = new Transactions(db)
    const writeCounters = db.prepare<[CounterRow & { readonly sum: number }]>(
      `UPDATE counter SET deliveries = :deliveries, events = :events, records = :records, unbound = :unbound,
       without_id = :withoutId, duplicates = :duplicates, suspended = :suspended, sum = :sum WHERE id = 1`,
    )
    this.#writeCounters = (counters) => void writeCounters.run({ ...counters, sum: rowSum(counterColumns(counters)) })
    this.outbox = new OutboxTables(db)
    this.settled = new SettledTable(db)
    this.logTrust = new LogTrustTable(db)
    this.suspense = new SuspenseTable(db)
    this.closedSuspense = new ClosedSuspenseTable(db)
    this.births = new BirthTable(db)
    this.snapshots = new SnapshotTables(db)
    this.subjects = new SubjectTable(db)
    this.salvaged = new SalvagedTable(db)
    this.recovery = new RecoveryTables(db)
    this.keys = new KeyIndex(db, {
      memtableKeys: options.disk === undefined ? memtableKeys : simulatedMemtableKeys,
      maxStagedKeys: options.maxStagedKeys,
      mergeSpanMs: Math.ceil(options.keyRetentionMs / runsPerRetention),
    })
  }

  /**
   * Runs `work` in one transaction and returns once it is on the disk. When `work` or the commit throws, nothing of it
   * stays, and the error comes out; `commitFault` tells what it means.
   */
  commit(work: () => void): void {
    this.#transactions.run(work)
    this.keys.committed()
  }

  counters(): CounterRow {
    const row = this.#db
      .prepare<[], CounterRow & { readonly sum: number | null }>(
        `SELECT deliveries, events, records, unbound, without_id AS withoutId, duplicates, suspended, sum
         FROM counter WHERE id = 1`,
      )
      .get()
    if (row === undefined || (row.sum !== null && row.sum !== rowSum(counterColumns(row)))) {
      throw new FaultError(damaged(this.#db.name, 'its counters are gone or were changed'))
    }
    const { deliveries, events, records, unbound, withoutId, duplicates, suspended } = row
    return { deliveries, events, records, unbound, withoutId, duplicates, suspended }
  }

  /** Inside a commit. */
  writeCounters(counters: CounterRow): void {
    this.#writeCounters(counters)
  }

  get file(): string {
    return this.#db.name
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
    if (chain.sum !== null && chain.sum !== chainSum(chain)) {
      return damaged(this.#db.name, 'the row that says whose it is and where its chain stands was changed')
    }
    if (chain.tenant !== identity.tenant || chain.agent !== identity.agent) {
      const message =
        `${this.#db.name} is the journal of agent ${chain.agent} of tenant ${chain.tenant}, ` +
        `the config says ${identity.agent} of ${identity.tenant}. Name another dataDirectory, or correct the config.`
      return fault('journal_of_another', message)
    }
    if (chain.epoch === identity.epoch) return null
    if (identity.epoch < chain.epoch || this.outbox.hasUnsent(chain)) {
      const message =
        `${this.#db.name} is in epoch ${chain.epoch} and the config says ${identity.epoch}. A higher epoch can begin once ` +
        'everything of the old one has left the outbox; a lower one never.'
      return fault('journal_epoch_unsent', message)
    }
    this.commit(() => {
      // Numbers begin again: what was kept of the old epoch could not be sent in the new one.
      this.settled.release(chain.settledSeq)
      this.outbox.writeChain(newChain(identity, chain.sealedChunk))
    })
    return null
  }
}

/** The chunks of a batch that is still open, for `OpenBatch.restore`. */
export type StoredChunk = Chunk & { readonly id: number }

/** What an error of a commit means: a full disk may pass, anything else leaves the connection unfit for use. */
export function commitFault(error: unknown, file: string): Fault<'disk_full' | 'journal_failed' | 'journal_damaged'> {
  const code = codeOf(error)
  const reason = error instanceof Error ? error.message : String(error)
  if (code === 'SQLITE_FULL') {
    const message = `There is no room for ${file} (its disk is full, or it has reached limits.journalBytes): nothing is taken in until there is.`
    return fault('disk_full', message)
  }
  const found = damageFault(error, file)
  if (found !== null) return found
  return fault(
    'journal_failed',
    `Writing ${file} failed (${code}: ${reason}). Nothing more is taken in or acknowledged. ` +
      'Check the disk and start the agent again: it verifies the journal when it opens it.',
  )
}

function openFault(error: unknown, file: string): Fault<JournalFaultCode> {
  const found = damageFault(error, file)
  if (found !== null) return found
  const reason = error instanceof FaultError ? error.fault.message : String(error)
  // SQLite's own words for SQLITE_BUSY are all that is left of it in a fault of the opening.
  if (codeOf(error).startsWith('SQLITE_BUSY') || reason.includes('database is locked')) {
    const message = `${file} is in use: another agent runs on this data directory. Stop it, or name another dataDirectory.`
    return fault('journal_in_use', message)
  }
  // Our own statements do not fit the tables that its version has: something of its schema was changed.
  if (codeOf(error) === 'SQLITE_ERROR') return damaged(file, `its tables are not those of its version (${reason})`)
  return fault('journal_unusable', `The journal cannot be opened: ${reason}`)
}

/** A row of counters as it is stored. */
function counterColumns(row: CounterRow): number[] {
  const { deliveries, events, records, unbound, withoutId, duplicates, suspended } = row
  return [1, deliveries, events, records, unbound, withoutId, duplicates, suspended]
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
