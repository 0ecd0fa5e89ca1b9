import type { Database } from '@meterline/shared/sqlite/open.ts'

/** A rating unit that could not be used, and why; its content stays in the batch it came in. */
export interface SuspenseRow {
  readonly logIndex: number
  readonly unit: number
  readonly code: string
  readonly message: string
  readonly source: string
  readonly eventId: string | null
  readonly subject: string
  readonly timeMs: number
}

/** Units in suspense, by the log index of their batch and their place in it. */
export class SuspenseTable {
  readonly #insert
  readonly #list
  readonly #find

  constructor(db: Database) {
    this.#insert = db.prepare<[number, number, string, string, string, string | null, string, number]>(
      `INSERT INTO suspense (batch_index, unit, code, message, source, event_id, subject, time_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#list = db.prepare<[number, number, number], SuspenseRow>(
      `SELECT batch_index AS logIndex, unit, code, message, source, event_id AS eventId, subject, time_ms AS timeMs
       FROM suspense WHERE (batch_index, unit) > (?, ?) ORDER BY batch_index, unit LIMIT ?`,
    )
    this.#find = db.prepare<[number, number], { code: string; message: string }>(
      'SELECT code, message FROM suspense WHERE batch_index = ? AND unit = ?',
    )
  }

  insert(row: SuspenseRow): void {
    const { logIndex, unit, code, message, source, eventId, subject, timeMs } = row
    this.#insert.run(logIndex, unit, code, message, source, eventId, subject, timeMs)
  }

  /** At most `limit` units after the given place, in order. */
  list(after: { readonly logIndex: number; readonly unit: number }, limit: number): readonly SuspenseRow[] {
    return this.#list.all(after.logIndex, after.unit, limit)
  }

  find(logIndex: number, unit: number): { readonly code: string; readonly message: string } | undefined {
    return this.#find.get(logIndex, unit)
  }
}
