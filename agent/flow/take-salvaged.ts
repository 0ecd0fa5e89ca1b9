import { FaultError } from '@meterline/shared/base/errors.ts'
import { DeterministicReader } from '@meterline/shared/integrity/deterministic-reader.ts'
import { readTables } from '@meterline/shared/model/tables-codec.ts'
import { readUnit } from '@meterline/shared/model/unit-decoder.ts'
import {
  receivedWallMs,
  type BatchTables,
  type ClockReading,
  type RatingUnit,
} from '@meterline/shared/model/usage-record.ts'
import { sizeReached } from '../domain/seal.ts'
import { damaged } from '../store/journal-damage.ts'
import { salvagedSum } from '../store/row-sums.ts'
import type { SalvagedChunk } from '../store/salvaged-table.ts'
import { finishChunk, sealOpenBatch } from './seal-batch.ts'
import type { Writer } from './writer.ts'

/**
 * Takes the next units that a recovery carried over into the open batch, as they were pre-rated when they came. Inside a
 * transaction; nothing happens when there are none left. They were counted, and their keys stored, when they came.
 */
export function takeSalvaged(writer: Writer, at: ClockReading): void {
  const chunk = writer.journal.salvaged.next()
  if (chunk === null) return
  const tablesReader = new DeterministicReader(chunk.tablesDelta)
  const tables = readTables(tablesReader)
  const reader = new DeterministicReader(chunk.units)
  const isWhole = chunk.sum === salvagedSum(chunk.id, chunk) && tablesReader.fault === null
  if (!isWhole) throw new FaultError(damagedChunk(writer, chunk))
  writer.memory.open.begin()
  for (let left = chunk.unitCount; left > 0 && reader.fault === null; left--) {
    if (sizeReached(writer.memory.open, writer.settings.seal)) {
      finishChunk(writer, at.monotonicMs)
      sealOpenBatch(writer, { ...at })
      writer.memory.open.begin()
    }
    append(writer, readUnit(reader, tables), tables)
  }
  if (reader.fault !== null) throw new FaultError(damagedChunk(writer, chunk))
  finishChunk(writer, at.monotonicMs)
  writer.journal.salvaged.delete(chunk.id)
  writer.memory.salvagedUnits -= chunk.unitCount
}

function append({ memory }: Writer, unit: RatingUnit, tables: BatchTables): void {
  const { eventId: id, source, subject, timeMs, labels, facts, records } = unit
  const anchor = tables.anchors[unit.anchor]
  // The reader has noted a unit without its anchor as a fault, and nothing of this transaction stays.
  if (anchor === undefined) return
  const measured = records.map(({ meter, quantity }) => ({ meter, quantity }))
  const received = { ...anchor, monotonicMs: unit.receivedMonotonicMs, wallMs: receivedWallMs(unit, anchor) }
  const snapshot = unit.snapshot === null ? null : (tables.snapshots[unit.snapshot] ?? null)
  const prerated = records.map(({ preratedMicros }) => preratedMicros)
  const spends = records.map((record) => record.spends)
  memory.open.append({ id, source, subject, timeMs, labels, facts, measured }, received, snapshot, prerated, spends)
}

function damagedChunk({ settings }: Writer, chunk: SalvagedChunk): ReturnType<typeof damaged> {
  return damaged(settings.journalFile, `chunk ${chunk.id} of an earlier recovery was changed`)
}
