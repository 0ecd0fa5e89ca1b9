import type { Database } from '@meterline/shared/sqlite/open.ts'

/** One applied version of the tenant's catalogue. */
export interface CatalogueRow {
  readonly logIndex: number
  readonly contentHash: Uint8Array
  /** The tenant file's content in canonical form. */
  readonly content: Uint8Array
  readonly fileName: string
  readonly appliedMs: number
}

/** A version without its content, for lists. */
export type CatalogueRowHead = Omit<CatalogueRow, 'content'> & {
  /** Of the content. */
  readonly bytes: number
}

/** All versions of the catalogue; the newest is in force. */
export class CatalogueTable {
  readonly #insert
  readonly #latest
  readonly #first
  readonly #upTo
  readonly #heads

  constructor(db: Database) {
    this.#insert = db.prepare<[number, Uint8Array, Uint8Array, string, number]>(
      'INSERT INTO catalogue (log_index, content_hash, content, file_name, applied_ms) VALUES (?, ?, ?, ?, ?)',
    )
    const columns =
      'log_index AS logIndex, content_hash AS contentHash, content, file_name AS fileName, applied_ms AS appliedMs'
    this.#latest = db.prepare<[], CatalogueRow>(`SELECT ${columns} FROM catalogue ORDER BY log_index DESC LIMIT 1`)
    this.#first = db.prepare<[], CatalogueRow>(`SELECT ${columns} FROM catalogue ORDER BY log_index LIMIT 1`)
    this.#upTo = db.prepare<[number], CatalogueRow>(
      `SELECT ${columns} FROM catalogue WHERE log_index <= ? ORDER BY log_index DESC LIMIT 1`,
    )
    this.#heads = db.prepare<[number], CatalogueRowHead>(
      `SELECT log_index AS logIndex, content_hash AS contentHash, length(content) AS bytes, file_name AS fileName,
         applied_ms AS appliedMs
       FROM catalogue ORDER BY log_index DESC LIMIT ?`,
    )
  }

  insert(row: CatalogueRow): void {
    this.#insert.run(row.logIndex, row.contentHash, row.content, row.fileName, row.appliedMs)
  }

  latest(): CatalogueRow | undefined {
    return this.#latest.get()
  }

  /** The version that the books began with. */
  first(): CatalogueRow | undefined {
    return this.#first.get()
  }

  /** The version that was in force when the log reached `logIndex`. */
  inForceAt(logIndex: number): CatalogueRow | undefined {
    return this.#upTo.get(logIndex)
  }

  /** The newest versions first, at most so many. */
  list(limit: number): readonly CatalogueRowHead[] {
    return this.#heads.all(limit)
  }
}
