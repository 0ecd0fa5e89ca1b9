import type { Database } from '@meterline/shared/sqlite/open.ts'

/** A signed checkpoint of the log (C2SP signed note). */
export interface CheckpointRow {
  readonly size: number
  readonly note: string
  readonly sealedMs: number
}

/** Signed heads of the log, at most one per size. */
export class CheckpointTable {
  readonly #insert
  readonly #latest
  readonly #all

  constructor(db: Database) {
    const columns = 'size, note, sealed_ms AS sealedMs'
    this.#insert = db.prepare<[number, string, number]>(
      'INSERT INTO checkpoint (size, note, sealed_ms) VALUES (?, ?, ?) ON CONFLICT (size) DO NOTHING',
    )
    this.#latest = db.prepare<[], CheckpointRow>(`SELECT ${columns} FROM checkpoint ORDER BY size DESC LIMIT 1`)
    this.#all = db.prepare<[], CheckpointRow>(`SELECT ${columns} FROM checkpoint ORDER BY size`)
  }

  insert(row: CheckpointRow): void {
    this.#insert.run(row.size, row.note, row.sealedMs)
  }

  latest(): CheckpointRow | undefined {
    return this.#latest.get()
  }

  all(): readonly CheckpointRow[] {
    return this.#all.all()
  }
}
