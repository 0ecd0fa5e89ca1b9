import type { Database } from '@meterline/shared/sqlite/open.ts'
import { rowSum } from './row-sums.ts'
import type { StoredValue } from './salvage-record.ts'

/** A recovery as the journal remembers it. */
export interface RecoveryRow {
  readonly recoveredMs: number
  readonly recoveredBy: string
  /** The name, beside the journal, of the one that was moved aside; null when there was none. */
  readonly movedTo: string | null
  /** The report, as JSON. */
  readonly report: string
}

const suspenseColumns = `identity, code, message, device, kind, event_id, first_ms, last_ms, times, payload_bytes, payload,
  rule, topic, idempotency_key, positions, boot_id, monotonic_ms, sync_state, sum`
const closedColumns = `identity, outcome, code, message, device, kind, rule, topic, event_id, first_ms, last_ms, times,
  payload_bytes, payload, events, duplicates, closed_ms, reason, closed_by, sum`
const evidenceColumns = `at_ms, code, message, held_generation, held_size, held_root, held_note, offered_generation,
  offered_note, from_size, consistency`

/**
 * What a recovery writes into a new journal: rows as they stood in another one, and the note that it was done. The
 * numbers of suspended things are kept where they are free, because people have them in hand. The caller owns the
 * transaction.
 */
export class RecoveryTables {
  readonly #db: Database

  constructor(db: Database) {
    this.#db = db
  }

  /** False: the same thing is in suspense already, or was discarded. `values` as `suspense` stores them. */
  takeSuspended(values: readonly StoredValue[]): boolean {
    const [id, identity] = values
    const discarded = this.#db
      .prepare(`SELECT 1 FROM suspense_closed WHERE identity = ? AND outcome = 'discarded'`)
      .get(identity)
    if (discarded !== undefined) return false
    const number = this.#isFree(Number(id)) ? id : this.#nextNumber()
    const { changes } = this.#db
      .prepare(`INSERT OR IGNORE INTO suspense (id, ${suspenseColumns}) VALUES (${placeholders(values.length)})`)
      .run(...summed(number, values))
    return changes > 0
  }

  /** False: it is there already. `values` as `suspense_closed` stores them. */
  takeClosed(values: readonly StoredValue[]): boolean {
    const [id, identity, outcome] = values
    const closedMs = values[17]
    const known = this.#db
      .prepare('SELECT 1 FROM suspense_closed WHERE identity = ? AND outcome = ? AND closed_ms = ?')
      .get(identity, outcome, closedMs)
    if (known !== undefined) return false
    const number = this.#isFree(Number(id)) ? id : this.#nextNumber()
    this.#db
      .prepare(`INSERT INTO suspense_closed (id, ${closedColumns}) VALUES (${placeholders(values.length)})`)
      .run(...summed(number, values))
    return true
  }

  /** Numbers that were given out before must not be given again: later ones are higher than all of them. */
  keepNumbers(): void {
    this.#db
      .prepare(
        `INSERT INTO sqlite_sequence (name, seq)
         SELECT 'suspense', 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = 'suspense')`,
      )
      .run()
    this.#db
      .prepare(
        `UPDATE sqlite_sequence SET seq = max(seq, (SELECT ifnull(max(id), 0) FROM suspense_closed)) WHERE name = 'suspense'`,
      )
      .run()
  }

  /** Of two births of the same node the later one counts. `values` as `sparkplug_birth` stores them. */
  takeBirth(values: readonly StoredValue[]): void {
    this.#db
      .prepare(
        `INSERT INTO sparkplug_birth VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
         SET timestamp_ms = excluded.timestamp_ms, metrics = excluded.metrics, sum = excluded.sum
         WHERE excluded.timestamp_ms > timestamp_ms`,
      )
      .run(...summed(values[0], values))
  }

  /** `values` as `log_evidence` stores them, its number left out. */
  takeEvidence(values: readonly StoredValue[]): void {
    this.#db
      .prepare(`INSERT INTO log_evidence (${evidenceColumns}) VALUES (${placeholders(values.length)})`)
      .run(...values)
  }

  note({ recoveredMs, recoveredBy, movedTo, report }: RecoveryRow): void {
    const { last } = this.#db
      .prepare<[], { last: number }>('SELECT ifnull(max(id), 0) AS last FROM recovery')
      .get() ?? { last: 0 }
    const row = [last + 1, recoveredMs, recoveredBy, movedTo, report]
    this.#db.prepare('INSERT INTO recovery VALUES (?, ?, ?, ?, ?, ?)').run(...row, rowSum(row))
  }

  /** The recoveries that led to this journal, newest first. */
  notes(most: number): RecoveryRow[] {
    return this.#db
      .prepare<[number], RecoveryRow>(
        `SELECT recovered_ms AS recoveredMs, recovered_by AS recoveredBy, moved_to AS movedTo, report
         FROM recovery ORDER BY id DESC LIMIT ?`,
      )
      .all(most)
  }

  #isFree(id: number): boolean {
    const taken = this.#db
      .prepare('SELECT 1 FROM suspense WHERE id = ? UNION ALL SELECT 1 FROM suspense_closed WHERE id = ?')
      .get(id, id)
    return taken === undefined
  }

  #nextNumber(): number {
    const row = this.#db
      .prepare<[], { last: number }>(
        `SELECT max(ifnull((SELECT max(id) FROM suspense), 0), ifnull((SELECT max(id) FROM suspense_closed), 0)) AS last`,
      )
      .get()
    return (row?.last ?? 0) + 1
  }
}

/** A row under its new number, with its new sum. */
function summed(number: StoredValue | undefined, values: readonly StoredValue[]): unknown[] {
  const row = [number, ...values.slice(1, -1)]
  return [...row, rowSum(row)]
}

function placeholders(count: number): string {
  return Array.from({ length: count }, () => '?').join(', ')
}
