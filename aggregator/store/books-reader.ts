import { FaultError, fault } from '@meterline/shared/base/errors.ts'
import type { NumberGap } from '@meterline/shared/model/log-entry.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import { schemaFaults } from '@meterline/shared/sqlite/schema-check.ts'
import { blockOf, storedInteger } from './books-rows.ts'
import type { StoredBatch, StoredBlock, StoredDay, StoredLedgerEntry, StoredSegment } from './books-rows.ts'
import type { CheckpointRow } from './checkpoint-table.ts'
import { driftRows } from './drift-table.ts'
import { DispositionRows } from './disposition-rows.ts'
import { DocumentRows } from './document-rows.ts'
import type { AccountBalance } from './ledger-table.ts'
import type { StoredLogEntry } from './log-table.ts'
import { generationRows, numberGapsOf } from './generation-table.ts'
import type { GenerationRow } from './generation-table.ts'
import { meteringRows } from './metering-rows.ts'
import { tenantMigrations } from './schema.ts'
import { clockMoves, type ClockMove } from './test-clock-table.ts'
import { segmentColumns, segmentOf, type SegmentRow } from './position-columns.ts'
import { isUsed } from './segment-day-table.ts'
import { MoneyRows } from './money-rows.ts'
import { StandingRows } from './standing-rows.ts'
import { VoidRows } from './void-rows.ts'

/** Rows are read in pages, so that memory does not grow with the books. */
const pageRows = 500

/**
 * Reads a tenant's books for verification: through a connection of its own, read-only, in one transaction, so that it
 * sees one committed state while the service goes on writing.
 */
export class BooksReader {
  readonly standing: StandingRows
  readonly dispositions: DispositionRows
  readonly voids: VoidRows
  readonly money: MoneyRows
  readonly documents: DocumentRows
  readonly #db: Database
  readonly #batch
  readonly #blocksOf
  readonly #blocksDecided
  readonly #blocksOfSegment
  readonly #daysOf
  readonly #logEntry
  readonly #segment
  readonly #ledgerEntries
  readonly #logNode

