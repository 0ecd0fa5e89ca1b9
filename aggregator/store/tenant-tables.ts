import { KeyIndex } from '@meterline/shared/sqlite/key-index/key-index.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { SimulatedDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { ApprovalTable } from './approval-table.ts'
import { BatchTable } from './batch-table.ts'
import { BilledLineTable } from './billed-line-table.ts'
import { CatalogueTable } from './catalogue-table.ts'
import { CompletenessTable } from './completeness-table.ts'
import { ReportTable } from './completeness-table-reports.ts'
import { SequenceTable } from './completeness-table-sequences.ts'
import { CorrelationTable } from './correlation-table.ts'
import { CheckpointTable } from './checkpoint-table.ts'
import { DecisionTable } from './decision-table.ts'
import { DisputeTable } from './dispute-table.ts'
import { DocumentTable } from './document-table.ts'
import { DriftTable } from './drift-table.ts'
import { EvidenceTable } from './evidence-table.ts'
import { GenerationTable } from './generation-table.ts'
import { LateTable } from './late-table.ts'
import { LedgerTable } from './ledger-table.ts'
import { LogTable } from './log-table.ts'
import { MeteringTable } from './metering-table.ts'
import { openTenantFile } from './open-tenant-file.ts'
import { ReceivableTable } from './receivable-table.ts'
import { SegmentDayTable } from './segment-day-table.ts'
import { SegmentTable } from './segment-table.ts'
import { SuspenseTable } from './suspense-table.ts'
import { TestClockTable } from './test-clock-table.ts'
import { TotalTable } from './total-table.ts'
import { VoidTable } from './void-table.ts'

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

/** The tables of one tenant's file, which is opened with them. */
export class TenantTables {
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
  readonly testClock: TestClockTable
  readonly totals: TotalTable
  readonly completeness: CompletenessTable
  readonly sequences: SequenceTable
  readonly reports: ReportTable
  readonly correlation: CorrelationTable
  readonly keys: KeyIndex
  protected readonly db: Database

  constructor(options: TenantStoreOptions) {
    const db = openTenantFile(options.file, options.disk)
    try {
      this.db = db
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
      this.testClock = new TestClockTable(db)
      this.totals = new TotalTable(db)
      this.completeness = new CompletenessTable(db)
      this.sequences = new SequenceTable(db)
      this.reports = new ReportTable(db)
      this.correlation = new CorrelationTable(db)
      this.keys = new KeyIndex(db, { memtableKeys: options.keyMemtableKeys, maxStagedKeys: options.keysPerCommit })
    } catch (error) {
      db.close()
      throw error
    }
  }
}
