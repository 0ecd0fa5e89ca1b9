import { FaultError, assertThat, fault } from '@meterline/shared/base/errors.ts'
import { KeyIndex } from '@meterline/shared/sqlite/key-index/key-index.ts'
import { logDamage } from '@meterline/shared/sqlite/log-damage.ts'
import { migrate } from '@meterline/shared/sqlite/migrate.ts'
import { emptyLog, openDatabase } from '@meterline/shared/sqlite/open.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { SimulatedDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { Transactions } from '@meterline/shared/sqlite/transactions.ts'
import type { Claim } from '../domain/receivables/claim.ts'
import { ApprovalTable } from './approval-table.ts'
import { BatchTable } from './batch-table.ts'
import { BilledLineTable } from './billed-line-table.ts'
import { CatalogueTable } from './catalogue-table.ts'
import { CompletenessTable } from './completeness-table.ts'
import { ReportTable } from './completeness-table-reports.ts'
import type { ReportRow } from './completeness-table-reports.ts'
import { SequenceTable } from './completeness-table-sequences.ts'
import { CorrelationTable } from './correlation-table.ts'
import { CheckpointTable } from './checkpoint-table.ts'
import type { CheckpointRow } from './checkpoint-table.ts'
import { DecisionTable } from './decision-table.ts'
import { DisputeTable } from './dispute-table.ts'
import { DocumentTable } from './document-table.ts'
import { DriftTable } from './drift-table.ts'
import { EvidenceTable } from './evidence-table.ts'
import type { EvidenceRow } from './evidence-table.ts'
import { GenerationTable } from './generation-table.ts'
import { LateTable, type LateMark } from './late-table.ts'
import { LedgerTable } from './ledger-table.ts'
import { LogTable } from './log-table.ts'
import { MeteringTable } from './metering-table.ts'
import { writeObservations } from './observation-writes.ts'
import { writeMoneyDecision } from './money-decision-writes.ts'
import type { MoneyDecisionWrites } from './money-decision-writes.ts'
import { ReceivableTable } from './receivable-table.ts'
import { tenantMigrations } from './schema.ts'
import { SegmentDayTable } from './segment-day-table.ts'
import { SegmentTable } from './segment-table.ts'
import { SuspenseTable } from './suspense-table.ts'
import { TotalTable } from './total-table.ts'
import { VoidTable } from './void-table.ts'
import type {
  ApprovalWrites,
  CatalogueWrites,
  ChainWrite,
  ChargeWrites,
  ClosedWrites,
  DiscardWrites,
  DocumentWrites,
  Expected,
  RatingWrites,
  ReceiveWrites,
  ReleaseWrites,
  RestoreWrites,
  VoidWrites,
} from './writes.ts'

/** How a tenant's file is opened. */
export interface TenantStoreOptions {
  readonly file: string
  /** Simulation only: the disk that the file lies on. */
  readonly disk?: SimulatedDisk | undefined
  /** Event keys gathered in memory before they become a run of the index. */
  readonly keyMemtableKeys: number
  /** The most event keys one commit brings. */
  readonly keysPerCommit: number
}

/** Entries of the event-key index reorganised in each commit, for every key it brings: keeps up with any size. */
const keyMaintenancePerKey = 8
/** And at least this many, so that work left over goes on when few keys come. */
const leastKeyMaintenance = 2_048

/**
 * One tenant's file. Loads are methods of its tables; everything is written by the commits below, one short synchronous
 * transaction each. A commit that throws (disk full, I/O error) leaves the memory of the tables and of the key index
 * behind the file: close the store then and open it again, nothing else.
 */
export class TenantStore {
  readonly log: LogTable
  readonly batches: BatchTable
  readonly catalogues: CatalogueTable
  readonly checkpoints: CheckpointTable
  readonly generations: GenerationTable
  readonly documents: DocumentTable
  readonly billedLines: BilledLineTable
  readonly lateMarks: LateTable
  readonly approvals: ApprovalTable
  readonly receivables: ReceivableTable
  readonly decisions: DecisionTable
  readonly disputes: DisputeTable
  readonly evidence: EvidenceTable
  readonly ledger: LedgerTable
  readonly segments: SegmentTable
  readonly segmentDays: SegmentDayTable
  readonly drift: DriftTable
  readonly metering: MeteringTable
  readonly suspense: SuspenseTable
  readonly voids: VoidTable
  readonly totals: TotalTable
  readonly completeness: CompletenessTable
  readonly sequences: SequenceTable
  readonly reports: ReportTable
  readonly correlation: CorrelationTable
  readonly keys: KeyIndex
  readonly #db: Database
  readonly #transactions: Transactions
  readonly #saveCursor
  readonly #selectCursor

