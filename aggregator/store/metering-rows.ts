import { readingsKeptMs } from '@meterline/shared/metering/state.ts'
import { openScratchDatabase, type Database } from '@meterline/shared/sqlite/open.ts'
import { MeteringTable } from './metering-table.ts'
import { meteringTables } from './migrations/metering.ts'

/**
 * Everything the state of meters consists of, one text for each row in an order of their own: two files say the same about
 * meters exactly when these are equal. Readings too old to matter are left out, since they are dropped at leisure.
 */
export function* meteringRows(db: Database): IterableIterator<string> {
  const texts = [
    `SELECT 'series ' || key || ' ' || newest_ms || ' ' || newest_value || ' ' || integral || ' ' || charged AS text
     FROM metering_series ORDER BY key`,
    `SELECT 'reading ' || key || ' ' || time_ms || ' ' || value AS text
     FROM metering_series JOIN metering_reading ON series_id = id
     WHERE time_ms >= newest_ms - ${readingsKeptMs} ORDER BY key, time_ms, value`,
    `SELECT 'level ' || key || ' ' || value AS text FROM metering_level ORDER BY key`,
  ]
  for (const sql of texts) {
    for (const { text } of db.prepare<[], { text: string }>(sql).iterate()) yield text
  }
}

/** A state of meters beside that of a tenant's file, for working it out a second time; on disk, so that it may be large. */
export class MeteringScratch {
  readonly table: MeteringTable
  readonly #db: Database

  constructor() {
    this.#db = openScratchDatabase()
    this.#db.exec(meteringTables)
    this.table = new MeteringTable(this.#db)
  }

  /** Runs writes to the table together, which is faster than one by one. */
  together(write: () => void): void {
    this.#db.transaction(write)()
  }

  rows(): IterableIterator<string> {
    return meteringRows(this.#db)
  }

  close(): void {
    this.#db.close()
  }
}
