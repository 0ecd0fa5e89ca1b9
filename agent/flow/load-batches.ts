import { FaultError } from '@meterline/shared/base/errors.ts'
import { damaged } from '../store/journal-damage.ts'
import { bodyOf } from './check-chain.ts'
import type { StoredBatch } from './journal-port.ts'
import type { Writer } from './writer.ts'

/**
 * Reads sealed batches in sequence from `fromSeq` on, as many as both caps allow. Those that have left the outbox
 * meanwhile are passed over. Throws `journal_damaged` when one is not what was sealed: it must not be sent.
 */
export function loadBatches(writer: Writer, fromSeq: number, maxCount: number, maxBytes: number): StoredBatch[] {
  const { journal, memory, settings } = writer
  const batches: StoredBatch[] = []
  let bytes = 0
  let seq = Math.max(fromSeq, memory.chain.settledSeq + 1)
  for (; seq <= memory.chain.sealedSeq && batches.length < maxCount; seq++) {
    const row = journal.outbox.batch(seq)
    if (row !== null && bytes + row.bytes > maxBytes) break
    const body = row === null ? `sealed batch ${seq} is missing` : bodyOf(row, journal.outbox.chunksOf(row))
    if (row === null || typeof body === 'string') {
      throw new FaultError(damaged(settings.journalFile, String(body)))
    }
    const { batchHash, header, signature } = row
    batches.push({ seq, batchHash, header, signature, body })
    bytes += row.bytes
  }
  return batches
}
