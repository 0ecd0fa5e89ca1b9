import type { AggregatorFile, CheckpointRow } from './aggregator-file.ts'
import type { Findings } from './findings.ts'
import type { LogTree } from './log-tree.ts'

/** A checkpoint's text: the name of the log, its size and its root, a line each (C2SP tlog-checkpoint). */
interface Head {
  readonly origin: string
  readonly size: number
  readonly root: string
}

/**
 * I13: every checkpoint commits to the first entries of the log as the oracle read them, so any two of one generation are
 * consistent; sizes never fall; and a checkpoint that was given out stays word for word what it was.
 */
export class CheckpointWatch {
  readonly #findings: Findings
  readonly #tenant: string
  readonly #tree: LogTree
  /** Checkpoints by size, as they were seen first. */
  readonly #seen = new Map<number, string>()
  #largest = 0
  #generation = 1

  constructor(findings: Findings, tenant: string, tree: LogTree) {
    this.#findings = findings
    this.#tenant = tenant
    this.#tree = tree
  }

  /** Looks at what was sealed since the last time; the log has been followed before. */
  advance(file: AggregatorFile): void {
    for (const row of file.checkpointsAfter(this.#largest)) this.#take(row)
  }

  /** Reads every checkpoint again. */
  recheck(file: AggregatorFile): void {
    const rows = new Map(file.checkpointsAfter(-1).map((row) => [row.size, row.note]))
    for (const [size, note] of this.#seen) {
      const kept = rows.get(size)
      this.#demand(kept !== undefined, () => `the checkpoint of ${size} entries is gone`)
      this.#demand(
        kept === undefined || kept === note,
        () => `the checkpoint of ${size} entries says something else now`,
      )
    }
    for (const [size, note] of rows) if (!this.#seen.has(size)) this.#take({ size, note })
  }

  #take({ size, note }: CheckpointRow): void {
    const head = headOf(note)
    const generation = head === null ? null : generationOf(head.origin, this.#tenant)
    if (head === null || generation === null) {
      this.#findings.add(
        'I13',
        `the checkpoint stored for ${size} entries is none of ${this.#tenant}: ${firstLine(note)}`,
      )
    } else {
      this.#demand(head.size === size, () => `the checkpoint stored for ${size} entries speaks of ${head.size}`)
      this.#demand(
        size > this.#largest,
        () => `a checkpoint of ${size} entries was sealed after one of ${this.#largest}: the size falls`,
      )
      this.#demand(
        generation >= this.#generation,
        () => `the checkpoint of ${size} entries is of generation ${generation}, after one of ${this.#generation}`,
      )
      const isCovered = head.size <= this.#tree.size
      this.#demand(isCovered, () => `a checkpoint covers ${head.size} entries, the log has ${this.#tree.size}`)
      this.#demand(
        !isCovered || head.root === this.#tree.rootAt(head.size),
        () => `the checkpoint of ${size} entries has root ${head.root}, the log's is ${this.#tree.rootAt(head.size)}`,
      )
      this.#generation = Math.max(this.#generation, generation)
    }
    this.#seen.set(size, note)
    this.#largest = Math.max(this.#largest, size)
  }

  #demand(holds: boolean, message: () => string): void {
    this.#findings.demand(holds, 'I13', message)
  }
}

function headOf(note: string): Head | null {
  const [origin, size, root] = note.split('\n')
  if (origin === undefined || size === undefined || root === undefined || !/^\d+$/.test(size)) return null
  return { origin, size: Number(size), root }
}

/** `meterline/<tenant>` in the first generation, `meterline/<tenant>/<generation>` in later ones; null for other logs. */
function generationOf(origin: string, tenant: string): number | null {
  if (origin === `meterline/${tenant}`) return 1
  const generation = new RegExp(`^meterline/${tenant}/([1-9]\\d*)$`).exec(origin)?.[1]
  return generation === undefined || generation === '1' ? null : Number(generation)
}

function firstLine(note: string): string {
  return JSON.stringify(note.split('\n')[0] ?? '')
}
