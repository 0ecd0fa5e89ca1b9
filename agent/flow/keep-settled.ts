import { FaultError } from '@meterline/shared/base/errors.ts'
import type { ClockReading } from '@meterline/shared/model/usage-record.ts'
import { releasable, type SettledBatch } from '../domain/retention.ts'
import { damaged } from '../store/journal-damage.ts'
import { batchFault } from './check-chain.ts'
import type { Writer } from './writer.ts'

// Ages are looked at this often; the cap of bytes at every commit.
const checkEveryMs = 60_000
// Deletes are spread over commits, so that no delivery waits for a day's worth of them.
const mostAtOnce = 64

/**
 * Lets settled batches go that are kept long enough, oldest first: the rule is domain/retention.ts. Rides in a commit,
 * and deletes no more than `mostAtOnce` batches and those the commit settled in each. While the log is doubted nothing
 * goes.
 */
export function releaseSettled(writer: Writer, at: ClockReading): void {
  const { journal, memory, settings, receipts } = writer
  const { retained, logTrust } = memory
  if (logTrust.doubted || retained.batches === 0) return
  const overCap = retained.bytes > settings.retention.bytes
  if (!overCap && at.monotonicMs < memory.releaseNotBeforeMs) return
  const limit = mostAtOnce + receipts.length
  const oldest = journal.settled.oldest(limit)
  const count = releasable(oldest, settings.retention, {
    retainedBytes: retained.bytes,
    nowMs: at.syncState === 'unsynced' ? null : at.wallMs,
    coveredSize: logTrust.head?.size ?? null,
  })
  // A full page of old ones means that there may be more: the next commit goes on.
  memory.releaseNotBeforeMs = count < limit ? at.monotonicMs + checkEveryMs : at.monotonicMs
  release(writer, oldest.slice(0, count))
}

/** Whether there are settled batches that may go before their time. */
export function hasSettledToRelease({ memory }: Writer): boolean {
  return memory.retained.batches > 0 && !memory.logTrust.doubted
}

/**
 * Lets the oldest settled batches go whatever their age, `mostAtOnce` of them: new usage needs their room. In a commit of
 * its own.
 */
export function releaseForRoom(writer: Writer): void {
  release(writer, writer.journal.settled.oldest(mostAtOnce))
}

function release({ journal, memory }: Writer, oldest: readonly SettledBatch[]): void {
  const last = oldest.at(-1)
  if (last === undefined) return
  // Its row says which chunks go: what a broken disk made of it must not take unsent usage along.
  const batch = journal.outbox.batch(last.seq)
  const wrong = batch === null ? `settled batch ${last.seq} is missing` : batchFault(batch, memory.chain)
  if (typeof wrong === 'string') throw new FaultError(damaged(journal.file, wrong))
  journal.settled.release(last.seq)
  const bytes = oldest.reduce((sum, each) => sum + each.bytes, 0)
  const batches = memory.retained.batches - oldest.length
  memory.retained = { batches, bytes: memory.retained.bytes - bytes, fromSeq: batches === 0 ? 0 : last.seq + 1 }
}

/** The first batch that could be sent again or is still to be sent; 0 when the journal holds no sealed batch. */
export function resendableFromSeq({ memory }: Writer): number {
  const { retained, chain } = memory
  if (retained.batches > 0) return retained.fromSeq
  return chain.settledSeq < chain.sealedSeq ? chain.settledSeq + 1 : 0
}
