import type { Database } from '@meterline/shared/sqlite/open.ts'

/** A line of a document that somebody disputes, and how that ended. */
export interface DisputeRow {
  /** Log index of the decision that opened it. */
  readonly logIndex: number
  readonly document: string
  readonly line: string
  /** As the lines of the document count. */
  readonly lineMicros: bigint
  /** With tax. */
  readonly micros: bigint
  readonly openedMs: number
  /** Null while it is open. */
  readonly resolution: DisputeEnd | null
}

export interface DisputeEnd {
  readonly logIndex: number
  readonly resolvedMs: number
  readonly outcome: 'credited' | 'rejected'
}

/** What notes said of a line of a document. */
export interface NoteLineRow {
  readonly document: string
  readonly line: string
  /** Number of the note. */
  readonly note: string
  readonly kind: 'credit-note' | 'debit-note'
  /** As the lines of the document count; what a credit note gave back is above zero. */
  readonly micros: bigint
}

/** A charge block that a line commits to. */
export interface LineCharge {
  /** Log index of the batch it came with. */
  readonly batchIndex: number
  readonly leaf: Uint8Array
  readonly amountMicros: bigint
}

interface DisputeColumns {
  readonly logIndex: number
  readonly document: string
  readonly line: string
  readonly lineMicros: string
  readonly micros: string
  readonly openedMs: number
  readonly resolvedIndex: number | null
  readonly resolvedMs: number | null
  readonly outcome: 'credited' | 'rejected' | null
}

const columns = `log_index AS logIndex, document, line, line_micros AS lineMicros, micros, opened_ms AS openedMs, resolved_index AS resolvedIndex,
  resolved_ms AS resolvedMs, outcome`

/** What is said about lines of issued documents: disputes and notes. Writes go inside the caller's transaction. */
export class DisputeTable {
  readonly #insert
  readonly #resolve
  readonly #find
  readonly #ofDocument
  readonly #list
  readonly #all
  readonly #charges
  readonly #insertNote
  readonly #notesOf

  constructor(db: Database) {
    this.#insert = db.prepare<[number, string, string, string, string, number]>(
      'INSERT INTO dispute (log_index, document, line, line_micros, micros, opened_ms) VALUES (?, ?, ?, ?, ?, ?)',
    )
    this.#resolve = db.prepare<[number, number, string, number]>(
      'UPDATE dispute SET resolved_index = ?, resolved_ms = ?, outcome = ? WHERE log_index = ? AND outcome IS NULL',
    )
    this.#find = db.prepare<[number], DisputeColumns>(`SELECT ${columns} FROM dispute WHERE log_index = ?`)
    this.#ofDocument = db.prepare<[string], DisputeColumns>(
      `SELECT ${columns} FROM dispute WHERE document = ? ORDER BY log_index`,
    )
    this.#list = db.prepare<[number, number], DisputeColumns>(
      `SELECT ${columns} FROM dispute WHERE (? = 1 OR outcome IS NULL) ORDER BY log_index DESC LIMIT ?`,
    )
    this.#all = db.prepare<[], DisputeColumns>(`SELECT ${columns} FROM dispute ORDER BY log_index`)
    this.#charges = db.prepare<[string, number, number], Omit<LineCharge, 'amountMicros'> & { amountMicros: string }>(
      `SELECT batch_index AS batchIndex, leaf, charge_block.amount_micros AS amountMicros FROM charge_block
       JOIN segment ON segment.id = segment_id WHERE segment.key = ? ORDER BY charge_block.id LIMIT ? OFFSET ?`,
    )
    this.#insertNote = db.prepare<[string, string, string, string, string]>(
      'INSERT INTO note_line (document, line, note, kind, micros) VALUES (?, ?, ?, ?, ?)',
    )
    this.#notesOf = db.prepare<[string], Omit<NoteLineRow, 'micros'> & { micros: string }>(
      'SELECT document, line, note, kind, micros FROM note_line WHERE document = ? ORDER BY line, note',
    )
  }

  open({ logIndex, document, line, lineMicros, micros, openedMs }: Omit<DisputeRow, 'resolution'>): void {
    this.#insert.run(logIndex, document, line, lineMicros.toString(), micros.toString(), openedMs)
  }

  resolve(dispute: number, { logIndex, resolvedMs, outcome }: DisputeEnd): void {
    this.#resolve.run(logIndex, resolvedMs, outcome, dispute)
  }

  find(logIndex: number): DisputeRow | undefined {
    const row = this.#find.get(logIndex)
    return row === undefined ? undefined : disputeOf(row)
  }

  ofDocument(document: string): readonly DisputeRow[] {
    return this.#ofDocument.all(document).map(disputeOf)
  }

  /** The newest first; those that were resolved only when they are asked for. */
  list(withResolved: boolean, limit: number): readonly DisputeRow[] {
    return this.#list.all(withResolved ? 1 : 0, limit).map(disputeOf)
  }

  /** All there ever were, read as they are asked for. */
  *all(): IterableIterator<DisputeRow> {
    for (const row of this.#all.iterate()) yield disputeOf(row)
  }

  /** `count` charge blocks of a segment, in log order, from the one at `from` on. */
  chargesOf(segmentKey: string, from: number, count: number): readonly LineCharge[] {
    return this.#charges.all(segmentKey, count, from).map((row) => ({ ...row, amountMicros: BigInt(row.amountMicros) }))
  }

  note({ document, line, note, kind, micros }: NoteLineRow): void {
    this.#insertNote.run(document, line, note, kind, micros.toString())
  }

  notesOf(document: string): readonly NoteLineRow[] {
    return this.#notesOf.all(document).map((row) => ({ ...row, micros: BigInt(row.micros) }))
  }
}

function disputeOf({ lineMicros, micros, resolvedIndex, resolvedMs, outcome, ...row }: DisputeColumns): DisputeRow {
  const resolution =
    resolvedIndex === null || resolvedMs === null || outcome === null
      ? null
      : { logIndex: resolvedIndex, resolvedMs, outcome }
  return { ...row, lineMicros: BigInt(lineMicros), micros: BigInt(micros), resolution }
}
