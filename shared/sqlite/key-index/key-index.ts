import { assertThat } from '../../base/errors.ts'
import type { Database } from '../open.ts'
import { assertSum } from './blob-sum.ts'
import { bytesOf, entryBytes, entryWords, keyWord, readEntry, wordsOf } from './entry.ts'
import type { KeyEntryView, ReusedEntryView } from './entry.ts'
import { Memtable } from './memtable.ts'
import { RunSet } from './run-set.ts'
import { readFromRun, runMightHold } from './run.ts'
import { KeyTables, keyIndexMigrations } from './tables.ts'
import type { BlockRow } from './tables.ts'

/** How large an index may be in memory and how its runs are cut. */
export interface KeyIndexOptions {
  /**
   * Keys that are gathered in memory before they become a run; about 80 bytes of memory each while two such tables
   * exist, the one that fills and the one that is written. A power of two fits the buckets best.
   */
  readonly memtableKeys: number
  /** The most keys one transaction stages. Left out: `memtableKeys`, at least 16,384. */
  readonly maxStagedKeys?: number
  /** Most memory for filters, 2 bytes a key. Left out: 256 MiB. Beyond it lookups read the disk. */
  readonly filterBytesMax?: number
  /** Runs that span more than this are not merged, so that `prune` finds runs old enough. Left out: no bound. */
  readonly mergeSpanMs?: number
}

/** What an index holds just now. */
export interface KeyIndexStatus {
  readonly memtableKeys: number
  readonly runs: number
  readonly runKeys: number
  readonly filterBytes: number
}

const leastStagedKeys = 16_384
const defaultFilterBytesMax = 256 * 1024 * 1024

/** When the keys of a memtable arrived. */
interface Arrivals {
  readonly oldestMs: number
  readonly newestMs: number
}

const noArrivals: Arrivals = { oldestMs: Number.MAX_SAFE_INTEGER, newestMs: 0 }

/**
 * The permanent index of event keys (see README.md). One instance per file, on the connection that writes it:
 *
 *     begin → lookup, stage, … → writeStaged → maintain → commit → committed()      or      rollback → rolledBack()
 */
export class KeyIndex {
  /** The tables of an index, for the migrations of the file that holds it. */
  static readonly migrations = keyIndexMigrations

  readonly #tables: KeyTables
  readonly #options: Required<KeyIndexOptions>
  readonly #runs: RunSet
  readonly #found: ReusedEntryView = { check0: 0, check1: 0, positionHigh: 0, positionLow: 0 }
  readonly #stagedWords = new Int32Array(entryWords)
  #active: Memtable
  #frozen: Memtable | null = null
  #spare: Memtable | null = null
  #arrivals = noArrivals
  #committedArrivals = noArrivals
  /** Number of the newest block; a rollback may leave a gap. */
  #lastBlock = 0
  /** Staged and not yet written. */
  #staged = 0
  /** Staged since the last commit or rollback. */
  #uncommitted = 0
  /** Whether this transaction changed more than the newest memtable. */
  #structureChanged = false
  #workOwed = 0

