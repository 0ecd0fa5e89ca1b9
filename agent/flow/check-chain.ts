import { equalBytes } from '@meterline/shared/integrity/hash.ts'
import { assembleBody, batchHashOf, decodeHeader, openBatchBody } from '@meterline/shared/model/batch-codec.ts'
import type { BatchHeader } from '@meterline/shared/model/batch.ts'
import type { Chunk } from '@meterline/shared/model/unit-codec.ts'
import type { OutboxTables, BatchRow, ChainRow, Summed } from '../store/outbox-tables.ts'
import { batchSum, chainSum, chunkSum } from '../store/row-sums.ts'

type ChunkRow = Summed<Chunk & { readonly id: number }>

/**
 * What is wrong with the chain of a journal, or null: each sealed batch that was not settled must be there, be its hash,
 * name the one before, and its chunks must lie between those of its neighbours; the open batch's chunks come next. Reads
 * the rows of the batches and the open chunks; what the chunks of sealed batches hold is checked when they are loaded.
 */
export function brokenChain(outbox: OutboxTables, chain: Summed<ChainRow>): string | null {
  if (!fitsSum(chain.sum, () => chainSum(chain))) return 'the row that says where its chain stands was changed'
  let previousHash = chain.settledHash
  let nextChunk = null
  for (let seq = chain.settledSeq + 1; seq <= chain.sealedSeq; seq++) {
    const batch = outbox.batch(seq)
    if (batch === null) return `sealed batch ${seq} is missing`
    const wrong = batchFault(batch, chain)
    if (typeof wrong === 'string') return wrong
    if (!equalBytes(wrong.previousHash, previousHash)) return `sealed batch ${seq} does not follow the one before it`
    if (nextChunk !== null && batch.firstChunk !== nextChunk) return `chunk ${nextChunk} belongs to no batch`
    if (outbox.unitsHeld(batch) !== batch.unitCount) return `units of sealed batch ${seq} are missing`
    previousHash = batch.batchHash
    nextChunk = batch.lastChunk + 1
  }
  if (!equalBytes(previousHash, chain.sealedHash)) return 'the last sealed batch is not the one the chain ends with'
  if (nextChunk !== null && chain.sealedChunk !== nextChunk - 1) return 'the chain does not end with its last batch'
  return brokenOpenChunk(outbox.openChunks(chain.sealedChunk), chain.sealedChunk)
}

/** What is wrong with the chunks after those of the last sealed batch, or null: numbers without a gap, and their sums. */
function brokenOpenChunk(chunks: readonly ChunkRow[], sealedChunk: number): string | null {
  for (const [index, chunk] of chunks.entries()) {
    if (chunk.id !== sealedChunk + 1 + index) return `chunk ${sealedChunk + 1 + index} of the open batch is missing`
    if (!chunkFits(chunk)) return `chunk ${chunk.id} of the open batch was changed`
  }
  return null
}

/** The header of a stored batch of a chain, or what is wrong with its row. */
export function batchFault(batch: Summed<BatchRow>, chain: Pick<ChainRow, 'epoch'>): BatchHeader | string {
  const { seq } = batch
  if (!fitsSum(batch.sum, () => batchSum(batch))) return `the row of sealed batch ${seq} was changed`
  if (!equalBytes(batchHashOf(batch.header), batch.batchHash)) return `the header of sealed batch ${seq} was changed`
  const header = decodeHeader(batch.header)
  if (!header.ok) return `sealed batch ${seq}: ${header.fault.message}`
  const { epoch, seq: ownSeq, unitCount } = header.value
  const chunks = batch.lastChunk - batch.firstChunk + 1
  if (chunks < 1 || chunks > unitCount) return `sealed batch ${seq} names ${chunks} chunks for its ${unitCount} units`
  if (ownSeq !== seq || epoch !== chain.epoch || unitCount !== batch.unitCount)
    return `the header of sealed batch ${seq} is that of another batch`
  return header.value
}

/**
 * The body of a stored batch, from its row and its chunks, or what is wrong with them. Sums are compared, which costs a
 * tenth of a microsecond an event; rows without sums are held against the root in the signed header.
 */
export function bodyOf(batch: Summed<BatchRow>, chunks: readonly ChunkRow[]): Uint8Array | string {
  const { seq, firstChunk, lastChunk, secret, tables, unitCount } = batch
  if (!fitsSum(batch.sum, () => batchSum(batch))) return `the row of sealed batch ${seq} was changed`
  if (chunks.length !== lastChunk - firstChunk + 1) return `chunks of sealed batch ${seq} are missing`
  const changed = chunks.find((chunk) => !chunkFits(chunk))
  if (changed !== undefined) return `chunk ${changed.id} of sealed batch ${seq} was changed`
  const units = chunks.map((chunk) => chunk.units)
  const body = assembleBody(secret, tables, units, unitCount)
  if (batch.sum !== null && chunks.every(({ sum }) => sum !== null)) return body
  const header = decodeHeader(batch.header)
  if (!header.ok) return `sealed batch ${seq}: ${header.fault.message}`
  const opened = openBatchBody(header.value, body)
  return opened.ok ? body : `sealed batch ${seq}: ${opened.fault.message}`
}

/** Whether a chunk is what was journalled, as far as its sum tells. */
export function chunkFits(chunk: ChunkRow): boolean {
  return fitsSum(chunk.sum, () => chunkSum(chunk.id, chunk))
}

function fitsSum(stored: number | null, sum: () => number): boolean {
  return stored === null || stored === sum()
}
