import { assertThat } from '@meterline/shared/base/errors.ts'
import { Transactions } from '@meterline/shared/sqlite/transactions.ts'
import type { Claim } from '../domain/receivables/claim.ts'
import type { ReportRow } from './completeness-table-reports.ts'
import type { CheckpointRow } from './checkpoint-table.ts'
import type { EvidenceRow } from './evidence-table.ts'
import type { LateMark } from './late-table.ts'
import { writeObservations } from './observation-writes.ts'
import { writeMoneyDecision } from './money-decision-writes.ts'
import type { MoneyDecisionWrites } from './money-decision-writes.ts'
import { TenantTables, type TenantStoreOptions } from './tenant-tables.ts'
import type {
  ApprovalWrites,
  CatalogueWrites,
  ChainWrite,
  ChargeWrites,
  ClockWrites,
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

/** Entries of the event-key index reorganised in each commit, for every key it brings: keeps up with any size. */
const keyMaintenancePerKey = 8
/** And at least this many, so that work left over goes on when few keys come. */
const leastKeyMaintenance = 2_048

/**
 * One tenant's file. Loads are methods of its tables; everything is written by the commits below, one short synchronous
 * transaction each. A commit that throws (disk full, I/O error) leaves the memory of the tables and of the key index
 * behind the file: close the store then and open it again, nothing else.
 */
export class TenantStore extends TenantTables {
  readonly #transactions: Transactions
  readonly #saveCursor
  readonly #selectCursor

  constructor(options: TenantStoreOptions) {
    super(options)
    this.#transactions = new Transactions(this.db)
    this.#saveCursor = this.db.prepare<[number]>('UPDATE rating_cursor SET batch_index = ? WHERE one = 1')
    this.#selectCursor = this.db.prepare<[], { cursor: number }>('SELECT batch_index AS cursor FROM rating_cursor')
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

  commitClockMove(writes: ClockWrites, expected: Expected): void {
    this.#commit(expected, () => {
      this.log.append(writes.entries)
      this.testClock.insert(writes.move)
    })
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
    this.db.close()
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
