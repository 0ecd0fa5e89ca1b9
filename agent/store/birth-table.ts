import type { Statement } from 'better-sqlite3'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import { rowSum } from './row-sums.ts'
import type { Birth, BornMetric } from '../domain/mapping/birth-book.ts'

interface BirthRow {
  readonly publisher: string
  readonly group: string
  readonly node: string
  /** Empty for the node itself. */
  readonly device: string
  readonly timestampMs: number
  /** JSON: `[name, alias as digits or null, data type or null]` for each metric. */
  readonly metrics: string
}

/**
 * What the births of Sparkplug nodes and devices said, so that messages which name their metrics by alias are understood
 * after a restart as well. One row a birth, replaced by the next. The caller owns the transaction and the caps.
 */
export class BirthTable {
  readonly #db: Database
  readonly #write: Statement<[BirthRow & { readonly sum: number }]>

  constructor(db: Database) {
    this.#db = db
    this.#write = db.prepare(
      `INSERT INTO sparkplug_birth (publisher, group_id, node, device, timestamp_ms, metrics, sum)
       VALUES (:publisher, :group, :node, :device, :timestampMs, :metrics, :sum)
       ON CONFLICT DO UPDATE
       SET timestamp_ms = excluded.timestamp_ms, metrics = excluded.metrics, sum = excluded.sum`,
    )
  }

  write({ scope, timestampMs, metrics }: Birth): void {
    const { publisher, group, node, device } = scope
    const rows = metrics.map(({ name, alias, datatype }) => [name, alias?.toString() ?? null, datatype])
    const row = { publisher, group, node, device: device ?? '', timestampMs, metrics: JSON.stringify(rows) }
    const sum = rowSum([publisher, group, node, row.device, timestampMs, row.metrics])
    this.#write.run({ ...row, sum })
  }

  all(): readonly Birth[] {
    const rows = this.#db
      .prepare<[], BirthRow>(
        `SELECT publisher, group_id AS "group", node, device, timestamp_ms AS timestampMs, metrics FROM sparkplug_birth`,
      )
      .all()
    return rows.map(({ publisher, group, node, device, timestampMs, metrics }) => ({
      scope: { publisher, group, node, device: device === '' ? null : device },
      timestampMs,
      metrics: (JSON.parse(metrics) as readonly [string, string | null, number | null][]).map(
        ([name, alias, datatype]): BornMetric => ({ name, alias: alias === null ? null : BigInt(alias), datatype }),
      ),
    }))
  }
}
