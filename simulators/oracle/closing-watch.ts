import type { AggregatorFile } from './aggregator-file.ts'
import type { Findings } from './findings.ts'
import type { LogWatch } from './log-watch.ts'

/** Follows which periods are closed (I10): what was received before is rated by then, and no period is open again. */
export class ClosingWatch {
  readonly #findings: Findings
  #closing: ReadonlySet<string> = new Set()
  #closed: ReadonlySet<string> = new Set()

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Periods of which nobody waited for his bill any more when this was last looked at. */
  get closed(): ReadonlySet<string> {
    return this.#closed
  }

  /** Periods whose closing had begun, those that are closed among them. */
  get begun(): ReadonlySet<string> {
    return this.#closing
  }

  advance(file: AggregatorFile, { lastBatch }: LogWatch): void {
    const rows = file.periods()
    const periods = new Set(rows.map(({ key }) => key))
    for (const period of this.#closing)
      this.#findings.demand(periods.has(period), 'I10', () => `${period} was closed and is open again`)
    for (const period of periods) {
      if (this.#closing.has(period)) continue
      const cursor = file.ratingCursor()
      this.#findings.demand(
        cursor === lastBatch,
        'I10',
        () => `${period} was closed with batch ${lastBatch} received and rated up to ${cursor}`,
      )
    }
    const closed = new Set(rows.flatMap(({ key, state }) => (state === 'closed' ? [key] : [])))
    for (const period of this.#closed)
      this.#findings.demand(closed.has(period), 'I10', () => `${period} was closed and is being closed again`)
    this.#closing = periods
    this.#closed = closed
  }
}
