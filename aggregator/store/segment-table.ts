import { emptyAccumulator } from '@meterline/shared/rating/accumulate.ts'
import type { Accumulator } from '@meterline/shared/rating/accumulate.ts'
import { parseSegmentKey, segmentKeyPrefix } from '@meterline/shared/rating/segment.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import { earliestOf, earliestText } from './position-columns.ts'

/** A charge block to store: its encoded bytes and its leaf in the Merkle-sum trees. */
export interface BlockRow {
  readonly batchIndex: number
  readonly segmentKey: string
  readonly amountMicros: bigint
  readonly leaf: Uint8Array
  readonly block: Uint8Array
  /** Log index of the release by which its units were charged; null: they were when their batch was rated first. */
  readonly releaseIndex: number | null
}

/** A block's leaf: what an invoice line's root is made of. */
export interface BlockLeaf {
  readonly leaf: Uint8Array
  readonly amountMicros: bigint
}

interface CachedSegment {
  readonly id: number
  readonly accumulator: Accumulator
}

interface SegmentRow {
  readonly id: number
  readonly key: string
  readonly quantity: string
  readonly events: number
  readonly exact: string
  readonly earliest: string
  readonly amountMicros: string
}

/** More segments than this are read again from the file when they are next charged. */
const cachedSegments = 50_000
/** And so are segments whose earliest events come to more than this together. */
const cachedEarliest = 200_000

/** Accumulators of all segments, and the charge blocks that they are the sums of. */
export class SegmentTable {
  readonly #select
  readonly #selectPrefix
  readonly #keysOfPrefix
  readonly #periodKeys
  readonly #countBlocks
  readonly #insert
  readonly #update
  readonly #updateExact
  readonly #updateEarliest
  readonly #insertBlock
  readonly #leaves
  readonly #blocksOfBatch
  readonly #blocksOfSegment
  readonly #blocksBefore
  readonly #batchesBefore
  readonly #cache = new Map<string, CachedSegment>()
  /** How many earliest events were put into the cache. */
  #earliest = 0

