import type { Database } from '@meterline/shared/sqlite/open.ts'
import { storedInteger } from './books-rows.ts'

/** What an agent pre-rated of one meter with one snapshot, against the version of record. */
export interface DriftRow {
  /** Such as `2026-11`: that of the usage. */
  readonly period: string
  readonly agent: string
  readonly seller: string
  readonly currency: string
  readonly meter: string
  /** Hash of the snapshot that was used, hexadecimal. */
  readonly snapshot: string
  /** Records that differ. */
  readonly records: number
  /** What they were pre-rated below the bound of record, and above it. */
  readonly shortMicros: bigint
  readonly excessMicros: bigint
}

type StoredDrift = Omit<DriftRow, 'shortMicros' | 'excessMicros'> & {
  readonly shortMicros: string
  readonly excessMicros: string
}

const columns = `period, agent, seller, currency, meter, lower(hex(snapshot)) AS snapshot, records,
  short_micros AS shortMicros, excess_micros AS excessMicros`
const place = 'period = ? AND agent = ? AND seller = ? AND currency = ? AND meter = ? AND snapshot = unhex(?)'

/** The drift of pre-rating, added up. */
export class DriftTable {
  readonly #find
  readonly #save
  readonly #list

  constructor(db: Database) {
    this.#find = db.prepare<[string, string, string, string, string, string], StoredDrift>(
      `SELECT ${columns} FROM drift WHERE ${place}`,
    )
    this.#save = db.prepare<[string, string, string, string, string, string, number, string, string]>(
      `INSERT OR REPLACE INTO drift
       (period, agent, seller, currency, meter, snapshot, records, short_micros, excess_micros)
       VALUES (?, ?, ?, ?, ?, unhex(?), ?, ?, ?)`,
    )
    this.#list = db.prepare<[{ readonly period: string | null; readonly limit: number }], StoredDrift>(
      `SELECT ${columns} FROM drift WHERE @period IS NULL OR period = @period
       ORDER BY period DESC, agent, seller, currency, meter, snapshot LIMIT @limit`,
    )
  }

  /** Adds to what is known of each place, inside the caller's transaction. */
  add(rows: readonly DriftRow[]): void {
    for (const row of rows) {
      const { period, agent, seller, currency, meter, snapshot } = row
      const stored = this.#find.get(period, agent, seller, currency, meter, snapshot)
      const before = stored === undefined ? null : driftOf(stored)
      this.#save.run(
        period,
        agent,
        seller,
        currency,
        meter,
        snapshot,
        row.records + (before?.records ?? 0),
        (row.shortMicros + (before?.shortMicros ?? 0n)).toString(),
        (row.excessMicros + (before?.excessMicros ?? 0n)).toString(),
      )
    }
  }

  /** At most `limit` rows, of one period or (null) of all, the newest period first. */
  list(period: string | null, limit: number): readonly DriftRow[] {
    return this.#list.all({ period, limit }).map(driftOf)
  }
}

/** All rows for verification, and after which log entry drift was kept. */
export function driftRows(db: Database): { readonly keptAfter: number; readonly rows: readonly DriftRow[] } {
  const origin = db.prepare<[], { afterLog: number }>('SELECT after_log AS afterLog FROM drift_origin').get()
  const rows = db.prepare<[], StoredDrift>(`SELECT ${columns} FROM drift`).all()
  return { keptAfter: origin?.afterLog ?? -1, rows: rows.map(driftOf) }
}

function driftOf(stored: StoredDrift): DriftRow {
  const where = `the drift of ${stored.meter} at agent ${stored.agent}`
  return {
    ...stored,
    shortMicros: storedInteger(stored.shortMicros, where),
    excessMicros: storedInteger(stored.excessMicros, where),
  }
}
