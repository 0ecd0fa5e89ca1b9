import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { UnitPlace } from './suspense-table.ts'

/** A void of a unit as it lies in the file. */
export interface StoredVoid {
  readonly batchIndex: number
  readonly unit: number
  readonly voidedBy: string
  readonly reason: string
}

/** What a release put in the place of a voided unit, as it lies in the file. */
export interface StoredReplacement {
  readonly voided: UnitPlace
  readonly by: UnitPlace
}

/** Reads, for verification, which units were taken back and what was charged in their places. */
export class VoidRows {
  readonly #ofEntry
  readonly #voidedAt
  readonly #ofRelease

  constructor(db: Database) {
    this.#ofEntry = db.prepare<[number], StoredVoid>(
      `SELECT batch_index AS batchIndex, unit, voided_by AS voidedBy, reason FROM usage_void
       WHERE log_index = ? ORDER BY unit`,
    )
    this.#voidedAt = db
      .prepare<[number, number], number>('SELECT log_index FROM usage_void WHERE batch_index = ? AND unit = ?')
      .pluck()
    this.#ofRelease = db.prepare<[number], { batchIndex: number; unit: number; byBatchIndex: number; byUnit: number }>(
      `SELECT batch_index AS batchIndex, unit, by_batch_index AS byBatchIndex, by_unit AS byUnit FROM event_replacement
       WHERE log_index = ? ORDER BY by_batch_index, by_unit`,
    )
  }

  /** What a log entry took back, by unit. */
  ofEntry(logIndex: number): readonly StoredVoid[] {
    return this.#ofEntry.all(logIndex)
  }

  /** Log index of the void of a unit; undefined when it was not taken back. */
  voidedAt(batchIndex: number, unit: number): number | undefined {
    return this.#voidedAt.get(batchIndex, unit)
  }

  /** What a release put in the places of voided units, by what it put there. */
  ofRelease(logIndex: number): readonly StoredReplacement[] {
    return this.#ofRelease
      .all(logIndex)
      .map(({ batchIndex, unit, byBatchIndex, byUnit }) => ({
        voided: { logIndex: batchIndex, unit },
        by: { logIndex: byBatchIndex, unit: byUnit },
      }))
  }
}
