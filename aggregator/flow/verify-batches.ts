import type { BatchHeader, DecodedBatch } from '@meterline/shared/model/batch.ts'
import { decodeHeader, openBatchBody } from '@meterline/shared/model/batch-codec.ts'
import { decodeChargeBlock, type ChargeBlock } from '@meterline/shared/model/charge.ts'
import { decodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import type { Position } from '@meterline/shared/rating/position.ts'
import type { BooksReader } from '../store/books-reader.ts'
import type { BooksAudit } from './books-audit.ts'
import { remakePosition } from './remade-position.ts'
import type { KnownBatch } from './verify-drift.ts'

/** A batch; null when its body is gone or, which is reported elsewhere, damaged. */
export function readBatch(reader: BooksReader, batchIndex: number): KnownBatch | null {
  const body = reader.batch(batchIndex)?.body ?? null
  const entry = decodeLogEntry(reader.logEntry(batchIndex) ?? new Uint8Array(0))
  if (body === null || !entry.ok || entry.value.kind !== 'batch') return null
  const header = decodeHeader(entry.value.header)
  if (!header.ok) return null
  const decoded = openBatchBody(header.value, body)
  return decoded.ok ? knownBatch(header.value, decoded.value) : null
}

/** What checking charges needs of a batch. */
export function knownBatch({ agent }: BatchHeader, { units, tables }: DecodedBatch): KnownBatch {
  return { agent, units, snapshots: tables.snapshots }
}

/** Where a segment stands by its charges and their events alone; null: some of them are not known any more. */
export function positionOfCharges(reader: BooksReader, audit: BooksAudit, segmentKey: string): Position | null {
  const model = audit.modelOf(segmentKey)
  if (model === null) return null
  return remakePosition(model, {
    blocks: readableBlocks(reader, segmentKey),
    isVoided: (batchIndex, unit) => reader.voids.voidedAt(batchIndex, unit) !== undefined,
    eventsOf: (batchIndex) => readBatch(reader, batchIndex)?.units ?? null,
  })
}

/** Blocks that cannot be read are reported where the charges are checked. */
function* readableBlocks(reader: BooksReader, segmentKey: string): IterableIterator<ChargeBlock> {
  for (const bytes of reader.blocksOfSegment(segmentKey)) {
    const block = decodeChargeBlock(bytes)
    if (block.ok) yield block.value
  }
}