  constructor(options: TenantStoreOptions) {
    const { file, disk } = options
    const lost = logDamage(file)
    if (lost !== null) throw damagedLog(file, lost)
    const db = openDatabase({ file, disk })
    try {
      // Without it a REPLACE would delete rows behind the back of the triggers that forbid it.
      db.pragma('recursive_triggers = ON')
      // What an earlier process, or this one before an error of the disk, left in the log may never have reached it.
      if (!emptyLog(db)) throw inUse(file)
      migrate(db, tenantMigrations)
      this.#db = db
      this.#transactions = new Transactions(db)
      this.log = new LogTable(db)
      this.batches = new BatchTable(db)
      this.catalogues = new CatalogueTable(db)
      this.checkpoints = new CheckpointTable(db)
      this.generations = new GenerationTable(db)
      this.documents = new DocumentTable(db)
      this.billedLines = new BilledLineTable(db)
      this.lateMarks = new LateTable(db)
      this.approvals = new ApprovalTable(db)
      this.receivables = new ReceivableTable(db)
      this.decisions = new DecisionTable(db)
      this.disputes = new DisputeTable(db)
      this.evidence = new EvidenceTable(db)
      this.ledger = new LedgerTable(db)
      this.segments = new SegmentTable(db)
      this.segmentDays = new SegmentDayTable(db)
      this.drift = new DriftTable(db)
      this.metering = new MeteringTable(db)
      this.suspense = new SuspenseTable(db)
      this.voids = new VoidTable(db)
      this.totals = new TotalTable(db)
      this.completeness = new CompletenessTable(db)
      this.sequences = new SequenceTable(db)
      this.reports = new ReportTable(db)
      this.correlation = new CorrelationTable(db)
      this.keys = new KeyIndex(db, { memtableKeys: options.keyMemtableKeys, maxStagedKeys: options.keysPerCommit })
      this.#saveCursor = db.prepare<[number]>('UPDATE rating_cursor SET batch_index = ? WHERE one = 1')
      this.#selectCursor = db.prepare<[], { cursor: number }>('SELECT batch_index AS cursor FROM rating_cursor')
    } catch (error) {
      db.close()
      throw error
    }
  }

  /** Log index of the last batch that was rated; -1 before the first. */
  ratingCursor(): number {
    return this.#selectCursor.get()?.cursor ?? -1
  }

