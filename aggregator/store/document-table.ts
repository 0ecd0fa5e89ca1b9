import type { Database } from '@meterline/shared/sqlite/open.ts'

/** An issued document. Its bytes never change. */
export interface DocumentRow {
  /** The legal entity that issued it. */
  readonly entity: string
  readonly series: string
  /** Gapless from 1 within entity and series, but for the gaps that restores name in the log. */
  readonly sequence: number
  /** The number as it is printed, unique in the tenant. */
  readonly number: string
  readonly buyer: string
  readonly period: string
  readonly currency: string
  /** What has to be paid, in minor units as decimal text. */
  readonly total: string
  readonly purpose: DocumentPurpose
  readonly logIndex: number
  readonly documentHash: Uint8Array
  readonly bytes: Uint8Array
}

/**
 * What a document was made for: the ordinary one of its period (there is at most one of a relation), one in the middle of
 * it, one that only corrects, or a note that somebody wrote.
 */
export type DocumentPurpose = 'period' | 'progressive' | 'correction' | 'note'

/** A document without its bytes. */
export type DocumentHead = Omit<DocumentRow, 'bytes' | 'documentHash' | 'purpose'>

/** A period that is being closed or is closed; all others are open. */
export interface PeriodRow {
  readonly key: string
  readonly state: 'closing' | 'closed'
  /** Log index of the catalogue that was in force when the closing began. */
  readonly catalogueIndex: number
}

/** By which a document is found that bills a relation for a period. */
export type DocumentPlace = Pick<DocumentRow, 'period' | 'entity' | 'buyer' | 'currency'>

const headColumns = 'entity, series, sequence, number, buyer, period, currency, total, log_index AS logIndex'

/** Issued documents and the states of periods. */
export class DocumentTable {
  readonly #insert
  readonly #lastSequence
  readonly #list
  readonly #find
  readonly #iterate
  readonly #count
  readonly #ordinary
  readonly #beginClosing
  readonly #finishClosing
  readonly #periods
  readonly #keepsLines
  #barred: Set<string> | null = null

  constructor(db: Database) {
    this.#insert = db.prepare<
      [string, string, number, string, string, string, string, string, number, Uint8Array, Uint8Array, string]
    >(
      `INSERT INTO document
         (entity, series, sequence, number, buyer, period, currency, total, log_index, document_hash, bytes, purpose)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#lastSequence = db.prepare<{ entity: string; series: string }, { last: number | null }>(
      `SELECT max(last) AS last FROM (
         SELECT max(sequence) AS last FROM document WHERE entity = :entity AND series = :series
         UNION ALL
         SELECT max(last_number) FROM number_gap WHERE entity = :entity AND series = :series
       )`,
    )
    this.#list = db.prepare<[string | null, string | null], DocumentHead>(
      `SELECT ${headColumns} FROM document WHERE ? IS NULL OR period = ? ORDER BY log_index`,
    )
    this.#find = db.prepare<[string], DocumentRow>(
      `SELECT ${headColumns}, document_hash AS documentHash, bytes, purpose FROM document WHERE number = ?`,
    )
    this.#iterate = db.prepare<[], DocumentRow>(
      `SELECT ${headColumns}, document_hash AS documentHash, bytes, purpose
       FROM document ORDER BY entity, series, sequence`,
    )
    this.#count = db.prepare<[], { count: number }>('SELECT count(*) AS count FROM document')
    this.#ordinary = db.prepare<[string, string, string, string], { number: string }>(
      `SELECT number FROM document
       WHERE period = ? AND entity = ? AND buyer = ? AND currency = ? AND purpose = 'period' ORDER BY log_index LIMIT 1`,
    )
    this.#beginClosing = db.prepare<[string, number, number]>(
      `INSERT INTO period (key, state, catalogue_index, closing_ms, lines_kept) VALUES (?, 'closing', ?, ?, 1)`,
    )
    this.#finishClosing = db.prepare<[number, string]>(
      `UPDATE period SET state = 'closed', closed_ms = ? WHERE key = ?`,
    )
    this.#periods = db.prepare<[], PeriodRow>(
      'SELECT key, state, catalogue_index AS catalogueIndex FROM period ORDER BY key',
    )
    this.#keepsLines = db.prepare<[string], { kept: number }>('SELECT lines_kept AS kept FROM period WHERE key = ?')
  }

  insert(row: DocumentRow): void {
    this.#insert.run(
      row.entity,
      row.series,
      row.sequence,
      row.number,
      row.buyer,
      row.period,
      row.currency,
      row.total,
      row.logIndex,
      row.documentHash,
      row.bytes,
      row.purpose,
    )
  }

  /**
   * The last sequence number given in a series, also to documents that a restore from a backup lost; 0 before the first.
   */
  lastSequence(entity: string, series: string): number {
    return this.#lastSequence.get({ entity, series })?.last ?? 0
  }

  /** Documents in the order they were issued, of one period or of all. */
  list(period: string | null): readonly DocumentHead[] {
    return this.#list.all(period, period)
  }

  find(number: string): DocumentRow | undefined {
    return this.#find.get(number)
  }

  /** Every document with its bytes, by entity, series and sequence. */
  all(): IterableIterator<DocumentRow> {
    return this.#iterate.iterate()
  }

  count(): number {
    return this.#count.get()?.count ?? 0
  }

  /** Number of the ordinary document of a seller to a buyer for a period; null before it is issued, or where there is none. */
  ordinaryNumber({ period, entity, buyer, currency }: DocumentPlace): string | null {
    return this.#ordinary.get(period, entity, buyer, currency)?.number ?? null
  }

  beginClosing(period: string, catalogueIndex: number, nowMs: number): void {
    this.#beginClosing.run(period, catalogueIndex, nowMs)
    this.#barred?.add(period)
  }

  /** Whether a period is being closed or closed, so that what is charged in it comes late. */
  isBarred(period: string): boolean {
    this.#barred ??= new Set(this.periods().map(({ key }) => key))
    return this.#barred.has(period)
  }

  /** Whether billed lines were kept of all that a period owes partners; false for those closed before there were any. */
  keepsLines(period: string): boolean {
    return this.#keepsLines.get(period)?.kept !== 0
  }

  finishClosing(period: string, nowMs: number): void {
    this.#finishClosing.run(nowMs, period)
  }

  periods(): readonly PeriodRow[] {
    return this.#periods.all()
  }
}
