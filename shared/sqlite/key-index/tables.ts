import type { Statement } from 'better-sqlite3'
import type { Migration } from '../migrate.ts'
import type { Database } from '../open.ts'
import { assertSum, withSum } from './blob-sum.ts'
import { rowsPerRun } from './geometry.ts'

/** The tables of one index. The owner of a file puts these statements into one of its own numbered migrations. */
export const keyIndexMigrations: readonly Migration[] = [
  {
    version: 1,
    sql: `
CREATE TABLE key_block (id INTEGER PRIMARY KEY, arrived_ms INTEGER NOT NULL, entries BLOB NOT NULL) STRICT;
CREATE TABLE key_run (
  id INTEGER PRIMARY KEY, level INTEGER NOT NULL, bucket_bits INTEGER NOT NULL, keys INTEGER NOT NULL,
  oldest_ms INTEGER NOT NULL, newest_ms INTEGER NOT NULL) STRICT;
CREATE TABLE key_build (
  id INTEGER PRIMARY KEY, level INTEGER NOT NULL, bucket_bits INTEGER NOT NULL, keys INTEGER NOT NULL,
  oldest_ms INTEGER NOT NULL, newest_ms INTEGER NOT NULL, through_block INTEGER, inputs TEXT NOT NULL) STRICT;
CREATE TABLE key_bucket (id INTEGER PRIMARY KEY, entries BLOB NOT NULL) STRICT;
CREATE TABLE key_filter (id INTEGER PRIMARY KEY, bits BLOB NOT NULL) STRICT;
CREATE TABLE key_drop (id INTEGER PRIMARY KEY, run INTEGER, bucket_bits INTEGER, through_block INTEGER) STRICT;
`,
  },
]

/** A finished run, as `key_run` has it. */
export interface RunRow {
  readonly id: number
  readonly level: number
  readonly bucketBits: number
  readonly keys: number
  /** When the first and the last of its keys arrived. */
  readonly oldestMs: number
  readonly newestMs: number
}

/** A run being written: either out of all key blocks up to `throughBlock`, or out of the runs `inputs`. */
export interface BuildRow extends RunRow {
  readonly throughBlock: number | null
  readonly inputs: readonly number[]
}

/** What is no longer needed and still has rows: a whole run, or all key blocks up to `throughBlock`. */
export type DropRow =
  | { readonly id: number; readonly run: number; readonly bucketBits: number; readonly throughBlock: null }
  | { readonly id: number; readonly run: null; readonly bucketBits: null; readonly throughBlock: number }

/** One group of keys as it was committed. */
export interface BlockRow {
  readonly id: number
  readonly arrivedMs: number
  /** With their sum behind them. */
  readonly entries: Buffer
}

/** Every statement of the index. Rows are inserted or deleted, never updated; the caller owns the transaction. */
export class KeyTables {
  readonly #db: Database
  readonly #insertBlock: Statement<[number, number, Uint8Array]>
  readonly #insertBucket: Statement<[number, Uint8Array]>
  readonly #insertFilter: Statement<[number, Uint8Array]>
  readonly #bucket: Statement<[number], Buffer>
  readonly #insertRun: Statement<RunRow[]>
  readonly #deleteRun: Statement<[number]>
  readonly #insertBuild: Statement<[number, number, number, number, number, number, number | null, string]>
  readonly #deleteBuild: Statement<[number]>
  readonly #insertDrop: Statement<[number | null, number | null, number | null]>
  readonly #deleteDrop: Statement<[number]>
  readonly #deleteBuckets: Statement<[number, number]>
  readonly #deleteFilter: Statement<[number]>
  readonly #firstBlocks: Statement<[number, number], { readonly id: number; readonly bytes: number }>
  readonly #deleteBlock: Statement<[number]>

