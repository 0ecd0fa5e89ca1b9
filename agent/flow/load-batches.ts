import { assembleBody } from '@meterline/shared/model/batch-codec.ts'
import type { StoredBatch } from './journal-port.ts'
import type { Writer } from './writer.ts'

/**
 * Reads sealed batches in sequence from `fromSeq` on, as many as both caps allow. Those that have left the outbox
 * meanwhile are passed over.
 */
export function loadBatches(writer: Writer, fromSeq: number, maxCount: number, maxBytes: number): StoredBatch[] {
  const { journal, memory } = writer
  const batches: StoredBatch[] = []
  let bytes = 0
  let seq = Math.max(fromSeq, memory.chain.settledSeq + 1)
  for (; seq <= memory.chain.sealedSeq && batches.length < maxCount; seq++) {
    const row = journal.outbox.batch(seq)
    if (row === null || bytes + row.bytes > maxBytes) break
    const { batchHash, header, signature, secret, tables, unitCount } = row
    const body = assembleBody(secret, tables, journal.outbox.unitsOf(row), unitCount)
    batches.push({ seq, batchHash, header, signature, body })
    bytes += row.bytes
  }
  return batches
}
