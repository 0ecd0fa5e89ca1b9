import { sealBatch } from '@meterline/shared/model/batch-codec.ts'
import { OpenBatch } from '@meterline/shared/model/unit-codec.ts'
import type { ClockReading } from '@meterline/shared/model/usage-record.ts'
import { ratingVersion } from '@meterline/shared/rating/dispatch.ts'
import type { BatchRow } from '../store/outbox-tables.ts'
import type { Writer } from './writer.ts'

/** Random bytes that the salts of a batch are derived from. */
const secretBytes = 32

/** Journals what the open batch got in this commit, as one row. Inside the transaction. */
export function finishChunk(writer: Writer, nowMonotonicMs: number): void {
  const { memory, journal } = writer
  const chunk = memory.open.finish()
  if (chunk.unitCount === 0) {
    memory.open.rollback()
    return
  }
  journal.outbox.insertChunk(memory.nextChunk, chunk)
  memory.openChunks.push(chunk)
  memory.nextChunk += 1
  memory.openSinceMs ??= nowMonotonicMs
}

/**
 * Seals the open batch as the next of the chain: header, signature and tables become a row of the outbox, the units stay
 * in their chunks. Inside a transaction, between chunks. The open batch has at least one unit.
 */
export function sealOpenBatch(writer: Writer, sealedAt: ClockReading): void {
  const { memory, journal, settings, signingKey, random } = writer
  const { chain, openChunks } = memory
  const secret = random.bytes(secretBytes)
  const seq = chain.sealedSeq + 1
  const sealed = sealBatch(
    { chunks: openChunks, secret, ...settings.identity, seq, previousHash: chain.sealedHash, sealedAt, ratingVersion },
    signingKey,
  )
  const { header, signature, tables, batchHash } = sealed
  const unitBytes = openChunks.reduce((sum, chunk) => sum + chunk.units.length, 0)
  const batch: BatchRow = {
    seq,
    firstChunk: memory.firstOpenChunk,
    lastChunk: memory.nextChunk - 1,
    unitCount: memory.open.unitCount,
    sealedMs: sealedAt.wallMs,
    bytes: header.length + signature.length + secret.length + tables.length + unitBytes,
    batchHash,
    header,
    signature,
    secret,
    tables,
  }
  journal.outbox.insertBatch(batch)
  memory.chain = { ...chain, sealedSeq: seq, sealedHash: batchHash, sealedChunk: batch.lastChunk }
  journal.outbox.writeChain(memory.chain)
  memory.outboxBatches += 1
  memory.outboxBytes += batch.bytes
  memory.open = new OpenBatch()
  memory.openChunks = []
  memory.openSinceMs = null
  memory.firstOpenChunk = memory.nextChunk
}