  constructor(db: Database) {
    this.#db = db
    this.#insertBlock = db.prepare('INSERT INTO key_block VALUES (?, ?, ?)')
    this.#insertBucket = db.prepare('INSERT INTO key_bucket (id, entries) VALUES (?, ?)')
    this.#insertFilter = db.prepare('INSERT INTO key_filter (id, bits) VALUES (?, ?)')
    this.#bucket = db.prepare<[number], Buffer>('SELECT entries FROM key_bucket WHERE id = ?').pluck()
    this.#insertRun = db.prepare('INSERT INTO key_run VALUES (:id, :level, :bucketBits, :keys, :oldestMs, :newestMs)')
    this.#deleteRun = db.prepare('DELETE FROM key_run WHERE id = ?')
    this.#insertBuild = db.prepare('INSERT INTO key_build VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
    this.#deleteBuild = db.prepare('DELETE FROM key_build WHERE id = ?')
    this.#insertDrop = db.prepare('INSERT INTO key_drop (run, bucket_bits, through_block) VALUES (?, ?, ?)')
    this.#deleteDrop = db.prepare('DELETE FROM key_drop WHERE id = ?')
    this.#deleteBuckets = db.prepare('DELETE FROM key_bucket WHERE id >= ? AND id < ?')
    this.#deleteFilter = db.prepare('DELETE FROM key_filter WHERE id = ?')
    this.#firstBlocks = db.prepare(
      'SELECT id, length(entries) AS bytes FROM key_block WHERE id <= ? ORDER BY id LIMIT ?',
    )
    this.#deleteBlock = db.prepare('DELETE FROM key_block WHERE id = ?')
  }

  get inTransaction(): boolean {
    return this.#db.inTransaction
  }

  insertBlock(id: number, arrivedMs: number, entries: Uint8Array): void {
    this.#insertBlock.run(id, arrivedMs, withSum(id, arrivedMs, entries))
  }

  insertBucket(run: number, bucket: number, entries: Uint8Array): void {
    const id = run * rowsPerRun + bucket
    this.#insertBucket.run(id, withSum(id, 0, entries))
  }

  insertFilter(run: number, stripe: number, bits: Uint8Array): void {
    const id = run * rowsPerRun + stripe
    this.#insertFilter.run(id, withSum(id, 0, bits))
  }

  /** The entries of a bucket, their sum behind them; undefined when the bucket is empty. */
  bucket(run: number, bucket: number): Buffer | undefined {
    return this.#bucket.get(run * rowsPerRun + bucket)
  }

  /** The same, for whoever writes the entries elsewhere: throws when they are not what was written. */
  wholeBucket(run: number, bucket: number): Buffer | undefined {
    const entries = this.bucket(run, bucket)
    if (entries !== undefined) assertSum('key_bucket', run * rowsPerRun + bucket, 0, entries)
    return entries
  }

  insertRun(run: RunRow): void {
    this.#insertRun.run(run)
  }

  deleteRun(run: number): void {
    this.#deleteRun.run(run)
  }

  insertBuild(build: BuildRow): void {
    const { id, level, bucketBits, keys, oldestMs, newestMs, throughBlock, inputs } = build
    this.#insertBuild.run(id, level, bucketBits, keys, oldestMs, newestMs, throughBlock, JSON.stringify(inputs))
  }

  deleteBuild(run: number): void {
    this.#deleteBuild.run(run)
  }

  /** Notes a run to be deleted stripe by stripe. */
  insertRunDrop(run: number, bucketBits: number): DropRow {
    const { lastInsertRowid } = this.#insertDrop.run(run, bucketBits, null)
    return { id: Number(lastInsertRowid), run, bucketBits, throughBlock: null }
  }

  /** Notes key blocks to be deleted a few at a time. */
  insertBlockDrop(throughBlock: number): DropRow {
    const { lastInsertRowid } = this.#insertDrop.run(null, null, throughBlock)
    return { id: Number(lastInsertRowid), run: null, bucketBits: null, throughBlock }
  }

  deleteDrop(id: number): void {
    this.#deleteDrop.run(id)
  }

  /** Deletes a stripe of a run: its part of the filter and its buckets. */
  deleteStripe(run: number, stripe: number, bucketsPerStripe: number): void {
    const first = run * rowsPerRun + stripe * bucketsPerStripe
    this.#deleteBuckets.run(first, first + bucketsPerStripe)
    this.#deleteFilter.run(run * rowsPerRun + stripe)
  }

  /** Deletes the first `limit` blocks up to `throughBlock`; how many there were and the bytes they held. */
  deleteBlocks(throughBlock: number, limit: number): { readonly blocks: number; readonly bytes: number } {
    const first = this.#firstBlocks.all(throughBlock, limit)
    for (const { id } of first) this.#deleteBlock.run(id)
    return { blocks: first.length, bytes: first.reduce((sum, block) => sum + block.bytes, 0) }
  }

  runs(): RunRow[] {
    return this.#db
      .prepare<[], RunRow>(
        'SELECT id, level, bucket_bits AS bucketBits, keys, oldest_ms AS oldestMs, newest_ms AS newestMs FROM key_run ORDER BY id',
      )
      .all()
  }

  builds(): BuildRow[] {
    return this.#db
      .prepare<[], Omit<BuildRow, 'inputs'> & { readonly inputs: string }>(
        `SELECT id, level, bucket_bits AS bucketBits, keys, oldest_ms AS oldestMs, newest_ms AS newestMs,
           through_block AS throughBlock, inputs FROM key_build ORDER BY id`,
      )
      .all()
      .map((row) => ({ ...row, inputs: parseInputs(row.inputs) }))
  }

  drops(): DropRow[] {
    return this.#db
      .prepare<[], DropRow>(
        'SELECT id, run, bucket_bits AS bucketBits, through_block AS throughBlock FROM key_drop ORDER BY id',
      )
      .all()
  }

  /** How many entries the blocks after `block` hold, and the number of the last (`block` when there is none). */
  blockTotals(block: number, bytesPerEntry: number): { readonly entries: number; readonly lastBlock: number } {
    const row = this.#db
      .prepare<[number, number], { readonly entries: number | null; readonly lastBlock: number | null }>(
        'SELECT sum(length(entries) / ?) AS entries, max(id) AS lastBlock FROM key_block WHERE id > ?',
      )
      .get(bytesPerEntry, block)
    return { entries: row?.entries ?? 0, lastBlock: row?.lastBlock ?? block }
  }

  /** The blocks after `block`, oldest first. */
  blocksAfter(block: number): IterableIterator<BlockRow> {
    return this.#db
      .prepare<[number], BlockRow>(
        'SELECT id, arrived_ms AS arrivedMs, entries FROM key_block WHERE id > ? ORDER BY id',
      )
      .iterate(block)
  }

  /** The stored parts of a run's filter in stripe order, their sums behind them. */
  filters(run: number): IterableIterator<{ readonly id: number; readonly bits: Buffer }> {
    return this.#db
      .prepare<[number, number], { readonly id: number; readonly bits: Buffer }>(
        'SELECT id, bits FROM key_filter WHERE id >= ? AND id < ? ORDER BY id',
      )
      .iterate(run * rowsPerRun, (run + 1) * rowsPerRun)
  }

  /** How many parts of a run's filter are stored: how many of its stripes are written. */
  filterCount(run: number): number {
    const count = this.#db
      .prepare<[number, number], number>('SELECT count(*) FROM key_filter WHERE id >= ? AND id < ?')
      .pluck()
      .get(run * rowsPerRun, (run + 1) * rowsPerRun)
    return count ?? 0
  }

  /** The first stripe a run still has rows of; undefined when there is none. */
  firstStripe(run: number): number | undefined {
    const id = this.#db
      .prepare<[number, number], number | null>('SELECT min(id) FROM key_filter WHERE id >= ? AND id < ?')
      .pluck()
      .get(run * rowsPerRun, (run + 1) * rowsPerRun)
    return id === null || id === undefined ? undefined : id - run * rowsPerRun
  }
}

function parseInputs(text: string): readonly number[] {
  const inputs: unknown = JSON.parse(text)
  return Array.isArray(inputs) ? inputs.map(Number) : []
}