  constructor(file: string) {
    const db = openDatabase({ file, readOnly: true })
    try {
      this.#db = db
      db.exec('BEGIN')
      this.#batch = db.prepare<[number], StoredBatch>(
        `SELECT agent, epoch, seq, batch_hash AS batchHash, body
         FROM batch LEFT JOIN batch_body USING (log_index) WHERE batch.log_index = ?`,
      )
      const blocks = 'FROM charge_block JOIN segment ON segment.id = segment_id'
      this.#blocksOf = db.prepare<
        [number],
        Omit<StoredBlock, 'amountMicros'> & { amountMicros: string; decidedIndex: number | null }
      >(
        `SELECT segment.key AS segmentKey, charge_block.amount_micros AS amountMicros, leaf, block,
           release_index AS decidedIndex
         ${blocks} WHERE batch_index = ? ORDER BY charge_block.id`,
      )
      this.#blocksDecided = db.prepare<
        [number, number | null],
        Omit<StoredBlock, 'amountMicros'> & { amountMicros: string }
      >(
        `SELECT segment.key AS segmentKey, charge_block.amount_micros AS amountMicros, leaf, block
         ${blocks} WHERE batch_index = ? AND release_index IS ? ORDER BY charge_block.id`,
      )
      this.#blocksOfSegment = db.prepare<[string], { block: Uint8Array }>(
        `SELECT block ${blocks} WHERE segment.key = ? ORDER BY batch_index, charge_block.id`,
      )
      this.standing = new StandingRows(db)
      this.dispositions = new DispositionRows(db)
      this.voids = new VoidRows(db)
      this.money = new MoneyRows(db)
      this.documents = new DocumentRows(db)
      this.#logEntry = db.prepare<[number], { entry: Uint8Array }>('SELECT entry FROM log WHERE log_index = ?')
      this.#daysOf = db.prepare<[string], { day: number; quantity: string; events: number; exact: string }>(
        `SELECT day, segment_day.quantity AS quantity, segment_day.events AS events, segment_day.exact AS exact
         FROM segment_day JOIN segment ON segment.id = segment_id WHERE segment.key = ? ORDER BY day`,
      )
      this.#segment = db.prepare<[string], SegmentRow>(`SELECT ${segmentColumns} FROM segment WHERE key = ?`)
      this.#ledgerEntries = db.prepare<[number], StoredLedgerEntry>(
        `SELECT entity, asset, account, debit_micros AS debitMicros, credit_micros AS creditMicros
         FROM ledger_entry WHERE log_index = ? ORDER BY id`,
      )
      this.#logNode = db.prepare<[number, number], { hash: Uint8Array }>(
        'SELECT hash FROM log_node WHERE level = ? AND position = ?',
      )
    } catch (cause) {
      db.close()
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new FaultError(fault('books_unreadable', `${file} holds no tenant's books: ${reason}`), { cause })
    }
  }

  /** How the clock of a test tenant was moved, in that order. */
  clockMoves(): readonly ClockMove[] {
    return [...clockMoves(this.#db)]
  }

  /** What is wrong with definitions, and with pages, indexes and constraints by SQLite's own account; empty: nothing. */
  structureFaults(): readonly string[] {
    const found = this.#db.prepare<[], string>('PRAGMA integrity_check(20)').pluck().all()
    return [...schemaFaults(this.#db, tenantMigrations), ...found.filter((line) => line !== 'ok')]
  }

  close(): void {
    this.#db.close()
  }

  head(): { readonly size: number; readonly frontier: Uint8Array } | undefined {
    return this.#db
      .prepare<[], { size: number; frontier: Uint8Array }>('SELECT size, frontier FROM log_head WHERE one = 1')
      .get()
  }

  *log(): IterableIterator<StoredLogEntry> {
    const page = this.#db.prepare<[number, number], StoredLogEntry>(
      'SELECT log_index AS logIndex, entry, leaf FROM log WHERE log_index > ? ORDER BY log_index LIMIT ?',
    )
    yield* paged(
      (after) => page.all(after, pageRows),
      (row) => row.logIndex,
    )
  }

  /**
   * The charge blocks of one batch, in the order they were written, each with the log index of the release or void that
   * made it; null for the batch's first rating.
   */
  blocksOf(batchIndex: number): readonly (StoredBlock & { readonly decidedIndex: number | null })[] {
    return this.#blocksOf.all(batchIndex).map((row) => ({ ...row, ...blockOf(row, batchIndex) }))
  }

  /** The bytes of all charge blocks of a segment, those of one batch together. */
  *blocksOfSegment(segmentKey: string): IterableIterator<Uint8Array> {
    for (const { block } of this.#blocksOfSegment.iterate(segmentKey)) yield block
  }

  /** Those of a batch that a release or void made, or with null those of its first rating. */
  blocksDecided(batchIndex: number, releaseIndex: number | null): readonly StoredBlock[] {
    return this.#blocksDecided.all(batchIndex, releaseIndex).map((row) => blockOf(row, batchIndex))
  }

  /** What is known of the drift of pre-rating. */
  drift(): ReturnType<typeof driftRows> {
    return driftRows(this.#db)
  }

  /** The bytes of one log entry. */
  logEntry(logIndex: number): Uint8Array | undefined {
    return this.#logEntry.get(logIndex)?.entry
  }

  /** Every row of the state of meters as a text, in the order of `meteringRows`. */
  meteringRows(): IterableIterator<string> {
    return meteringRows(this.#db)
  }

  /**
   * Days are kept of what was decided after log entry `days`, and their records and exact amounts after `positions`; -1: of
   * everything.
   */
  daysKeptAfter(): { readonly days: number; readonly positions: number } {
    const kept = this.#db
      .prepare<[], { days: number; positions: number }>(
        'SELECT after_log AS days, positions_after_log AS positions FROM segment_day_origin WHERE one = 1',
      )
      .get()
    return kept ?? { days: -1, positions: -1 }
  }

  /** The days of a segment in their order, also those whose records used and cost nothing. */
  daysOf(segmentKey: string): readonly StoredDay[] {
    const place = `a day of segment ${segmentKey}`
    return this.#daysOf
      .all(segmentKey)
      .map(({ day, quantity, events, exact }) => ({
        day,
        quantity: storedInteger(quantity, place),
        events,
        exact: storedInteger(exact, place),
      }))
  }

  /** Those of them that count for something, as lines show them. */
  usedDaysOf(segmentKey: string): readonly StoredDay[] {
    return this.daysOf(segmentKey).filter(isUsed)
  }

  batch(logIndex: number): StoredBatch | undefined {
    return this.#batch.get(logIndex)
  }

  ledgerEntries(logIndex: number): readonly StoredLedgerEntry[] {
    return this.#ledgerEntries.all(logIndex)
  }

  segments(): readonly StoredSegment[] {
    return this.#db.prepare<[], SegmentRow>(`SELECT ${segmentColumns} FROM segment ORDER BY key`).all().map(segmentOf)
  }

  /** One segment; undefined when nothing was charged in it. */
  segment(segmentKey: string): StoredSegment | undefined {
    const row = this.#segment.get(segmentKey)
    return row === undefined ? undefined : segmentOf(row)
  }

  balances(): readonly AccountBalance[] {
    return this.#db
      .prepare<
        [],
        Omit<AccountBalance, 'debitMicros' | 'creditMicros'> & { debitMicros: string; creditMicros: string }
      >('SELECT entity, asset, account, debit_micros AS debitMicros, credit_micros AS creditMicros FROM balance')
      .all()
      .map((row) => {
        const place = `the balance ${row.entity} ${row.asset} ${row.account}`
        const debitMicros = storedInteger(row.debitMicros, place)
        return { ...row, debitMicros, creditMicros: storedInteger(row.creditMicros, place) }
      })
  }

  checkpoints(): readonly CheckpointRow[] {
    return this.#db
      .prepare<[], CheckpointRow>('SELECT size, note, sealed_ms AS sealedMs FROM checkpoint ORDER BY size')
      .all()
  }

  /** Generations after the first, in their order. */
  generations(): readonly GenerationRow[] {
    return generationRows(this.#db)
  }

  numberGapsOf(logIndex: number): readonly NumberGap[] {
    return numberGapsOf(this.#db, logIndex)
  }

  /** The stored root of a perfect subtree of the log's tree. */
  logNode(level: number, position: number): Uint8Array | undefined {
    return this.#logNode.get(level, position)?.hash
  }

  /** How many of them there are. */
  logNodeCount(): number {
    return this.#db.prepare<[], { count: number }>('SELECT count(*) AS count FROM log_node').get()?.count ?? 0
  }

  /** How many rows of the tables that log entries account for there are, by table. */
  counts(): Readonly<
    Record<
      | 'batch'
      | 'charge_block'
      | 'ledger_entry'
      | 'suspense'
      | 'suspense_decision'
      | 'usage_void'
      | 'event_replacement'
      | 'control_unit'
      | 'document'
      | 'catalogue'
      | 'generation'
      | 'number_gap',
      number
    >
  > {
    const count = (table: string): number =>
      this.#db.prepare<[], { count: number }>(`SELECT count(*) AS count FROM ${table}`).get()?.count ?? 0
    return {
      batch: count('batch'),
      charge_block: count('charge_block'),
      ledger_entry: count('ledger_entry'),
      suspense: count('suspense'),
      suspense_decision: count('suspense_decision'),
      usage_void: count('usage_void'),
      event_replacement: count('event_replacement'),
      control_unit: count('control_unit'),
      document: count('document'),
      catalogue: count('catalogue'),
      generation: count('generation'),
      number_gap: count('number_gap'),
    }
  }
}

function* paged<Row>(page: (after: number) => readonly Row[], placeOf: (row: Row) => number): IterableIterator<Row> {
  let after = -1
  for (;;) {
    const rows = page(after)
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageRows) return
    after = placeOf(last)
  }
}
