import { decodeHeader } from '@meterline/shared/model/batch-codec.ts'
import type { Chunk } from '@meterline/shared/model/unit-codec.ts'
import type { BatchRow, ChainRow, Summed } from '../store/outbox-tables.ts'
import { chainSum } from '../store/row-sums.ts'
import { PageFile } from '../store/salvage-pages.ts'
import type { StoredValue } from '../store/salvage-record.ts'
import { SalvagedTables } from '../store/salvage-tables.ts'

/** A file to salvage, open. */
export interface Source {
  readonly file: string
  readonly pages: PageFile
  readonly tables: SalvagedTables
  /** Null: its row cannot be read, or is not what was written. */
  readonly chain: ChainRow | null
  /** What the chain says, or the headers of its batches where it cannot be read; null: nothing tells. */
  readonly owner: { readonly tenant: string; readonly agent: string; readonly epoch: number } | null
}

/** Opens a file without changing it. Throws the operating system's error when it cannot be opened at all. */
export function openSource(file: string): Source {
  const pages = new PageFile(file)
  const tables = new SalvagedTables(pages)
  const chain = readChain(tables)
  return { file, pages, tables, chain, owner: chain ?? ownerByHeaders(tables) }
}

/** A row of `batch`, from its columns. */
export function batchRow(values: readonly StoredValue[]): Summed<BatchRow> {
  const [seq, firstChunk, lastChunk, unitCount, sealedMs, bytes, batchHash, header, signature, secret, tables, sum] =
    values
  const numbers = { seq: Number(seq), firstChunk: Number(firstChunk), lastChunk: Number(lastChunk) }
  const blobs = { batchHash: blob(batchHash), header: blob(header), signature: blob(signature), secret: blob(secret) }
  const sizes = { unitCount: Number(unitCount), sealedMs: Number(sealedMs), bytes: Number(bytes) }
  return { ...numbers, ...sizes, ...blobs, tables: blob(tables), sum: sumOf(sum) }
}

/** A row of `chunk` or `salvaged_chunk`, from its columns. */
export function chunkRow(values: readonly StoredValue[]): Summed<Chunk & { readonly id: number }> {
  const [id, unitCount, recordCount, tablesDelta, units, sum] = values
  const counts = { id: Number(id), unitCount: Number(unitCount), recordCount: Number(recordCount) }
  return { ...counts, tablesDelta: blob(tablesDelta), units: blob(units), sum: sumOf(sum) }
}

function readChain(tables: SalvagedTables): ChainRow | null {
  const values = tables.row('chain', 1)
  if (values === undefined || typeof values === 'string') return null
  const [, tenant, agent, epoch, sealedSeq, sealedHash, sealedChunk, settledSeq, settledHash, logIndex, sum] = values
  const chain: ChainRow = {
    tenant: String(tenant),
    agent: String(agent),
    epoch: Number(epoch),
    sealedSeq: Number(sealedSeq),
    sealedHash: blob(sealedHash),
    sealedChunk: Number(sealedChunk),
    settledSeq: Number(settledSeq),
    settledHash: blob(settledHash),
    settledLogIndex: typeof logIndex === 'number' ? logIndex : null,
  }
  return typeof sum !== 'number' || sum === chainSum(chain) ? chain : null
}

function ownerByHeaders(tables: SalvagedTables): Source['owner'] {
  for (const { values } of tables.rows('batch')) {
    if (typeof values === 'string') continue
    const header = decodeHeader(batchRow(values).header)
    if (header.ok) return header.value
  }
  return null
}

function blob(value: StoredValue | undefined): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array(0)
}

function sumOf(value: StoredValue | undefined): number | null {
  return typeof value === 'number' ? value : null
}
