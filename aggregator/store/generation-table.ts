import type { NumberGap } from '@meterline/shared/model/log-entry.ts'
import type { SignedRestore } from '@meterline/shared/model/restore-declaration.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'

/** A generation of the log that began with a restore from a backup. */
export interface GenerationRow {
  /** 2 or more: nobody declared the first. */
  readonly generation: number
  /** Place of the restore entry: as many entries of the generation before were kept. */
  readonly logIndex: number
  readonly restore: SignedRestore
}

interface StoredGeneration extends SignedRestore {
  readonly generation: number
  readonly logIndex: number
}

/** The generations of a log and the numbers that restores left unused. */
export class GenerationTable {
  readonly #insert
  readonly #insertGap
  #rows: readonly GenerationRow[]

  constructor(db: Database) {
    this.#insert = db.prepare<[number, number, Uint8Array, Uint8Array]>(
      'INSERT INTO generation (generation, log_index, declaration, signature) VALUES (?, ?, ?, ?)',
    )
    this.#insertGap = db.prepare<[number, string, string, number, number]>(
      'INSERT INTO number_gap (log_index, entity, series, first_number, last_number) VALUES (?, ?, ?, ?, ?)',
    )
    this.#rows = generationRows(db)
  }

  /** Which life of the log this is, from 1. */
  get current(): number {
    return this.#rows.at(-1)?.generation ?? 1
  }

  /** Generations after the first that this log descends from, itself the last. */
  all(): readonly GenerationRow[] {
    return this.#rows
  }

  insert(row: GenerationRow, numberGaps: readonly NumberGap[]): void {
    const { generation, logIndex, restore } = row
    this.#insert.run(generation, logIndex, restore.bytes, restore.signature)
    for (const { entity, series, from, to } of numberGaps) this.#insertGap.run(logIndex, entity, series, from, to)
    this.#rows = [...this.#rows, row]
  }
}

/** The rows of generations in their order; there are as many as there were restores. */
export function generationRows(db: Database): readonly GenerationRow[] {
  return db
    .prepare<[], StoredGeneration>(
      'SELECT generation, log_index AS logIndex, declaration AS bytes, signature FROM generation ORDER BY generation',
    )
    .all()
    .map(({ generation, logIndex, bytes, signature }) => ({ generation, logIndex, restore: { bytes, signature } }))
}

/** The numbers that one restore left unused, as the log has them: by entity and series. */
export function numberGapsOf(db: Database, logIndex: number): readonly NumberGap[] {
  return db
    .prepare<[number], NumberGap>(
      `SELECT entity, series, first_number AS "from", last_number AS "to"
       FROM number_gap WHERE log_index = ? ORDER BY entity, series`,
    )
    .all(logIndex)
}
