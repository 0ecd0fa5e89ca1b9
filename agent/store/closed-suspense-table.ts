import type { Statement } from 'better-sqlite3'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import { rowSum } from './row-sums.ts'
import type { SuspenseRow } from './suspense-table.ts'

/** What became of something that was in suspense. */
export interface Closing {
  readonly outcome: 'replayed' | 'discarded'
  readonly closedMs: number
  /** Events that were journalled from it, and those of it that were there already. */
  readonly events: number
  readonly duplicates: number
  /** Why it was discarded, and the name of who decided it; null for a replay. */
  readonly reason: string | null
  readonly closedBy: string | null
}

/** A closed row as a list shows it. */
export interface ClosedHead extends Closing {
  readonly id: number
  readonly code: string
  readonly message: string
  readonly device: string
  readonly eventId: string | null
  readonly firstMs: number
  readonly times: number
  readonly payloadBytes: number
}

const columns = `id, outcome, closed_ms AS closedMs, events, duplicates, reason, closed_by AS closedBy, code, message,
  device, event_id AS eventId, first_ms AS firstMs, times, payload_bytes AS payloadBytes`

/**
 * What left the suspense and what became of it. Discarded rows stay for ever with what they held, and the same thing
 * delivered again is counted here; of replayed rows the payload is let go, since its content is in batches now, and after
 * the retention of event keys the row as well. The caller owns the transaction.
 */
export class ClosedSuspenseTable {
  readonly #db: Database
  readonly #insert: Statement<[Record<string, unknown>]>
  readonly #discarded: Statement<[Uint8Array], number>
  readonly #again: Statement<[number, number]>
  readonly #prune: Statement<[number]>
  readonly #columns: Statement<[number], unknown[]>
  readonly #setSum: Statement<[number, number]>

  constructor(db: Database) {
    this.#db = db
    this.#insert = db.prepare(
      `INSERT INTO suspense_closed (id, identity, outcome, code, message, device, kind, rule, topic, event_id, first_ms,
         last_ms, times, payload_bytes, payload, events, duplicates, closed_ms, reason, closed_by)
       VALUES (:id, :identity, :outcome, :code, :message, :device, :kind, :rule, :topic, :eventId, :firstMs,
         :lastMs, :times, :payloadBytes, :payload, :events, :duplicates, :closedMs, :reason, :closedBy)`,
    )
    this.#discarded = db
      .prepare<[Uint8Array], number>(`SELECT id FROM suspense_closed WHERE identity = ? AND outcome = 'discarded'`)
      .pluck()
    this.#columns = db.prepare<[number], unknown[]>('SELECT * FROM suspense_closed WHERE id = ?').raw()
    this.#setSum = db.prepare('UPDATE suspense_closed SET sum = ? WHERE id = ?')
    this.#again = db.prepare('UPDATE suspense_closed SET times = times + 1, last_ms = ? WHERE id = ?')
    this.#prune = db.prepare(`DELETE FROM suspense_closed WHERE outcome = 'replayed' AND closed_ms < ?`)
  }

  insert(row: SuspenseRow, closing: Closing): void {
    const { id, identity, code, message, device, kind, rule, topic, eventId } = row
    const { firstMs, lastMs, times, payloadBytes } = row
    const payload = closing.outcome === 'discarded' ? row.payload : null
    const what = { id, identity, code, message, device, kind, rule, topic, eventId, firstMs, lastMs, times }
    this.#insert.run({ ...what, payloadBytes, payload, ...closing })
    this.#sum(id)
  }

  /** The discarded row that held exactly this, or null. */
  findDiscarded(identity: Uint8Array): number | null {
    return this.#discarded.get(identity) ?? null
  }

  countAgain(id: number, atMs: number): void {
    this.#again.run(atMs, id)
    this.#sum(id)
  }

  /** Notes that the row is what it is now. */
  #sum(id: number): void {
    this.#setSum.run(rowSum((this.#columns.get(id) ?? []).slice(0, -1)), id)
  }

  find(id: number): ClosedHead | null {
    return this.#db.prepare<[number], ClosedHead>(`SELECT ${columns} FROM suspense_closed WHERE id = ?`).get(id) ?? null
  }

  /** Rows numbered above `after`, in ascending order. */
  list(after: number, limit: number): ClosedHead[] {
    return this.#db
      .prepare<[number, number], ClosedHead>(`SELECT ${columns} FROM suspense_closed WHERE id > ? ORDER BY id LIMIT ?`)
      .all(after, limit)
  }

  counts(): { readonly replayed: number; readonly discarded: number } {
    const rows = this.#db
      .prepare<[], { outcome: string; count: number }>(
        'SELECT outcome, count(*) AS count FROM suspense_closed GROUP BY outcome',
      )
      .all()
    const of = (outcome: string): number => rows.find((row) => row.outcome === outcome)?.count ?? 0
    return { replayed: of('replayed'), discarded: of('discarded') }
  }

  /** Lets go of what was replayed before the given time. */
  prune(beforeMs: number): void {
    this.#prune.run(beforeMs)
  }
}
