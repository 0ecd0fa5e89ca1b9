import { FaultError, type Fault } from '@meterline/shared/base/errors.ts'
import type { ChainPosition } from '../domain/uplink-types.ts'
import type { ChainRow } from '../store/outbox-tables.ts'
import { damaged } from '../store/journal-damage.ts'
import type { RecoveryRow } from '../store/recovery-tables.ts'
import type { JournalProgress, JournalStatus, PastRecovery } from './journal-port.ts'
import { resendableFromSeq } from './keep-settled.ts'
import type { RecoveryReport } from './recovery-report.ts'
import type { Writer } from './writer.ts'

/** How many recoveries `status` shows. */
const shownRecoveries = 5

/** What the journal says of itself; `failure` is why it takes nothing more, or null. */
export function journalStatus(
  { journal, memory, settings, prerates, subjects }: Writer,
  failure: Fault | null,
): JournalStatus {
  const { open, chain, counters, suspense } = memory
  return {
    epoch: chain.epoch,
    chain: positionOf(chain),
    lastLogIndex: chain.settledLogIndex,
    open: { units: open.unitCount, records: open.recordCount, bytes: open.unitCount === 0 ? 0 : open.bytes },
    outbox: {
      batches: memory.outboxBatches,
      bytes: memory.outboxBytes,
      limitBytes: settings.outboxBytes,
      oldestSealedMs: journal.outbox.oldestSealedMs(chain.settledSeq),
    },
    retained: { ...memory.retained, limitBytes: settings.retention.bytes },
    log: { ...memory.logTrust, evidence: journal.logTrust.evidence() },
    snapshot: prerates === null ? null : { version: prerates.version, hash: prerates.snapshotHash },
    subjects: { bound: subjects.boundCount, unknown: subjects.unknownCount, wanted: subjects.wantedCount },
    counters: { ...counters },
    suspense: {
      rows: suspense.rows,
      bytes: suspense.bytes,
      limitRows: settings.suspense.rows,
      byCode: journal.suspense.byCode(),
      closed: journal.closedSuspense.counts(),
    },
    recoveries: journal.recovery.notes(shownRecoveries).map((note) => pastRecovery(note, journal.file)),
    files: journal.fileSizes(),
    failure,
  }
}

/** Where the journal stands; the chain is told only when it has moved. */
export function journalProgress(writer: Writer, hasMoved: boolean): JournalProgress {
  const { memory, receipts, verifiedHead } = writer
  const { open, openSinceMs, salvagedUnits, outboxBatches, outboxBytes, chain } = memory
  return {
    openUnits: open.unitCount + salvagedUnits,
    // What was carried over has waited long enough.
    openSinceMs: salvagedUnits > 0 ? 0 : openSinceMs,
    outboxBatches,
    outboxBytes: outboxBytes + open.bytes,
    toBeStored: receipts.length + (verifiedHead === null ? 0 : 1),
    resendableFromSeq: resendableFromSeq(writer),
    wantedSubjects: writer.subjects.wantedCount,
    chain: hasMoved ? positionOf(chain) : null,
  }
}

/** Where a chain stands, without what only the journal needs of it. */
export function positionOf(chain: ChainRow): ChainPosition {
  const { sealedSeq, sealedHash, settledSeq, settledHash } = chain
  return { sealedSeq, sealedHash, settledSeq, settledHash }
}

function pastRecovery({ report, ...note }: RecoveryRow, file: string): PastRecovery {
  const told: unknown = JSON.parse(report)
  if (!isReport(told)) throw new FaultError(damaged(file, 'its account of an earlier recovery was changed'))
  const units = told.sources.reduce((sum, source) => sum + source.units, 0)
  const suspended = told.sources.reduce((sum, source) => sum + source.suspended, 0)
  return { ...note, units, suspended, lostParts: told.lost.length }
}

/** Whether it is as a recovery of ours wrote it, so far as it is read here. */
function isReport(told: unknown): told is Pick<RecoveryReport, 'sources' | 'lost'> {
  return (
    typeof told === 'object' &&
    told !== null &&
    'sources' in told &&
    'lost' in told &&
    Array.isArray(told.sources) &&
    Array.isArray(told.lost)
  )
}
