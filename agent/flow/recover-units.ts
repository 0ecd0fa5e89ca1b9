import { DeterministicReader } from '@meterline/shared/integrity/deterministic-reader.ts'
import { assembleBody, openBatchBody } from '@meterline/shared/model/batch-codec.ts'
import { batchLimits } from '@meterline/shared/model/batch.ts'
import { mergeTables, readTables } from '@meterline/shared/model/tables-codec.ts'
import type { Chunk } from '@meterline/shared/model/unit-codec.ts'
import { readUnit } from '@meterline/shared/model/unit-decoder.ts'
import type { BatchTables, RatingUnit } from '@meterline/shared/model/usage-record.ts'
import type { BatchRow, Summed } from '../store/outbox-tables.ts'
import { chunkSum, fitsRowSum, salvagedSum } from '../store/row-sums.ts'
import type { LostPart } from './recovery-report.ts'
import { chunkRow, type Source } from './recover-source.ts'
import { readableBatches, settledSeqOf } from './recover-start.ts'
import { batchFault } from './check-chain.ts'

/** Units that belong together, with the tables they refer to. */
export interface SalvagedUnits {
  readonly tables: BatchTables
  readonly units: readonly RatingUnit[]
}

type ChunkRow = Summed<Chunk & { readonly id: number }>
type Note = (part: Omit<LostPart, 'file'>) => void

/**
 * The units of a source that the aggregator does not have, in the order they were journalled: those of sealed batches after
 * `receivedSeq`, settled ones too as far as they are kept, of the open batch, and what an earlier recovery carried over. A
 * batch is held against the root in its header; where that fails, each of its chunks against its own sum. What cannot be
 * verified is told to `lost` and left out.
 */
export function* salvageUnits(source: Source, receivedSeq: number, lost: Note): Generator<SalvagedUnits> {
  for (const { rowid } of source.tables.rows('salvaged_chunk')) yield* earlierSalvage(source, rowid, lost)
  const batches = readableBatches(source)
  const settledSeq = Math.min(settledSeqOf(source), receivedSeq)
  let seq = settledSeq
  let chunk = lastSettledChunk(source, batches, settledSeq) + 1
  for (const batch of batches.filter((each) => each.seq > settledSeq)) {
    const between = { first: chunk, last: batch.firstChunk - 1, fromSeq: seq + 1, toSeq: batch.seq - 1 }
    if (between.toSeq > receivedSeq) yield* withoutRows(source, between, lost)
    if (batch.seq > receivedSeq) yield* batchUnits(source, batch, lost)
    seq = batch.seq
    chunk = batch.lastChunk + 1
  }
  const { sealedChunk, sealedSeq } = source.chain ?? { sealedChunk: 0, sealedSeq: 0 }
  const isReceived = sealedSeq > seq && sealedSeq <= receivedSeq
  const first = isReceived ? Math.max(chunk, sealedChunk + 1) : chunk
  const lastStored = source.tables.rowids('chunk').at(-1) ?? 0
  // A chain of a version before sums may say anything; a batch never has more chunks than units.
  const last = Math.max(lastStored, Math.min(sealedChunk, lastStored + batchLimits.units))
  yield* withoutRows(source, { first, last, fromSeq: Math.max(seq, receivedSeq) + 1, toSeq: sealedSeq }, lost)
}

/** The last chunk that need not be carried over: of the settled batches, or else before the first chunk there is. */
function lastSettledChunk(source: Source, batches: readonly BatchRow[], settledSeq: number): number {
  const settled = batches.findLast(({ seq }) => seq <= settledSeq)
  if (settled?.seq === settledSeq) return settled.lastChunk
  const row = source.tables.row('settled_batch', settledSeq)
  if (Array.isArray(row) && fitsRowSum(row)) return Number(row[4])
  if (source.chain !== null && settledSeq === source.chain.sealedSeq) return source.chain.sealedChunk
  const next = batches.find(({ seq }) => seq === settledSeq + 1)
  if (next !== undefined) return next.firstChunk - 1
  return settled?.lastChunk ?? (source.tables.rowids('chunk')[0] ?? 1) - 1
}

function* batchUnits(source: Source, batch: Summed<BatchRow>, lost: Note): Generator<SalvagedUnits> {
  const chunks: ChunkRow[] = []
  for (let id = batch.firstChunk; id <= batch.lastChunk; id++) {
    const chunk = readChunk(source, id, `of batch ${batch.seq}`, lost)
    if (chunk !== null) chunks.push(chunk)
  }
  const header = batchFault(batch, { epoch: source.owner?.epoch ?? 0 })
  if (typeof header === 'string') return
  if (chunks.length === batch.lastChunk - batch.firstChunk + 1) {
    const units = chunks.map((chunk) => chunk.units)
    const opened = openBatchBody(header, assembleBody(batch.secret, batch.tables, units, batch.unitCount))
    if (opened.ok) {
      yield { tables: opened.value.tables, units: opened.value.units }
      return
    }
  }
  // Without all of its units the root cannot be made again. The sums of the rows vouch for tables and chunks.
  const tables = batch.sum === null ? null : tablesOf([batch.tables])
  if (tables === null) {
    lost({ what: 'batch', which: String(batch.seq), why: 'what is left of it cannot be held against its signed root' })
    return
  }
  for (const chunk of chunks) {
    const units = chunk.sum === null ? null : unitsOf(chunk, tables)
    if (units !== null) yield { tables, units }
    else
      lost({ what: 'chunk', which: String(chunk.id), why: `of batch ${batch.seq}: it cannot be verified on its own` })
  }
}

