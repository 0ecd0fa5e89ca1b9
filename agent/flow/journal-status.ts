import type { Fault } from '@meterline/shared/base/errors.ts'
import type { ChainPosition } from '../domain/uplink-types.ts'
import type { ChainRow } from '../store/outbox-tables.ts'
import type { JournalProgress, JournalStatus } from './journal-port.ts'
import { resendableFromSeq } from './keep-settled.ts'
import type { Writer } from './writer.ts'

/** What the journal says of itself; `failure` is why it takes nothing more, or null. */
export function journalStatus({ journal, memory, settings, prerates }: Writer, failure: Fault | null): JournalStatus {
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
    counters: { ...counters },
    suspense: {
      rows: suspense.rows,
      bytes: suspense.bytes,
      limitRows: settings.suspense.rows,
      byCode: journal.suspense.byCode(),
      closed: journal.closedSuspense.counts(),
    },
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
    chain: hasMoved ? positionOf(chain) : null,
  }
}

/** Where a chain stands, without what only the journal needs of it. */
export function positionOf(chain: ChainRow): ChainPosition {
  const { sealedSeq, sealedHash, settledSeq, settledHash } = chain
  return { sealedSeq, sealedHash, settledSeq, settledHash }
}
