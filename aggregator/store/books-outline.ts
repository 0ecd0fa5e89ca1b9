import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { DocumentHead } from './document-table.ts'

/** The last number given in a series of a legal entity, also to documents that an earlier restore lost. */
export interface SeriesNumber {
  readonly entity: string
  readonly series: string
  readonly last: number
}

/** The end of an agent's chain. */
export interface ChainEnd {
  readonly agent: string
  readonly epoch: number
  readonly receivedSeq: number
}

/**
 * What two files of books are compared by when one takes the other's place. It also reads files of earlier versions,
 * which had no generations, and damaged ones as far as their pages go: each method may throw by itself.
 */
export class BooksOutline {
  readonly #db: Database
  readonly #hasGenerations: boolean

  constructor(file: string) {
    const db = openDatabase({ file, readOnly: true })
    try {
      this.#db = db
      const table = db.prepare<[], { found: number }>(
        `SELECT 1 AS found FROM sqlite_schema WHERE type = 'table' AND name = 'generation'`,
      )
      this.#hasGenerations = table.get() !== undefined
    } catch (error) {
      db.close()
      throw error
    }
  }

  close(): void {
    this.#db.close()
  }

  /** Entries of the log. */
  size(): number {
    return (
      this.#db.prepare<[], { size: number }>('SELECT size FROM log_head WHERE one = 1').get()?.size ??
      this.#count('log')
    )
  }

  /** Generations after the first, in their order, each with how many entries it kept of the one before. */
  generations(): readonly { readonly generation: number; readonly kept: number }[] {
    if (!this.#hasGenerations) return []
    return this.#db
      .prepare<[], { generation: number; kept: number }>(
        'SELECT generation, log_index AS kept FROM generation ORDER BY generation',
      )
      .all()
  }

  leaf(logIndex: number): Uint8Array | undefined {
    return this.#db.prepare<[number], { leaf: Uint8Array }>('SELECT leaf FROM log WHERE log_index = ?').get(logIndex)
      ?.leaf
  }

  /** How many rows of a table stand for log entries from this one on. */
  countFrom(table: 'batch' | 'catalogue', logIndex: number): number {
    return this.#count(`${table} WHERE log_index >= ${logIndex}`)
  }

  documentsFrom(logIndex: number): readonly DocumentHead[] {
    return this.#db
      .prepare<[number], DocumentHead>(
        `SELECT entity, series, sequence, number, buyer, period, currency, total, log_index AS logIndex
         FROM document WHERE log_index >= ? ORDER BY log_index`,
      )
      .all(logIndex)
  }

  lastNumbers(): readonly SeriesNumber[] {
    const left = this.#hasGenerations ? 'UNION ALL SELECT entity, series, last_number FROM number_gap' : ''
    return this.#db
      .prepare<[], SeriesNumber>(
        `SELECT entity, series, max(sequence) AS last FROM (SELECT entity, series, sequence FROM document ${left})
         GROUP BY entity, series ORDER BY entity, series`,
      )
      .all()
  }

  chains(): readonly ChainEnd[] {
    return this.#db
      .prepare<[], ChainEnd>(
        'SELECT agent, epoch, received_seq AS receivedSeq FROM chain WHERE received_seq > 0 ORDER BY agent, epoch',
      )
      .all()
  }

  closedPeriods(): readonly string[] {
    return this.#db
      .prepare<[], { key: string }>(`SELECT key FROM period WHERE state = 'closed' ORDER BY key`)
      .all()
      .map(({ key }) => key)
  }

  #count(rows: string): number {
    return this.#db.prepare<[], { count: number }>(`SELECT count(*) AS count FROM ${rows}`).get()?.count ?? 0
  }
}
