import { assertThat } from '@meterline/shared/base/errors.ts'
import { equalBytes } from '@meterline/shared/integrity/hash.ts'
import type { Writer } from './writer.ts'

/**
 * Lets the batches go for which receipts have come, from the front of the outbox on. Inside a transaction; the receipts
 * stay noted until it has committed. A receipt counts only for the batch whose epoch, number and hash it names.
 */
export function settleReceipts(writer: Writer): void {
  const { journal, memory, settings, receipts } = writer
  for (const receipt of receipts) {
    const { chain } = memory
    // Given again for a batch that has left already.
    if (receipt.seq <= chain.settledSeq) continue
    const batch = journal.outbox.batch(receipt.seq)
    const fits =
      receipt.epoch === settings.identity.epoch &&
      receipt.seq === chain.settledSeq + 1 &&
      batch !== null &&
      equalBytes(batch.batchHash, receipt.batchHash)
    assertThat(fits, `the receipt for batch ${receipt.seq} was checked against the outbox before it came here`)
    journal.outbox.deleteBatch(batch)
    memory.outboxBatches -= 1
    memory.outboxBytes -= batch.bytes
    memory.chain = {
      ...chain,
      settledSeq: receipt.seq,
      settledHash: batch.batchHash,
      settledLogIndex: receipt.logIndex,
    }
  }
  if (receipts.length > 0) journal.outbox.writeChain(memory.chain)
}
