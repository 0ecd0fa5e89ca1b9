import { assertThat } from '../../base/errors.ts'
import { StripeWriter, memtableSource, runsSource } from './build.ts'
import type { Build } from './build.ts'
import { entryBytes } from './entry.ts'
import { bucketBitsFor, bucketEntries, mergeFanIn, stripeBitsFor, stripeCount } from './geometry.ts'
import type { Memtable } from './memtable.ts'
import { filterBytes, loadFilter } from './run.ts'
import type { Run } from './run.ts'
import type { BuildRow, DropRow, KeyTables, RunRow } from './tables.ts'

/** What bounds the runs of an index. */
export interface RunLimits {
  /** Most memory for filters. Runs beyond it are looked at without one, largest first. */
  readonly filterBytesMax: number
  /** Runs are merged only while what they hold arrived within this time, so that old runs can be pruned whole. */
  readonly mergeSpanMs: number
}

// Deleting touches a page or two of each bucket instead of copying its entries.
const deletedEntriesPerUnitOfWork = 4
const blocksDeletedPerStep = 8

/**
 * The runs of an index, those being written and those being deleted. Every step is one bounded piece of work inside
 * the caller's transaction; what it changes in memory is right once that transaction commits, else `load` it again.
 */
export class RunSet {
  readonly #tables: KeyTables
  readonly #limits: RunLimits
  readonly #writer: StripeWriter
  /** Newest first, which is where a repeated key is most likely found. */
  #runs: Run[] = []
  #builds: Build[] = []
  #drops: DropRow[] = []
  #nextRun = 1

  constructor(tables: KeyTables, limits: RunLimits) {
    this.#tables = tables
    this.#limits = limits
    this.#writer = new StripeWriter(tables)
  }

  get runs(): readonly Run[] {
    return this.#runs
  }

  /** Whether a memtable is being written into a run. */
  get flushing(): boolean {
    return this.#builds.some((build) => build.row.throughBlock !== null)
  }

  /** Bytes of all filters in memory. */
  get filterBytes(): number {
    const filters = [...this.#runs, ...this.#builds].map(({ filter }) => filter?.byteLength ?? 0)
    return filters.reduce((sum, bytes) => sum + bytes, 0)
  }

  /** The last key block that is already in a run: blocks up to it only wait for their deletion. */
  get flushedThroughBlock(): number {
    return Math.max(0, ...this.#drops.map((drop) => drop.throughBlock ?? 0))
  }

  /** The flush a stopped process left behind, to be resumed once its memtable is there again. */
  unfinishedFlush(): BuildRow | undefined {
    return this.#tables.builds().find((row) => row.throughBlock !== null)
  }

  /** Reads everything from the tables, but for an unfinished flush (see `resumeFlush`). */
  load(): void {
    const tables = this.#tables
    const rows = tables.runs()
    const buildRows = tables.builds()
    this.#drops = tables.drops()
    this.#runs = []
    this.#builds = []
    const numbers = [...rows, ...buildRows].map((row) => row.id)
    this.#nextRun = 1 + Math.max(0, ...numbers, ...this.#drops.map((drop) => drop.run ?? 0))
    for (const row of rows.toSorted((left, right) => left.bucketBits - right.bucketBits)) {
      this.#runs.push({ ...row, filter: loadFilter(tables, row, this.#filterRoom()) })
    }
    this.#sortRuns()
    for (const row of buildRows) {
      if (row.throughBlock === null) this.#resume(row, runsSource(tables, this.#inputsOf(row)))
    }
  }

  /** Goes on with a flush that was under way when the process stopped. */
  resumeFlush(row: BuildRow, memtable: Memtable): void {
    this.#resume(row, memtableSource(memtable))
  }

  /** Starts writing `memtable`, which holds all key blocks up to `throughBlock` that are in no run yet. */
  startFlush(memtable: Memtable, throughBlock: number, oldestMs: number, newestMs: number): void {
    assertThat(!this.flushing, 'one memtable is flushed at a time')
    this.#start(memtableSource(memtable), {
      ...this.#newRun(1, memtable.count, oldestMs, newestMs),
      throughBlock,
      inputs: [],
    })
  }

  /** One piece of the flush under way; the work done, in entries. */
  stepFlush(): number {
    const flush = this.#builds.find((build) => build.row.throughBlock !== null)
    return flush === undefined ? 0 : this.#writeStripe(flush)
  }

  /** One piece of whatever is most urgent; the work done, in entries, 0 when there is nothing to do. */
  step(): number {
    if (this.flushing) return this.stepFlush()
    const drop = this.#drops[0]
    if (drop !== undefined) return this.#stepDrop(drop)
    this.#startMerges()
    const merge = this.#builds.toSorted((left, right) => left.row.level - right.row.level)[0]
    return merge === undefined ? 0 : this.#writeStripe(merge)
  }

  /** Gives up every run whose newest key arrived before `arrivedBeforeMs`; returns the keys that went. */
  prune(arrivedBeforeMs: number): number {
    const merging = this.#mergingRuns()
    const old = this.#runs.filter((run) => run.newestMs < arrivedBeforeMs && !merging.has(run.id))
    for (const run of old) this.#giveUp(run)
    return old.reduce((sum, run) => sum + run.keys, 0)
  }

