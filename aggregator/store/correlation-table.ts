import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { ComparedRecord } from '../domain/correlation/pair-records.ts'

/** A unit that is only compared, and the correlation that says so. */
export interface ControlRow {
  readonly logIndex: number
  readonly unit: number
  readonly rule: string
}

/** A record that a correlation compares, as it is kept. */
export interface ComparedRow extends ComparedRecord {
  readonly rule: string
  readonly subject: string
}

/** Compared records of a tenant that are kept at most; further ones are not compared. */
const mostCompared = 2_000_000

/** Units for control, for ever; compared records, as long as the caller's `prune` leaves them. */
export class CorrelationTable {
  readonly #insertControl
  readonly #findControl
  readonly #insert
  readonly #subjects
  readonly #records
  readonly #prune
  readonly #most: number
  #compared: number
  #prunedTo = -Infinity

  /** Keeps `most` records at most. */
  constructor(db: Database, most = mostCompared) {
    this.#most = most
    this.#insertControl = db.prepare<[number, number, string]>(
      'INSERT INTO control_unit (batch_index, unit, rule) VALUES (?, ?, ?)',
    )
    this.#findControl = db.prepare<[number, number], { rule: string }>(
      'SELECT rule FROM control_unit WHERE batch_index = ? AND unit = ?',
    )
    this.#insert = db.prepare<[string, string, string, number, string, string | null, string, number, number]>(
      `INSERT INTO compared_record (rule, side, subject, time_ms, source, event_id, quantity, batch_index, unit)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#subjects = db.prepare<[string, number, number], { subject: string }>(
      `SELECT DISTINCT subject FROM compared_record WHERE rule = ? AND time_ms >= ? AND time_ms < ? ORDER BY subject`,
    )
    this.#records = db.prepare<
      [string, string, number, number],
      Omit<ComparedRecord, 'quantity'> & { quantity: string }
    >(
      `SELECT side, time_ms AS timeMs, source, event_id AS eventId, quantity, batch_index AS batchIndex, unit
       FROM compared_record WHERE rule = ? AND subject = ? AND time_ms >= ? AND time_ms < ?`,
    )
    this.#prune = db.prepare<[number]>('DELETE FROM compared_record WHERE time_ms < ?')
    this.#compared =
      db.prepare<[], { count: number }>('SELECT count(*) AS count FROM compared_record').get()?.count ?? 0
  }

  insertControls(rows: readonly ControlRow[]): void {
    for (const { logIndex, unit, rule } of rows) this.#insertControl.run(logIndex, unit, rule)
  }

  /** The correlation that a unit is for control of; undefined when it is for none. */
  controlRule(logIndex: number, unit: number): string | undefined {
    return this.#findControl.get(logIndex, unit)?.rule
  }

  /** Keeps records to compare, inside the caller's transaction; returns how many found no room. */
  keep(rows: readonly ComparedRow[]): number {
    const kept = rows.slice(0, Math.max(0, this.#most - this.#compared))
    for (const { rule, side, subject, timeMs, source, eventId, quantity, batchIndex, unit } of kept) {
      this.#insert.run(rule, side, subject, timeMs, source, eventId, quantity.toString(), batchIndex, unit)
    }
    this.#compared += kept.length
    return rows.length - kept.length
  }

  /** Forgets records from before an instant; looks once for each such instant. */
  prune(beforeMs: number): void {
    if (beforeMs <= this.#prunedTo) return
    this.#prunedTo = beforeMs
    this.#compared -= this.#prune.run(beforeMs).changes
  }

  /** Subjects with records of a rule in a stretch of time, sorted. */
  subjects(rule: string, fromMs: number, toMs: number): readonly string[] {
    return this.#subjects.all(rule, fromMs, toMs).map(({ subject }) => subject)
  }

  /** The records of one subject in a stretch of time, in any order. */
  records(rule: string, subject: string, fromMs: number, toMs: number): readonly ComparedRecord[] {
    return this.#records
      .all(rule, subject, fromMs, toMs)
      .map(({ quantity, ...record }) => ({ ...record, quantity: BigInt(quantity) }))
  }
}
