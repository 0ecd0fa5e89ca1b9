import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { Claim, ClaimParties } from '../domain/receivables/claim.ts'
import {
  claimColumns,
  claimOf,
  moveColumns,
  moveOf,
  type MoveColumns,
  type ClaimColumns,
  type ClaimRow,
  type MoveRow,
} from './receivable-rows.ts'

/** A document that open items do not know yet. */
export interface NewDocument {
  readonly number: string
  readonly logIndex: number
  readonly bytes: Uint8Array
}

/** Open items, what was moved between parties, and the credit of buyers. Every method writes inside the caller's transaction. */
export class ReceivableTable {
  readonly #insert
  readonly #find
  readonly #ofParties
  readonly #openOf
  readonly #openAll
  readonly #all
  readonly #update
  readonly #void
  readonly #insertMove
  readonly #movesOf
  readonly #allMoves
  readonly #credit
  readonly #saveCredit
  readonly #applicable
  readonly #cursor
  readonly #saveCursor
  readonly #documentsAfter

  constructor(db: Database) {
    this.#insert = db.prepare<[string, string, string, string, number, number, number, string, number]>(
      `INSERT INTO receivable (document, seller, buyer, currency, issued_ms, due_ms, log_index, gross_micros,
         settled_micros, disputed_micros, is_open) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '0', '0', ?)`,
    )
    this.#find = db.prepare<[string], ClaimColumns>(`SELECT ${claimColumns} FROM receivable WHERE document = ?`)
    const ofParties = `SELECT ${claimColumns} FROM receivable WHERE seller = ? AND buyer = ? AND currency = ?`
    this.#ofParties = db.prepare<[string, string, string], ClaimColumns>(`${ofParties} ORDER BY log_index`)
    this.#openOf = db.prepare<[string, string, string], ClaimColumns>(`${ofParties} AND is_open = 1 ORDER BY log_index`)
    this.#openAll = db.prepare<[], ClaimColumns>(
      `SELECT ${claimColumns} FROM receivable WHERE is_open = 1 ORDER BY log_index`,
    )
    this.#all = db.prepare<[], ClaimColumns>(`SELECT ${claimColumns} FROM receivable ORDER BY log_index`)
    this.#update = db.prepare<[string, string, number, string]>(
      'UPDATE receivable SET settled_micros = ?, disputed_micros = ?, is_open = ? WHERE document = ?',
    )
    this.#void = db.prepare<[string, string]>('UPDATE receivable SET voided_by = ? WHERE document = ?')
    this.#insertMove = db.prepare<[number, string, string, string, string | null, string, number]>(
      `INSERT INTO receivable_move (decision_index, seller, buyer, currency, document, micros, at_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    this.#movesOf = db.prepare<[string, string, string], MoveColumns>(
      `SELECT ${moveColumns} FROM receivable_move WHERE seller = ? AND buyer = ? AND currency = ? ORDER BY id`,
    )
    this.#allMoves = db.prepare<[], MoveColumns>(`SELECT ${moveColumns} FROM receivable_move ORDER BY id`)
    this.#credit = db.prepare<[string, string, string], { micros: string }>(
      'SELECT micros FROM credit_balance WHERE seller = ? AND buyer = ? AND currency = ?',
    )
    this.#saveCredit = db.prepare<[string, string, string, string]>(
      `INSERT INTO credit_balance (seller, buyer, currency, micros) VALUES (?, ?, ?, ?)
       ON CONFLICT (seller, buyer, currency) DO UPDATE SET micros = excluded.micros`,
    )
    this.#applicable = db.prepare<[], ClaimParties>(
      `SELECT DISTINCT seller, buyer, currency FROM receivable LEFT JOIN credit_balance USING (seller, buyer, currency)
       WHERE is_open = 1 AND (gross_micros LIKE '-%' OR coalesce(micros, '0') <> '0')
       ORDER BY seller, buyer, currency`,
    )
    this.#cursor = db.prepare<[], { logIndex: number }>('SELECT log_index AS logIndex FROM receivable_cursor')
    this.#saveCursor = db.prepare<[number]>('UPDATE receivable_cursor SET log_index = ? WHERE one = 1')
    this.#documentsAfter = db.prepare<[number, number], NewDocument>(
      'SELECT number, log_index AS logIndex, bytes FROM document WHERE log_index > ? ORDER BY log_index LIMIT ?',
    )
  }

  /** The first `most` documents, in the order of the log, that are no open items yet. */
  newDocuments(most: number): readonly NewDocument[] {
    return this.#documentsAfter.all(this.#cursor.get()?.logIndex ?? -1, most)
  }

  /** Makes documents open items: all there are up to the last of them. */
  insert(claims: readonly Claim[]): void {
    for (const { document, seller, buyer, currency, issuedMs, dueMs, logIndex, grossMicros } of claims) {
      const isOpen = grossMicros === 0n ? 0 : 1
      this.#insert.run(document, seller, buyer, currency, issuedMs, dueMs, logIndex, grossMicros.toString(), isOpen)
    }
    const last = claims.at(-1)
    if (last !== undefined) this.#saveCursor.run(last.logIndex)
  }

  find(document: string): ClaimRow | undefined {
    const row = this.#find.get(document)
    return row === undefined ? undefined : claimOf(row)
  }

  /** Every document of two parties in one currency, in the order of issue. */
  ofParties({ seller, buyer, currency }: ClaimParties): readonly ClaimRow[] {
    return this.#ofParties.all(seller, buyer, currency).map(claimOf)
  }

  /** Those of them that are not settled. */
  openOf({ seller, buyer, currency }: ClaimParties): readonly ClaimRow[] {
    return this.#openOf.all(seller, buyer, currency).map(claimOf)
  }

  /** All documents, or those that are not settled, read as they are asked for. */
  *all(only: 'open' | 'every'): IterableIterator<ClaimRow> {
    for (const row of (only === 'open' ? this.#openAll : this.#all).iterate()) yield claimOf(row)
  }

  /** Says that a document was taken back by another. */
  markVoided(document: string, by: string): void {
    this.#void.run(by, document)
  }

  /** Writes moves, and settles documents and changes credit by them. */
  move(moves: readonly MoveRow[]): void {
    for (const { decisionIndex, parties, document, micros, atMs } of moves) {
      const { seller, buyer, currency } = parties
      this.#insertMove.run(decisionIndex, seller, buyer, currency, document, micros.toString(), atMs)
      if (document !== null) this.#settle(document, micros)
      // What comes in is credit until a document takes it.
      const credit = this.creditOf(parties) + (document === null ? micros : -micros)
      this.#saveCredit.run(seller, buyer, currency, credit.toString())
    }
  }

  /** Puts more of a document into dispute; below zero takes it out. */
  dispute(document: string, micros: bigint): void {
    const claim = this.find(document)
    if (claim !== undefined) this.#save(claim, claim.settledMicros, claim.disputedMicros + micros)
  }

  /** What a buyer paid or was given that no document has used. */
  creditOf({ seller, buyer, currency }: ClaimParties): bigint {
    return BigInt(this.#credit.get(seller, buyer, currency)?.micros ?? '0')
  }

  /** Parties between whom there is credit, or a credit note that is not settled, and something open. */
  withApplicableCredit(): readonly ClaimParties[] {
    return this.#applicable.all()
  }

  /** What was moved between two parties in one currency, or by everybody, in its order. */
  *moves(parties: ClaimParties | null): IterableIterator<MoveRow> {
    const rows =
      parties === null
        ? this.#allMoves.iterate()
        : this.#movesOf.iterate(parties.seller, parties.buyer, parties.currency)
    for (const row of rows) yield moveOf(row)
  }

  #settle(document: string, micros: bigint): void {
    const claim = this.find(document)
    if (claim !== undefined) this.#save(claim, claim.settledMicros + micros, claim.disputedMicros)
  }

  #save({ document, grossMicros }: ClaimRow, settledMicros: bigint, disputedMicros: bigint): void {
    const isOpen = grossMicros === settledMicros ? 0 : 1
    this.#update.run(settledMicros.toString(), disputedMicros.toString(), isOpen, document)
  }
}