  #newRun(level: number, keys: number, oldestMs: number, newestMs: number): RunRow {
    return { id: this.#nextRun++, level, bucketBits: bucketBitsFor(keys), keys, oldestMs, newestMs }
  }

  #start(source: Build['source'], row: BuildRow): void {
    this.#tables.insertBuild(row)
    this.#builds.push({ row, source, filter: this.#emptyFilter(row.bucketBits), nextStripe: 0 })
  }

  #resume(row: BuildRow, source: Build['source']): void {
    const filter = loadFilter(this.#tables, row, this.#filterRoom())
    this.#builds.push({ row, source, filter, nextStripe: this.#tables.filterCount(row.id) })
  }

  #startMerges(): void {
    // One merge out of a level at a time: what it merges stays in the level until it is done.
    const levels = new Set(this.#runs.map((run) => run.level))
    for (const level of levels) {
      if (this.#builds.some((build) => build.row.level === level + 1)) continue
      const inputs = this.#mergeable(level)
      if (inputs === undefined) continue
      const keys = inputs.reduce((sum, run) => sum + run.keys, 0)
      const oldestMs = Math.min(...inputs.map((run) => run.oldestMs))
      const newestMs = Math.max(...inputs.map((run) => run.newestMs))
      this.#start(runsSource(this.#tables, inputs), {
        ...this.#newRun(level + 1, keys, oldestMs, newestMs),
        throughBlock: null,
        inputs: inputs.map((run) => run.id),
      })
    }
  }

  /** The oldest runs of `level` that arrived close enough to each other to be merged. */
  #mergeable(level: number): readonly Run[] | undefined {
    const candidates = this.#runs
      .filter((run) => run.level === level)
      .toSorted((left, right) => left.oldestMs - right.oldestMs || left.id - right.id)
    for (let first = 0; first + mergeFanIn <= candidates.length; first++) {
      const group = candidates.slice(first, first + mergeFanIn)
      const oldestMs = Math.min(...group.map((run) => run.oldestMs))
      const newestMs = Math.max(...group.map((run) => run.newestMs))
      if (newestMs - oldestMs <= this.#limits.mergeSpanMs) return group
    }
    return undefined
  }

  #writeStripe(build: Build): number {
    const work = this.#writer.writeNext(build)
    if (build.nextStripe === stripeCount(build.row.bucketBits)) this.#finish(build)
    return work + 1
  }

  #finish(build: Build): void {
    const { id, level, bucketBits, keys, oldestMs, newestMs, throughBlock } = build.row
    const row: RunRow = { id, level, bucketBits, keys, oldestMs, newestMs }
    const inputs = this.#inputsOf(build.row)
    this.#tables.insertRun(row)
    this.#tables.deleteBuild(id)
    this.#builds = this.#builds.filter((other) => other !== build)
    for (const input of inputs) this.#giveUp(input)
    if (throughBlock !== null) this.#drops.push(this.#tables.insertBlockDrop(throughBlock))
    this.#runs.push({ ...row, filter: build.filter })
    this.#sortRuns()
  }

  #giveUp(run: Run): void {
    this.#tables.deleteRun(run.id)
    this.#drops.push(this.#tables.insertRunDrop(run.id, run.bucketBits))
    this.#runs = this.#runs.filter((other) => other !== run)
  }

  #stepDrop(drop: DropRow): number {
    const work = drop.run === null ? this.#dropBlocks(drop.throughBlock) : this.#dropStripe(drop.run, drop.bucketBits)
    if (work === 0) {
      this.#tables.deleteDrop(drop.id)
      this.#drops = this.#drops.filter((other) => other !== drop)
    }
    return work + 1
  }

  #dropBlocks(throughBlock: number): number {
    const { blocks, bytes } = this.#tables.deleteBlocks(throughBlock, blocksDeletedPerStep)
    return blocks + bytes / entryBytes / deletedEntriesPerUnitOfWork
  }

  #dropStripe(run: number, bucketBits: number): number {
    const stripe = this.#tables.firstStripe(run)
    if (stripe === undefined) return 0
    const bucketsPerStripe = 2 ** (bucketBits - stripeBitsFor(bucketBits))
    this.#tables.deleteStripe(run, stripe, bucketsPerStripe)
    return (bucketsPerStripe * bucketEntries) / deletedEntriesPerUnitOfWork
  }

  #inputsOf(row: BuildRow): Run[] {
    return row.inputs.map((id) => {
      const input = this.#runs.find((run) => run.id === id)
      assertThat(input !== undefined, `run ${row.id} is merged from run ${id}, which is not there`)
      return input
    })
  }

  #mergingRuns(): ReadonlySet<number> {
    return new Set(this.#builds.flatMap((build) => build.row.inputs))
  }

  #emptyFilter(bucketBits: number): Int32Array | null {
    const bytes = filterBytes(bucketBits)
    return bytes <= this.#filterRoom() ? new Int32Array(bytes / 4) : null
  }

  #filterRoom(): number {
    return this.#limits.filterBytesMax - this.filterBytes
  }

  #sortRuns(): void {
    this.#runs.sort((left, right) => right.id - left.id)
  }
}
