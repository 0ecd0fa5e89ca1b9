import { fitsSum } from '@meterline/shared/sqlite/key-index/blob-sum.ts'
import type { StoredValue } from './salvage-record.ts'
import type { SalvagedTables } from './salvage-tables.ts'

/** Event keys as `KeyIndex` stores them, 32 bytes each: key, content check, position. */
export interface StoredKeys {
  readonly arrivedMs: number
  readonly entries: Buffer
}

/** Bytes of one entry, and of the key it begins with (shared/sqlite/key-index/entry.ts). */
export const keyEntryBytes = 32
const rowsPerRun = 2 ** 24

/** What is told of keys that cannot be read. */
export type NoteLostKeys = (which: string, why: string) => void

/**
 * All event keys of a journal: the blocks as they were committed, and the buckets of the runs they were merged into. A
 * key may come more than once. Each row has a sum behind its keys; in rows from before there were sums a flip makes the
 * journal forget a key.
 */
export function* storedKeys(tables: SalvagedTables, lost: NoteLostKeys): Generator<StoredKeys> {
  for (const { rowid, values } of tables.rows('key_block')) {
    if (typeof values === 'string') lost(`block ${rowid}`, values)
    else if (!isWritten(rowid, Number(values[1]), values[2])) lost(`block ${rowid}`, 'it was changed')
    else yield { arrivedMs: Number(values[1]), entries: wholeEntries(values[2]) }
  }
  const buckets = bucketsByRun(tables)
  for (const { rowid, values } of tables.rows('key_run')) {
    if (typeof values === 'string') lost(`run ${rowid}`, values)
    else yield* keysOfRun(tables, values, buckets.get(rowid) ?? [], lost)
  }
}

function* keysOfRun(
  tables: SalvagedTables,
  run: readonly StoredValue[],
  rowids: readonly number[],
  lost: NoteLostKeys,
): Generator<StoredKeys> {
  const [id, , bits, keys, , newestMs] = run.map(Number)
  if (id === undefined || bits === undefined || bits < 0 || bits > 24)
    return lost(`run ${id ?? 'unknown'}`, 'its row was changed')
  let read = 0
  for (const rowid of rowids) {
    const values = tables.row('key_bucket', rowid)
    const entries = Array.isArray(values) ? wholeEntries(values[1]) : null
    const whole = Array.isArray(values) && isWritten(rowid, 0, values[1])
    if (entries === null || !whole || !beginsWith(entries, bits, rowid - id * rowsPerRun)) {
      lost(`bucket ${rowid}`, typeof values === 'string' ? values : 'it holds keys that do not belong there')
      continue
    }
    read += entries.length / keyEntryBytes
    yield { arrivedMs: newestMs ?? 0, entries }
  }
  if (read !== keys) lost(`run ${id}`, `${keys} keys were written and ${read} can be read`)
}

function bucketsByRun(tables: SalvagedTables): ReadonlyMap<number, readonly number[]> {
  const buckets = new Map<number, number[]>()
  for (const rowid of tables.rowids('key_bucket')) {
    const run = Math.floor(rowid / rowsPerRun)
    const known = buckets.get(run)
    if (known === undefined) buckets.set(run, [rowid])
    else known.push(rowid)
  }
  return buckets
}

function beginsWith(entries: Buffer, bits: number, bucket: number): boolean {
  for (let at = 0; at < entries.length; at += keyEntryBytes) {
    if (bits > 0 && entries.readUInt32LE(at) >>> (32 - bits) !== bucket) return false
  }
  return true
}

/** Finds parts of filters that were changed; without them a repetition may not be recognised, and nothing else is lost. */
export function checkFilters(tables: SalvagedTables, lost: NoteLostKeys): void {
  for (const { rowid, values } of tables.rows('key_filter')) {
    if (typeof values === 'string') lost(`filter ${rowid}`, values)
    else if (!isWritten(rowid, 0, values[1])) lost(`filter ${rowid}`, 'it was changed')
  }
}

function isWritten(id: number, arrivedMs: number, value: StoredValue | undefined): boolean {
  return Buffer.isBuffer(value) && fitsSum(id, arrivedMs, value)
}

function wholeEntries(value: StoredValue | undefined): Buffer {
  if (!Buffer.isBuffer(value)) return Buffer.alloc(0)
  return value.subarray(0, value.length - (value.length % keyEntryBytes))
}