  constructor(db: Database) {
    const columns = 'id, key, quantity, events, exact, earliest, amount_micros AS amountMicros'
    this.#select = db.prepare<[string], SegmentRow>(`SELECT ${columns} FROM segment WHERE key = ?`)
    this.#selectPrefix = db.prepare<[string, string], SegmentRow>(
      `SELECT ${columns} FROM segment WHERE key >= ? AND key < ? ORDER BY key`,
    )
    this.#keysOfPrefix = db
      .prepare<[string, string], string>('SELECT key FROM segment WHERE key >= ? AND key < ? ORDER BY key')
      .pluck()
    // Skips from one period to the next, whatever lies between.
    this.#periodKeys = db
      .prepare<[string], string>('SELECT key FROM segment WHERE key > ? ORDER BY key LIMIT 1')
      .pluck()
    this.#countBlocks = db
      .prepare<[string], number>(
        `SELECT count(*) FROM charge_block WHERE segment_id = (SELECT id FROM segment WHERE key = ?)`,
      )
      .pluck()
    this.#insert = db.prepare<[string, string, number, string]>(
      'INSERT INTO segment (key, quantity, events, amount_micros) VALUES (?, ?, ?, ?)',
    )
    this.#update = db.prepare<[string, number, string, number]>(
      'UPDATE segment SET quantity = ?, events = ?, amount_micros = ? WHERE id = ?',
    )
    this.#updateExact = db.prepare<[string, number]>('UPDATE segment SET exact = ? WHERE id = ?')
    this.#updateEarliest = db.prepare<[string, number]>('UPDATE segment SET earliest = ? WHERE id = ?')
    this.#insertBlock = db.prepare<[number, number, string, Uint8Array, Uint8Array, number | null]>(
      `INSERT INTO charge_block (batch_index, segment_id, amount_micros, leaf, block, release_index)
       VALUES (?, ?, ?, ?, ?, ?)`,
    )
    this.#leaves = db.prepare<[string, number], { leaf: Uint8Array; amountMicros: string }>(
      `SELECT leaf, charge_block.amount_micros AS amountMicros FROM charge_block
       JOIN segment ON segment.id = segment_id WHERE segment.key = ? ORDER BY charge_block.id LIMIT -1 OFFSET ?`,
    )
    this.#blocksOfSegment = db.prepare<[string], { block: Uint8Array }>(
      `SELECT block FROM charge_block JOIN segment ON segment.id = segment_id WHERE segment.key = ?
       ORDER BY batch_index, charge_block.id`,
    )
    this.#blocksBefore = db.prepare<[number, number], { block: Uint8Array }>(
      `SELECT block FROM charge_block WHERE batch_index = ? AND (release_index IS NULL OR release_index < ?) ORDER BY id`,
    )
    this.#batchesBefore = db
      .prepare<[string, number], number>(
        `SELECT DISTINCT batch_index FROM charge_block
         WHERE segment_id = (SELECT id FROM segment WHERE key = ?) AND batch_index < ?`,
      )
      .pluck()
    this.#blocksOfBatch = db.prepare<[number], { block: Uint8Array }>(
      'SELECT block FROM charge_block WHERE batch_index = ? ORDER BY id',
    )
  }

  /** What a segment has come to; empty when nothing was charged in it yet. */
  accumulator(key: string): Accumulator {
    return this.#segment(key)?.accumulator ?? emptyAccumulator
  }

  /** All segments whose key begins with `prefix`, by key. */
  accumulatorsOf(prefix: string): ReadonlyMap<string, Accumulator> {
    // No key holds a code point above this one.
    const rows = this.#selectPrefix.all(prefix, `${prefix}\u{10ffff}`)
    return new Map(rows.map((row) => [row.key, accumulatorOf(row)]))
  }

  /** Writes the new sums, then the blocks that made them, inside the caller's transaction. */
  write(accumulators: ReadonlyMap<string, Accumulator>, blocks: readonly BlockRow[]): void {
    if (this.#cache.size + accumulators.size > cachedSegments || this.#earliest > cachedEarliest) {
      this.#cache.clear()
      this.#earliest = 0
    }
    for (const [key, accumulator] of accumulators) this.#save(key, accumulator)
    for (const block of blocks) {
      const segment = this.#segment(block.segmentKey)
      const id = segment?.id ?? this.#save(block.segmentKey, emptyAccumulator)
      const { batchIndex, amountMicros, leaf, block: bytes, releaseIndex } = block
      this.#insertBlock.run(batchIndex, id, amountMicros.toString(), leaf, bytes, releaseIndex)
    }
  }

  /** The leaves of a segment's blocks in log order, without the first `from`. */
  leavesOf(key: string, from = 0): readonly BlockLeaf[] {
    return this.#leaves.all(key, from).map((row) => ({ leaf: row.leaf, amountMicros: BigInt(row.amountMicros) }))
  }

  /** How many charge blocks a segment has. */
  blockCount(key: string): number {
    return this.#countBlocks.get(key) ?? 0
  }

  /** Keys of the segments that begin with `prefix`, in their order. */
  keysOf(prefix: string): readonly string[] {
    return this.#keysOfPrefix.all(prefix, `${prefix}\u{10ffff}`)
  }

  /** Keys of the periods that anything was charged in, in their order. */
  periodKeys(): readonly string[] {
    const found: string[] = []
    for (let key = this.#periodKeys.get(''); key !== undefined;) {
      const { periodKey } = parseSegmentKey(key)
      found.push(periodKey)
      key = this.#periodKeys.get(`${segmentKeyPrefix(periodKey)}\u{10ffff}`)
    }
    return found
  }

  /** The encoded charge blocks of one batch. */
  blocksOf(batchIndex: number): readonly Uint8Array[] {
    return this.#blocksOfBatch.all(batchIndex).map((row) => row.block)
  }

  /** The encoded charge blocks of one batch that were there before a log entry. */
  blocksBefore(batchIndex: number, logIndex: number): readonly Uint8Array[] {
    return this.#blocksBefore.all(batchIndex, logIndex).map((row) => row.block)
  }

  /** Log indexes of the batches before a log entry that were charged in a segment, in no order. */
  batchesBefore(key: string, logIndex: number): readonly number[] {
    return this.#batchesBefore.all(key, logIndex)
  }

  /** The encoded charge blocks of one segment, those of a batch together, read as they are asked for. */
  *blocksOfSegment(key: string): IterableIterator<Uint8Array> {
    for (const { block } of this.#blocksOfSegment.iterate(key)) yield block
  }

  #segment(key: string): CachedSegment | undefined {
    const cached = this.#cache.get(key)
    if (cached !== undefined) return cached
    const row = this.#select.get(key)
    if (row === undefined) return undefined
    const segment = { id: row.id, accumulator: accumulatorOf(row) }
    if (this.#cache.size < cachedSegments) this.#keep(key, segment)
    return segment
  }

  #save(key: string, accumulator: Accumulator): number {
    const { quantity, events, amountMicros } = accumulator
    const known = this.#segment(key)
    let id: number
    if (known === undefined) {
      const inserted = this.#insert.run(key, quantity.toString(), events, amountMicros.toString())
      id = Number(inserted.lastInsertRowid)
    } else {
      id = known.id
      this.#update.run(quantity.toString(), events, amountMicros.toString(), id)
    }
    this.#savePosition(id, known?.accumulator ?? emptyAccumulator, accumulator)
    this.#keep(key, { id, accumulator })
    return id
  }

  #keep(key: string, segment: CachedSegment): void {
    this.#earliest += segment.accumulator.earliest.length
    this.#cache.set(key, segment)
  }

  /** Most segments are of splittable prices, whose rows never need this; the earliest events change less and less. */
  #savePosition(id: number, before: Accumulator, { exact, earliest }: Accumulator): void {
    if (exact !== before.exact) this.#updateExact.run(exact.toString(), id)
    if (earliest !== before.earliest) this.#updateEarliest.run(earliestText(earliest), id)
  }
}

function accumulatorOf(row: SegmentRow): Accumulator {
  return {
    quantity: BigInt(row.quantity),
    events: row.events,
    exact: BigInt(row.exact),
    earliest: earliestOf(row.earliest, `segment ${row.key}`),
    amountMicros: BigInt(row.amountMicros),
  }
}
