import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { StoredDecision } from './books-rows.ts'

/** Reads, for verification, which units are not charged: in suspense, decided about, or only compared. */
export class DispositionRows {
  readonly #db: Database
  readonly #suspended
  readonly #decisions
  readonly #controls

  constructor(db: Database) {
    this.#db = db
    this.#suspended = db.prepare<[number], { unit: number; code: string }>(
      'SELECT unit, code FROM suspense WHERE batch_index = ? ORDER BY unit',
    )
    this.#decisions = db.prepare<[number], StoredDecision>(
      `SELECT batch_index AS batchIndex, unit, kind, decided_by AS decidedBy, reason
       FROM suspense_decision WHERE log_index = ? ORDER BY unit`,
    )
    this.#controls = db.prepare<[number], { unit: number; rule: string }>(
      'SELECT unit, rule FROM control_unit WHERE batch_index = ? ORDER BY unit',
    )
  }

  /** Units of a batch that were put to suspense, by unit, whatever was decided about them since. */
  suspended(batchIndex: number): readonly { readonly unit: number; readonly code: string }[] {
    return this.#suspended.all(batchIndex)
  }

  /** What a log entry decided about suspended units, by unit. */
  decisions(logIndex: number): readonly StoredDecision[] {
    return this.#decisions.all(logIndex)
  }

  /** Units of a batch that are only compared, by unit. */
  controls(batchIndex: number): readonly { readonly unit: number; readonly rule: string }[] {
    return this.#controls.all(batchIndex)
  }

  /** Units that are in suspense by one table and not by the others that it follows from, and the reverse. */
  strayUnits(): readonly { readonly batchIndex: number; readonly unit: number }[] {
    const decided = 'SELECT batch_index, unit FROM suspense_decision'
    const left = `SELECT batch_index, unit FROM suspense EXCEPT ${decided}`
    const open = 'SELECT batch_index, unit FROM suspense_open'
    return this.#db
      .prepare<[], { batchIndex: number; unit: number }>(
        `SELECT batch_index AS batchIndex, unit FROM (SELECT * FROM (${left}) EXCEPT ${open})
         UNION ALL SELECT batch_index, unit FROM (${open} EXCEPT SELECT * FROM (${left}))
         UNION ALL SELECT batch_index, unit FROM (${decided} EXCEPT SELECT batch_index, unit FROM suspense)
         LIMIT 100`,
      )
      .all()
  }
}
