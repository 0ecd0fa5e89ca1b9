import { assertThat } from '@meterline/shared/base/errors.ts'
import { merkleRoot } from '@meterline/shared/integrity/merkle.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'

/** Levels between two that are stored: a stored node is the root over 256 of the stored level below. */
const levelStep = 8
const nodesPerStep = 256
/** 2^40 entries, more than there will be in any log. */
const highestLevel = 40

/**
 * Roots of perfect subtrees of the log's tree, of 2^8, 2^16, … entries each: what consistency proofs of a long log are
 * made from without reading all of it. They cost an eighth of a byte for each entry; a subtree of any other level is
 * computed from at most 128 rows, so that a proof in a log of n entries reads at most 512 × log256(n) rows or so.
 */
export class LogNodeTable {
  readonly #insert
  readonly #nodes
  readonly #leaves
  readonly #stored: number[] = []

  constructor(db: Database) {
    this.#insert = db.prepare<[number, number, Uint8Array]>(
      'INSERT INTO log_node (level, position, hash) VALUES (?, ?, ?)',
    )
    this.#nodes = db.prepare<[number, number, number], { hash: Uint8Array }>(
      'SELECT hash FROM log_node WHERE level = ? AND position >= ? AND position < ? ORDER BY position',
    )
    this.#leaves = db.prepare<[number, number], { hash: Uint8Array }>(
      'SELECT leaf AS hash FROM log WHERE log_index >= ? AND log_index < ? ORDER BY log_index',
    )
    const last = db.prepare<[number], { last: number | null }>(
      'SELECT max(position) AS last FROM log_node WHERE level = ?',
    )
    for (let level = levelStep; level <= highestLevel; level += levelStep)
      this.#stored.push((last.get(level)?.last ?? -1) + 1)
  }

  /** Whether nodes are missing that are complete at this size of the log. */
  lacks(size: number): boolean {
    return (this.#stored[0] ?? 0) < Math.floor(size / nodesPerStep)
  }

  /** Stores the nodes that are complete at this size of the log, inside the caller's transaction. */
  complete(size: number): void {
    let below = size
    for (const [step, stored] of this.#stored.entries()) {
      const level = (step + 1) * levelStep
      const complete = Math.floor(below / nodesPerStep)
      for (let position = stored; position < complete; position++) {
        this.#insert.run(level, position, this.subtree(level, position))
      }
      this.#stored[step] = complete
      if (complete === 0) return
      below = complete
    }
  }

  /** The root of a perfect subtree that lies wholly inside the log. */
  subtree(level: number, position: number): Uint8Array {
    if (level > 0 && level % levelStep === 0 && position < (this.#stored[level / levelStep - 1] ?? 0)) {
      return this.#rows(level, position, position + 1)[0] ?? new Uint8Array(0)
    }
    const base = Math.floor(Math.max(0, level - 1) / levelStep) * levelStep
    const width = 2 ** (level - base)
    return merkleRoot(this.#rows(base, position * width, (position + 1) * width))
  }

  #rows(level: number, from: number, until: number): readonly Uint8Array[] {
    const rows = level === 0 ? this.#leaves.all(from, until) : this.#nodes.all(level, from, until)
    assertThat(rows.length === until - from, `nodes ${from} to ${until} of level ${level} of the log's tree are there`)
    return rows.map(({ hash }) => hash)
  }
}