  commitReceived(writes: ReceiveWrites, expected: Expected): void {
    this.#commit(expected, () => {
      this.log.append(writes.entries)
      for (const row of writes.batches) this.batches.insert(row)
      this.#saveChains(writes.chains)
      this.keys.writeStaged(writes.receivedMs)
      this.keys.maintain(Math.max(leastKeyMaintenance, writes.keysStaged * keyMaintenancePerKey))
      this.#count(writes.evidence, writes.counted)
    })
    this.keys.committed()
  }

  commitRated(writes: RatingWrites, expected: Expected): void {
    this.#commit(expected, () => {
      this.log.append(writes.entries)
      this.#charge(writes)
      for (const row of writes.suspended) this.suspense.insert(row)
      if (writes.observations !== null) writeObservations(this, writes.observations)
      this.totals.add({ suspended: writes.suspended.length })
      this.#saveCursor.run(writes.cursor)
    })
  }

  /** What suspended units were charged, and what of them stays. */
  commitReleased(writes: ReleaseWrites, expected: Expected): void {
    this.#commit(expected, () => {
      this.log.append(writes.entries)
      this.#charge(writes.charges)
      for (const row of writes.decisions) this.suspense.decide(row)
      for (const row of writes.replacements) this.voids.replace(row)
      for (const stay of writes.stays) this.suspense.changeReason(stay, writes.triedMs)
      this.totals.add({ released: writes.decisions.length })
    })
  }

  commitDiscarded(writes: DiscardWrites, expected: Expected): void {
    this.#commit(expected, () => {
      this.log.append(writes.entries)
      for (const row of writes.decisions) this.suspense.decide(row)
      this.totals.add({ discarded: writes.decisions.length })
    })
  }

  /** What charged units were charged, taken back. */
  commitVoided(writes: VoidWrites, expected: Expected): void {
    this.#commit(expected, () => {
      this.log.append(writes.entries)
      this.#charge(writes.charges)
      for (const row of writes.voids) this.voids.insert(row)
      this.totals.add({ voided: writes.voids.length })
    })
  }

  commitCatalogue(writes: CatalogueWrites, expected: Expected): void {
    this.#commit(expected, () => {
      this.log.append(writes.entries)
      this.catalogues.insert(writes.catalogue)
      this.markLate(writes.late ?? [])
    })
  }

  commitDocuments(writes: DocumentWrites, expected: Expected): void {
    this.#commit(expected, () => {
      this.log.append(writes.entries)
      for (const row of writes.documents) {
        this.documents.insert(row)
        this.approvals.remove(row.period, { seller: row.entity, buyer: row.buyer, currency: row.currency })
      }
      this.ledger.post(writes.ledger)
      this.billedLines.save(writes.billed)
      this.lateMarks.clear(writes.cleared)
      this.markLate(writes.late)
    })
  }

  commitApproval(writes: ApprovalWrites, expected: Expected): void {
    this.#commit(expected, () => {
      this.log.append(writes.entries)
      this.approvals.save(writes.approvals)
    })
  }

  commitClosing(period: string, catalogueIndex: number, nowMs: number, expected: Expected): void {
    this.#commit(expected, () => this.documents.beginClosing(period, catalogueIndex, nowMs))
  }

  commitClosed(writes: ClosedWrites, expected: Expected): void {
    this.#commit(expected, () => this.documents.finishClosing(writes.period, writes.closedMs))
  }

  /** What was decided about money, with the note it issues where it does. */
  commitMoneyDecision(writes: MoneyDecisionWrites, expected: Expected): void {
    this.#commit(expected, () => {
      this.log.append(writes.entries)
      writeMoneyDecision(this, writes)
    })
  }

  /** Makes issued documents open items; nothing of it is in the log, since it follows from the documents. */
  commitClaims(claims: readonly Claim[], expected: Expected): void {
    this.#commit(expected, () => this.receivables.insert(claims))
  }

  commitRestore(writes: RestoreWrites, expected: Expected): void {
    this.#commit(expected, () => {
      this.log.append(writes.entries)
      this.generations.insert(writes.generation, writes.numberGaps)
    })
  }

  commitCheckpoint(row: CheckpointRow, expected: Expected): void {
    this.#commit(expected, () => this.checkpoints.insert(row))
  }

  /** Keeps evidence of what was refused outside of any batch group, such as a hello of another agent. */
  commitEvidence(evidence: readonly EvidenceRow[], expected: Expected): void {
    this.#commit(expected, () => this.#count(evidence, {}))
  }

  /** Keeps what agents said of themselves last; no decision stands on it. */
  commitReports(rows: readonly ReportRow[]): void {
    this.#transactions.run(() => {
      for (const row of rows) this.reports.save(row)
    })
  }

  close(): void {
    this.#db.close()
  }

  /** Marks relations whose periods are billed already or now, inside a transaction of this store; the others need none. */
  markLate(marks: readonly LateMark[]): void {
    this.lateMarks.mark(marks.filter(({ period }) => this.documents.isBarred(period)))
  }

  #charge(writes: ChargeWrites): void {
    this.segments.write(writes.accumulators, writes.blocks)
    this.segmentDays.add(writes.days)
    this.drift.add(writes.drift)
    this.metering.write(writes.metering)
    this.ledger.post(writes.ledger)
    this.markLate(writes.charged)
  }

  #saveChains(chains: readonly ChainWrite[]): void {
    for (const { agent, epoch, chain } of chains) this.batches.saveChain(agent, epoch, chain)
  }

  #count(evidence: readonly EvidenceRow[], counted: ReceiveWrites['counted']): void {
    const notKept = evidence.filter((row) => !this.evidence.keep(row)).length
    this.totals.add({ ...counted, evidenceNotKept: notKept })
  }

  #commit(expected: Expected, write: () => void): void {
    const size = this.log.size
    assertThat(size === expected.logSize, `decided at log size ${expected.logSize}, committed at ${size}`)
    this.#transactions.run(write)
  }
}

function inUse(file: string): FaultError {
  const message =
    `${file} cannot be opened while another program reads it: what is in its log has to be written into it first. ` +
    'It is tried again by itself; end what reads it (such as "verify") if that takes long.'
  return new FaultError(fault('database_unusable', message, { file }))
}

/** SQLite would take the damage for the end of the log, and what was committed behind it would be gone without a word. */
function damagedLog(file: string, damage: string): FaultError {
  const message =
    `The books ${file} are damaged: their write-ahead log ${file}-wal: ${damage}. Nothing was changed, and nothing is ` +
    'received until they are put right: stop the aggregator and put back the newest backup with "restore", which keeps ' +
    'these files; agents then send again what came after it.'
  return new FaultError(fault('books_damaged', message, { file }))
}
