import { assertThat } from '@meterline/shared/base/errors.ts'
import { equalBytes } from '@meterline/shared/integrity/hash.ts'
import type { ClockReading } from '@meterline/shared/model/usage-record.ts'
import type { Writer } from './writer.ts'

/**
 * Lets the batches leave the outbox for which receipts have come, from its front on. Inside a transaction; the receipts
 * stay noted until it has committed. A receipt counts only for the batch whose epoch, number and hash it names. The
 * batches themselves are kept for a while: see keep-settled.ts.
 */
export function settleReceipts(writer: Writer, at: ClockReading): void {
  const { journal, memory, settings, receipts } = writer
  for (const receipt of receipts) {
    const { chain, retained } = memory
    const { seq, logIndex } = receipt
    // Given again for a batch that has left already.
    if (seq <= chain.settledSeq) continue
    const batch = journal.outbox.batch(seq)
    const fits =
      receipt.epoch === settings.identity.epoch &&
      seq === chain.settledSeq + 1 &&
      batch !== null &&
      equalBytes(batch.batchHash, receipt.batchHash)
    assertThat(fits, `the receipt for batch ${seq} was checked against the outbox before it came here`)
    const { bytes, batchHash, lastChunk } = batch
    const settledMs = at.syncState === 'unsynced' ? null : at.wallMs
    journal.settled.insert({ seq, bytes, logIndex, settledMs }, lastChunk)
    memory.outboxBatches -= 1
    memory.outboxBytes -= bytes
    memory.retained = {
      batches: retained.batches + 1,
      bytes: retained.bytes + bytes,
      fromSeq: retained.batches === 0 ? seq : retained.fromSeq,
    }
    memory.chain = { ...chain, settledSeq: seq, settledHash: batchHash, settledLogIndex: logIndex }
  }
  if (receipts.length > 0) journal.outbox.writeChain(memory.chain)
}
