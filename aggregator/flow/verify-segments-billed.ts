import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import type { Position } from '@meterline/shared/rating/position.ts'
import { startPosition } from '@meterline/shared/rating/position.ts'
import { relationKey } from '../domain/billing/billed-relation.ts'
import type { BooksReader } from '../store/books-reader.ts'
import type { StoredDay } from '../store/books-rows.ts'
import { isUsed } from '../store/segment-day-table.ts'
import type { BooksAudit } from './books-audit.ts'
import type { SaidLines } from './verify-said-lines.ts'

/** Where a segment stood, and its days that counted for something. */
export interface SegmentStanding {
  readonly position: Position
  readonly days: readonly StoredDay[]
}

/** Holds segments against the documents they stand on. */
export class SegmentsBilled {
  readonly #reader: BooksReader
  readonly #audit: BooksAudit

  constructor(reader: BooksReader, audit: BooksAudit) {
    this.#reader = reader
    this.#audit = audit
  }

  /**
   * Where a segment stands at this place of the log: as it is stored while nothing more was charged in it, or else by its
   * charges so far; null where these are not known any more.
   */
  standingOf(segmentKey: string): SegmentStanding | null {
    const { documents } = this.#reader
    const charged = this.#audit.segments.get(segmentKey)
    if (documents.blockCount(segmentKey) === (charged?.blocks ?? 0)) {
      const position = this.#reader.segment(segmentKey) ?? startPosition
      return { position, days: this.#reader.usedDaysOf(segmentKey) }
    }
    if (charged === undefined) return { position: startPosition, days: [] }
    const position = this.#audit.positions.standing(segmentKey)
    const days = this.#audit.days.of(segmentKey)
    if (position === null || days === null) return null
    const { quantity, events } = charged
    return { position: { ...position, quantity, events }, days: days.filter(isUsed) }
  }

  /**
   * Called at the end of the log. Reports what was charged in closed periods, stands on no document and is not marked to come with the next (I10).
   * Partners issue the documents for costs, and of a period that is being closed more may come.
   */
  finish(said: SaidLines): void {
    const closed = new Set(
      this.#reader.standing.barredPeriods().flatMap(({ key, state }) => (state === 'closed' ? [key] : [])),
    )
    if (closed.size === 0) return
    const marked = new Set(
      this.#reader.documents
        .billingTables()
        .lateMarks.list()
        .map((mark) => `${mark.period} ${relationKey(mark)}`),
    )
    for (const [key, { blocks }] of this.#audit.segments) {
      const { periodKey, subscription } = parseSegmentKey(key)
      if (!closed.has(periodKey) || this.#audit.isCost(subscription)) continue
      if ((said.of(key)?.chargeBlocks ?? 0) === blocks) continue
      const [seller = '', buyer = ''] = (this.#audit.partiesOf(key) ?? '').split('>')
      const relation = relationKey({ seller, buyer, currency: this.#audit.currencyOf(key) ?? '' })
      if (marked.has(`${periodKey} ${relation}`)) continue
      this.#audit.report(`I10: what was charged in segment ${key} stands on no document of its period`)
    }
  }
}
