import { assertThat } from '@meterline/shared/base/errors.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { UnitPlace } from './suspense-table.ts'

/** A charged unit that somebody took back. */
export interface VoidRow extends UnitPlace {
  /** Log index of the entry that says so. */
  readonly voidedIndex: number
  readonly voidedMs: number
  readonly voidedBy: string
  readonly reason: string
}

/** A unit that was charged in the place of one that was taken back: both are of the same event. */
export interface ReplacementRow {
  readonly voided: UnitPlace
  readonly by: UnitPlace
  /** Log index of the release that charged it. */
  readonly releaseIndex: number
}

/** Each of them takes two commands of a person about one event: more are a circle in a damaged file. */
const mostReplacements = 100_000

interface PlaceColumns {
  readonly logIndex: number
  readonly unit: number
}

/** Charged units that were taken back, and what took their places. */
export class VoidTable {
  readonly #insert
  readonly #replace
  readonly #find
  readonly #replacement

  constructor(db: Database) {
    this.#insert = db.prepare<[number, number, number, number, string, string]>(
      `INSERT INTO usage_void (batch_index, unit, log_index, voided_ms, voided_by, reason) VALUES (?, ?, ?, ?, ?, ?)`,
    )
    this.#replace = db.prepare<[number, number, number, number, number]>(
      `INSERT INTO event_replacement (batch_index, unit, by_batch_index, by_unit, log_index) VALUES (?, ?, ?, ?, ?)`,
    )
    this.#find = db.prepare<[number, number], VoidRow>(
      `SELECT batch_index AS logIndex, unit, log_index AS voidedIndex, voided_ms AS voidedMs, voided_by AS voidedBy, reason
       FROM usage_void WHERE batch_index = ? AND unit = ?`,
    )
    this.#replacement = db.prepare<[number, number], PlaceColumns>(
      `SELECT by_batch_index AS logIndex, by_unit AS unit FROM event_replacement WHERE batch_index = ? AND unit = ?`,
    )
  }

  /** Takes a unit back, inside the caller's transaction. A second time is refused by the file. */
  insert({ logIndex, unit, voidedIndex, voidedMs, voidedBy, reason }: VoidRow): void {
    this.#insert.run(logIndex, unit, voidedIndex, voidedMs, voidedBy, reason)
  }

  /** Notes what was charged in the place of a voided unit, inside the caller's transaction. */
  replace({ voided, by, releaseIndex }: ReplacementRow): void {
    this.#replace.run(voided.logIndex, voided.unit, by.logIndex, by.unit, releaseIndex)
  }

  /** What is known of a unit that was taken back; undefined when it was not. */
  find({ logIndex, unit }: UnitPlace): VoidRow | undefined {
    return this.#find.get(logIndex, unit)
  }

  /** What was charged in the place of a voided unit; undefined when nothing was. */
  replacement({ logIndex, unit }: UnitPlace): UnitPlace | undefined {
    return this.#replacement.get(logIndex, unit)
  }

  /** The unit that stands for an event now, given the one that came first: each that was replaced gives way to the next. */
  standing(first: UnitPlace): UnitPlace {
    let place = first
    for (let steps = 0; steps < mostReplacements; steps++) {
      const next = this.replacement(place)
      if (next === undefined) return place
      place = next
    }
    assertThat(false, `the units in the place of ${first.logIndex}:${first.unit} come to an end`)
  }
}
