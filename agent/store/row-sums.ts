import { crc32 } from 'node:zlib'
import { toHex } from '@meterline/shared/integrity/hash.ts'
import type { Chunk } from '@meterline/shared/model/unit-codec.ts'
import type { BatchRow, ChainRow } from './outbox-rows.ts'

const head = Buffer.alloc(24)

/**
 * CRC-32 over a chunk with its number and counts. The batch it is sealed into commits to its units and tables, but only
 * to all of its chunks at once: the sum tells which chunk of a damaged batch is still what was journalled, and covers
 * those that are not sealed yet. It is against broken disks, not against people.
 */
export function chunkSum(id: number, chunk: Chunk): number {
  head.writeDoubleLE(id, 0)
  head.writeDoubleLE(chunk.unitCount, 8)
  head.writeDoubleLE(chunk.recordCount, 16)
  return crc32(chunk.units, crc32(chunk.tablesDelta, crc32(head)))
}

/** The same for a chunk that was salvaged; never that of a chunk under the same number. */
export function salvagedSum(id: number, chunk: Chunk): number {
  return chunkSum(-id, chunk)
}

/** CRC-32 over the chain's row: where it stands decides which chunks are sent under which number. */
export function chainSum(chain: ChainRow): number {
  const { tenant, agent, epoch, sealedSeq, sealedHash, sealedChunk, settledSeq, settledHash, settledLogIndex } = chain
  const hashes = [toHex(sealedHash), toHex(settledHash)]
  return crc32(JSON.stringify([tenant, agent, epoch, sealedSeq, sealedChunk, settledSeq, settledLogIndex, ...hashes]))
}

/** CRC-32 over all columns of a row in their order, but for the sum itself: for rows that are written seldom. */
export function rowSum(columns: readonly unknown[]): number {
  return columns.reduce<number>(
    (sum, column) => crc32(column instanceof Uint8Array ? column : `${JSON.stringify(column)},`, sum),
    0,
  )
}

/** Whether a row read with its sum as the last column is what was stored; rows of versions before sums have null. */
export function fitsRowSum(row: readonly unknown[]): boolean {
  const sum = row.at(-1) ?? null
  return sum === null || sum === rowSum(row.slice(0, -1))
}

/** CRC-32 over the row of a sealed batch. Its chunks have sums of their own. */
export function batchSum(batch: BatchRow): number {
  const { seq, firstChunk, lastChunk, unitCount, sealedMs, bytes, batchHash, header, signature, secret, tables } = batch
  const numbers = crc32(JSON.stringify([seq, firstChunk, lastChunk, unitCount, sealedMs, bytes]))
  return [batchHash, header, signature, secret, tables].reduce((sum, part) => crc32(part, sum), numbers)
}