  /** Reads memtable and filters from the tables; they must exist (`KeyIndex.migrations`). */
  constructor(db: Database, options: KeyIndexOptions) {
    assertThat(options.memtableKeys > 0, 'a memtable holds at least one key')
    this.#options = {
      maxStagedKeys: Math.max(options.memtableKeys, leastStagedKeys),
      filterBytesMax: defaultFilterBytesMax,
      mergeSpanMs: Number.MAX_SAFE_INTEGER,
      ...options,
    }
    this.#tables = new KeyTables(db)
    this.#runs = new RunSet(this.#tables, this.#options)
    // Only stands in until loading has made one of the right size, which may take megabytes.
    this.#active = new Memtable(1)
    this.#load()
  }

  /** Sizes, for status pages and benchmarks. */
  get status(): KeyIndexStatus {
    return {
      memtableKeys: this.#active.count + (this.#frozen?.count ?? 0),
      runs: this.#runs.runs.length,
      runKeys: this.#runs.runs.reduce((sum, run) => sum + run.keys, 0),
      filterBytes: this.#runs.filterBytes,
    }
  }

  /**
   * What is known of the 16-byte key at `keys[offset]`, staged keys included; null when it never came (or was pruned).
   * The object is filled anew by the next lookup.
   */
  lookup(keys: Uint8Array, offset: number): KeyEntryView | null {
    const word0 = keyWord(keys, offset, 0)
    const word1 = keyWord(keys, offset, 1)
    const word2 = keyWord(keys, offset, 2)
    const word3 = keyWord(keys, offset, 3)
    const active = this.#active.find(word0, word1, word2, word3)
    if (active >= 0) return this.#entryOf(this.#active, active)
    if (this.#frozen !== null) {
      const frozen = this.#frozen.find(word0, word1, word2, word3)
      if (frozen >= 0) return this.#entryOf(this.#frozen, frozen)
    }
    for (const run of this.#runs.runs) {
      if (!runMightHold(run, word0, word1, word2)) continue
      if (readFromRun(this.#tables, run, word0, word1, word2, word3, this.#found)) return this.#found
    }
    return null
  }

  /**
   * Adds the key at `keys[offset]`, which a lookup must just have found absent, with its content check and position
   * (unsigned 32-bit integers). Found by lookups at once; durable by `writeStaged` and the commit after it.
   */
  stage(
    keys: Uint8Array,
    offset: number,
    check0: number,
    check1: number,
    positionHigh: number,
    positionLow: number,
  ): void {
    const words = this.#stagedWords
    for (let word = 0; word < 4; word++) words[word] = keyWord(keys, offset, word)
    words[4] = check0
    words[5] = check1
    words[6] = positionHigh
    words[7] = positionLow
    this.#active.insert(words, 0)
    this.#staged++
    this.#uncommitted++
  }

  /** Whether one more key may be staged before `writeStaged` has to make room. */
  get hasRoomToStage(): boolean {
    return this.#staged < this.#options.maxStagedKeys
  }

  /** Writes everything staged as one row. `arrivedMs`: the time that `prune` will compare. Inside the transaction. */
  writeStaged(arrivedMs: number): void {
    assertThat(this.#tables.inTransaction, 'staged keys are written inside the transaction of what they guard')
    if (this.#staged === 0) return
    const { count, entries } = this.#active
    const bytes = bytesOf(entries, (count - this.#staged) * entryWords, count * entryWords)
    this.#lastBlock++
    this.#tables.insertBlock(this.#lastBlock, arrivedMs, bytes)
    this.#arrivals = widened(this.#arrivals, arrivedMs)
    this.#staged = 0
    if (count >= this.#options.memtableKeys) this.#freeze()
  }

  /** Says that the transaction with the last `writeStaged` or `maintain` is on the disk. */
  committed(): void {
    assertThat(this.#staged === 0, 'a commit leaves no staged key behind: call writeStaged first')
    this.#uncommitted = 0
    this.#structureChanged = false
    this.#committedArrivals = this.#arrivals
  }

  /** Says that the transaction is undone: what was staged since the last commit never came. */
  rolledBack(): void {
    if (this.#structureChanged) {
      this.#load()
      return
    }
    this.#active.removeNewest(this.#uncommitted)
    this.#staged = 0
    this.#uncommitted = 0
    this.#arrivals = this.#committedArrivals
  }

  /**
   * Does about `budgetEntries` entries' worth of flushing, merging and deleting (a started piece of some 2,000 entries
   * is finished and the excess taken off the next calls). Each staged key causes work at every level it passes
   * through: a budget of 8 per staged key keeps up with any size. Inside the transaction.
   */
  maintain(budgetEntries: number): void {
    assertThat(this.#tables.inTransaction, 'maintenance runs inside a transaction')
    this.#workOwed += budgetEntries
    while (this.#workOwed > 0) {
      const work = this.#runs.step()
      if (work === 0) {
        this.#workOwed = 0
        return
      }
      this.#structureChanged = true
      this.#workOwed -= work
      this.#releaseFlushed()
    }
  }

  /**
   * Forgets whole runs whose newest key arrived before `arrivedBeforeMs` and returns how many keys went. Keys in memory
   * and in runs that are being merged stay. Their rows are deleted by later `maintain` calls. Inside the transaction.
   */
  prune(arrivedBeforeMs: number): number {
    assertThat(this.#tables.inTransaction, 'pruning runs inside a transaction')
    const pruned = this.#runs.prune(arrivedBeforeMs)
    if (pruned > 0) this.#structureChanged = true
    return pruned
  }

  #entryOf(memtable: Memtable, at: number): KeyEntryView {
    readEntry(memtable.entries, at, this.#found)
    return this.#found
  }

  /** Hands the full memtable over to be written. When `maintain` was neglected, the one before it is finished first. */
  #freeze(): void {
    while (this.#runs.flushing) this.#runs.stepFlush()
    this.#releaseFlushed()
    this.#structureChanged = true
    this.#frozen = this.#active
    this.#runs.startFlush(this.#frozen, this.#lastBlock, this.#arrivals.oldestMs, this.#arrivals.newestMs)
    this.#active = this.#spare ?? this.#newMemtable(0)
    this.#spare = null
    this.#arrivals = noArrivals
  }

  #releaseFlushed(): void {
    if (this.#frozen === null || this.#runs.flushing) return
    this.#frozen.clear()
    this.#spare = this.#frozen.capacity === this.#memtableCapacity(0) ? this.#frozen : null
    this.#frozen = null
  }

  /** Makes memory what the tables say: at the start, and after a rollback of more than staged keys. */
  #load(): void {
    this.#runs.load()
    const flushed = this.#runs.flushedThroughBlock
    const flush = this.#runs.unfinishedFlush()
    const { entries, lastBlock } = this.#tables.blockTotals(flushed, entryBytes)
    this.#frozen = flush === undefined ? null : new Memtable(Math.max(1, flush.keys))
    this.#active = this.#newMemtable(entries - (flush?.keys ?? 0))
    this.#arrivals = noArrivals
    for (const block of this.#tables.blocksAfter(flushed)) this.#loadBlock(block, flush?.throughBlock ?? 0)
    if (flush !== undefined && this.#frozen !== null) this.#runs.resumeFlush(flush, this.#frozen)
    this.#lastBlock = lastBlock
    this.#staged = 0
    this.committed()
  }

  #loadBlock(block: BlockRow, frozenThrough: number): void {
    assertSum('key_block', block.id, block.arrivedMs, block.entries)
    const frozen = block.id <= frozenThrough ? this.#frozen : null
    if (frozen === null) this.#arrivals = widened(this.#arrivals, block.arrivedMs)
    const words = wordsOf(block.entries)
    for (let start = 0; start < words.length; start += entryWords) (frozen ?? this.#active).insert(words, start)
  }

  #newMemtable(heldKeys: number): Memtable {
    return new Memtable(this.#memtableCapacity(heldKeys))
  }

  #memtableCapacity(heldKeys: number): number {
    return Math.max(this.#options.memtableKeys, heldKeys) + this.#options.maxStagedKeys
  }
}

function widened(arrivals: Arrivals, arrivedMs: number): Arrivals {
  return { oldestMs: Math.min(arrivals.oldestMs, arrivedMs), newestMs: Math.max(arrivals.newestMs, arrivedMs) }
}
