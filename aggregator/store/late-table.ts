import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { RelationParts } from '../domain/billing/billed-relation.ts'
import type { ChargedRelation } from '../domain/rating-of-record/rated-partitions.ts'

/** That what is due between two parties for a period that is billed may have changed since. */
export type LateMark = ChargedRelation

/** Relations whose documents are behind what is due, by period. */
export class LateTable {
  readonly #mark
  readonly #clear
  readonly #ofRelation
  readonly #list

  constructor(db: Database) {
    this.#mark = db.prepare<[LateMark]>(
      `INSERT OR IGNORE INTO late_mark (period, seller, buyer, currency) VALUES (@period, @seller, @buyer, @currency)`,
    )
    this.#clear = db.prepare<[LateMark]>(
      `DELETE FROM late_mark
       WHERE seller = @seller AND buyer = @buyer AND currency = @currency AND period = @period`,
    )
    this.#ofRelation = db
      .prepare<[RelationParts], string>(
        `SELECT period FROM late_mark WHERE seller = @seller AND buyer = @buyer AND currency = @currency ORDER BY period`,
      )
      .pluck()
    this.#list = db.prepare<[], LateMark>(
      'SELECT period, seller, buyer, currency FROM late_mark ORDER BY seller, buyer, currency, period',
    )
  }

  /** Sets marks, those that are set already included, inside the caller's transaction. */
  mark(rows: readonly LateMark[]): void {
    for (const { period, seller, buyer, currency } of rows) this.#mark.run({ period, seller, buyer, currency })
  }

  /** Takes marks away, inside the caller's transaction. */
  clear(rows: readonly LateMark[]): void {
    for (const { period, seller, buyer, currency } of rows) this.#clear.run({ period, seller, buyer, currency })
  }

  /** Keys of the periods that are marked for a relation, in their order. */
  periodsOf({ seller, buyer, currency }: RelationParts): readonly string[] {
    return this.#ofRelation.all({ seller, buyer, currency })
  }

  /** All marks, by seller, buyer, currency and period. */
  list(): readonly LateMark[] {
    return this.#list.all()
  }
}
