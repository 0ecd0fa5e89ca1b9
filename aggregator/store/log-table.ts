import { assertThat } from '@meterline/shared/base/errors.ts'
import { CompactRange } from '@meterline/shared/integrity/merkle.ts'
import { logEntryLeaf } from '@meterline/shared/model/log-entry-codec.ts'
import { rangeConsistencyProof, rangeRoot } from '@meterline/shared/integrity/range-proof.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import { LogNodeTable } from './log-node-table.ts'

/** A stored log entry with its place and its leaf hash. */
export interface StoredLogEntry {
  readonly logIndex: number
  readonly entry: Uint8Array
  readonly leaf: Uint8Array
}

/** The tenant's one ordered list: entries, and the frontier of the Merkle tree over them (RFC 6962). */
export class LogTable {
  readonly #insert
  readonly #saveHead
  readonly #select
  readonly #selectFrom
  readonly #range: CompactRange
  readonly #nodes: LogNodeTable

  constructor(db: Database) {
    this.#insert = db.prepare<[number, Uint8Array, Uint8Array]>(
      'INSERT INTO log (log_index, entry, leaf) VALUES (?, ?, ?)',
    )
    this.#saveHead = db.prepare<[number, Uint8Array]>(
      `INSERT INTO log_head (one, size, frontier) VALUES (1, ?, ?)
       ON CONFLICT (one) DO UPDATE SET size = excluded.size, frontier = excluded.frontier`,
    )
    this.#select = db.prepare<[number], { entry: Uint8Array }>('SELECT entry FROM log WHERE log_index = ?')
    this.#selectFrom = db.prepare<[number], StoredLogEntry>(
      'SELECT log_index AS logIndex, entry, leaf FROM log WHERE log_index >= ? ORDER BY log_index',
    )
    this.#range = restoredHead(db)
    this.#nodes = new LogNodeTable(db)
    // A log that was written before subtree roots were stored has none yet.
    if (this.#nodes.lacks(this.#range.size)) db.transaction(() => this.#nodes.complete(this.#range.size)).immediate()
  }

  /** How many entries there are; also the index of the next one. */
  get size(): number {
    return this.#range.size
  }

  root(): Uint8Array {
    return this.#range.root()
  }

  /** The root the log had when it had so many entries, from 1 to its size. */
  rootAt(size: number): Uint8Array {
    return rangeRoot((level, position) => this.#nodes.subtree(level, position), 0, size)
  }

  /** RFC 6962 proof that the log of `size` entries continues that of `oldSize`. */
  consistencyProof(oldSize: number, size: number): readonly Uint8Array[] {
    return rangeConsistencyProof((level, position) => this.#nodes.subtree(level, position), oldSize, size)
  }

  /** Appends entries at the end, inside the caller's transaction, and saves the head with them. */
  append(entries: readonly Uint8Array[]): void {
    for (const entry of entries) {
      const leaf = logEntryLeaf(entry)
      this.#insert.run(this.#range.size, entry, leaf)
      this.#range.append(leaf)
    }
    if (entries.length === 0) return
    this.#saveHead.run(this.#range.size, this.#range.save())
    this.#nodes.complete(this.#range.size)
  }

  entry(logIndex: number): Uint8Array | undefined {
    return this.#select.get(logIndex)?.entry
  }

  /** All entries from `logIndex` on, read as they are asked for. */
  entriesFrom(logIndex: number): IterableIterator<StoredLogEntry> {
    return this.#selectFrom.iterate(logIndex)
  }
}

/** The frontier as it was saved; verification compares it with one recomputed from the entries. */
export function savedFrontier(db: Database): { readonly size: number; readonly frontier: Uint8Array } | undefined {
  return db
    .prepare<[], { size: number; frontier: Uint8Array }>('SELECT size, frontier FROM log_head WHERE one = 1')
    .get()
}

function restoredHead(db: Database): CompactRange {
  const saved = savedFrontier(db)
  if (saved === undefined) return new CompactRange()
  const restored = CompactRange.restore(saved.frontier)
  assertThat(restored.ok && restored.value.size === saved.size, `${db.name}: the saved head of the log is damaged`)
  return restored.value
}