interface ChunkRange {
  readonly first: number
  readonly last: number
  /** The batches they were sealed into, where they were. */
  readonly fromSeq: number
  readonly toSeq: number
}

/**
 * Chunks whose batch has no row: the open batch, or sealed ones whose rows are gone. Each chunk needs the tables of those
 * before it in its batch. Where a batch begins can be told: a chunk uses every text it adds to the tables, so one that is
 * read with the tables of another batch names texts that are not there, or leaves its own unused.
 */
function* withoutRows(source: Source, range: ChunkRange, lost: Note): Generator<SalvagedUnits> {
  const where = range.toSeq < range.fromSeq ? 'of the open batch' : `after sealed batch ${range.fromSeq - 1}`
  let deltas: readonly Uint8Array[] = []
  // Where there is no room for any chunk between two batches, not even their chunks are there.
  let missed = range.first > range.last
  for (let id = range.first; id <= range.last; id++) {
    const chunk = readChunk(source, id, where, lost)
    const going = chunk === null || deltas.length === 0 ? null : readGrowing(chunk, deltas)
    const read = going ?? (chunk === null ? null : readGrowing(chunk, []))
    if (read !== null && chunk !== null) {
      deltas = going === null ? [chunk.tablesDelta] : [...deltas, chunk.tablesDelta]
      yield read
      continue
    }
    deltas = []
    missed = true
    if (chunk !== null) lost({ what: 'chunk', which: String(id), why: `${where}: it refers to tables of a lost chunk` })
  }
  if (!missed) return
  for (let seq = range.fromSeq; seq <= range.toSeq; seq++) {
    lost({ what: 'batch', which: String(seq), why: 'it is not there any more, or not all of its chunks' })
  }
}

/** The units of a chunk under the tables of those before it; null when they are not the ones it was encoded with. */
function readGrowing(chunk: ChunkRow, before: readonly Uint8Array[]): SalvagedUnits | null {
  const tables = tablesOf([...before, chunk.tablesDelta])
  const added = tablesOf([chunk.tablesDelta])
  const units = tables === null ? null : unitsOf(chunk, tables)
  if (tables === null || units === null || added === null) return null
  const used = new Set(units.flatMap(textsOf))
  return added.strings.every((text) => used.has(text)) ? { tables, units } : null
}

function textsOf(unit: RatingUnit): string[] {
  const texts = [unit.source, unit.subject]
  for (const [key, value] of unit.labels) texts.push(key, value)
  for (const [key] of unit.facts) texts.push(key)
  for (const { meter, spends } of unit.records) texts.push(meter, ...spends.map(({ asset }) => asset))
  return texts
}

function* earlierSalvage(source: Source, id: number, lost: Note): Generator<SalvagedUnits> {
  const values = source.tables.row('salvaged_chunk', id)
  if (values === undefined) return
  const chunk = typeof values === 'string' ? null : chunkRow(values)
  const tables = chunk === null ? null : tablesOf([chunk.tablesDelta])
  const units = chunk === null || tables === null ? null : unitsOf(chunk, tables)
  const fits = chunk !== null && chunk.sum === salvagedSum(id, chunk)
  if (fits && tables !== null && units !== null) {
    yield { tables, units }
    return
  }
  const why = typeof values === 'string' ? values : 'it was changed'
  lost({ what: 'chunk', which: String(id), why: `of an earlier recovery: ${why}` })
}

/** A chunk that is what was journalled; what has no sum is held against the root of its batch by whoever asks. */
function readChunk(source: Source, id: number, where: string, lost: Note): ChunkRow | null {
  const values = source.tables.row('chunk', id)
  if (values !== undefined && typeof values !== 'string') {
    const chunk = chunkRow(values)
    if (chunk.sum === null || chunk.sum === chunkSum(id, chunk)) return chunk
  }
  const why = values === undefined ? 'it is not there' : typeof values === 'string' ? values : 'it was changed'
  lost({ what: 'chunk', which: String(id), why: `${where}: ${why}` })
  return null
}

function unitsOf(chunk: ChunkRow, tables: BatchTables): readonly RatingUnit[] | null {
  const reader = new DeterministicReader(chunk.units)
  const units: RatingUnit[] = []
  for (let left = chunk.unitCount; left > 0 && reader.fault === null; left--) units.push(readUnit(reader, tables))
  reader.finish()
  const records = units.reduce((sum, unit) => sum + unit.records.length, 0)
  return reader.fault === null && records === chunk.recordCount ? units : null
}

function tablesOf(deltas: readonly Uint8Array[]): BatchTables | null {
  const merged = mergeTables(deltas)
  if (!merged.ok) return null
  const reader = new DeterministicReader(merged.value)
  const tables = readTables(reader)
  reader.finish()
  return reader.fault === null ? tables : null
}
