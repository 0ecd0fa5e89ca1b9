import { FaultError } from '@meterline/shared/base/errors.ts'
import { equalBytes } from '@meterline/shared/integrity/hash.ts'
import type { TakeBackOrder, TakeBackOutcome } from '../domain/uplink-types.ts'
import { damaged } from '../store/journal-damage.ts'
import { batchFault } from './check-chain.ts'
import { resendableFromSeq } from './keep-settled.ts'
import type { Writer } from './writer.ts'

/**
 * Goes back to where a restored aggregator stands: the settled batches after it are in the outbox again, to be sent with
 * the same bytes, and the new generation of the log is noted with them. Inside a transaction. First it is checked that
 * every batch from there on is still held and that the first of them follows what the aggregator holds; otherwise
 * nothing is changed.
 */
export function takeBack(writer: Writer, order: TakeBackOrder): TakeBackOutcome {
  const { journal, memory } = writer
  const { chain, retained } = memory
  const { toSeq, toHash, trust } = order
  if (toSeq < chain.settledSeq) {
    const held = resendableFromSeq(writer)
    if (held === 0 || held > toSeq + 1) return 'gone'
    if (!followsFrom(writer, toSeq, toHash)) return 'forked'
    const last = journal.settled.row(toSeq)
    const taken = journal.settled.takeBack(toSeq)
    const batches = retained.batches - taken.batches
    memory.retained = { batches, bytes: retained.bytes - taken.bytes, fromSeq: batches === 0 ? 0 : retained.fromSeq }
    memory.outboxBatches += taken.batches
    memory.outboxBytes += taken.bytes
    memory.chain = { ...chain, settledSeq: toSeq, settledHash: toHash, settledLogIndex: last?.logIndex ?? null }
    journal.outbox.writeChain(memory.chain)
  }
  memory.logTrust = trust
  journal.logTrust.write(trust)
  return 'done'
}

/**
 * Whether the first kept batch after `toSeq` names `toHash` as the one before it. Throws `journal_damaged` when those that
 * are kept are not, one after the other, what was sealed.
 */
function followsFrom({ journal, memory }: Writer, toSeq: number, toHash: Uint8Array): boolean {
  const { chain } = memory
  let previousHash: Uint8Array | null = null
  let follows = false
  for (let seq = toSeq + 1; seq <= chain.settledSeq; seq++) {
    const batch = journal.outbox.batch(seq)
    if (batch === null) throw new FaultError(damaged(journal.file, `settled batch ${seq} is missing`))
    const header = batchFault(batch, chain)
    if (typeof header === 'string') throw new FaultError(damaged(journal.file, header))
    if (previousHash === null) follows = equalBytes(header.previousHash, toHash)
    else if (!equalBytes(header.previousHash, previousHash)) {
      throw new FaultError(damaged(journal.file, `settled batch ${seq} does not follow the one before it`))
    }
    previousHash = batch.batchHash
  }
  return follows
}
