import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import { monthPeriodOf } from '@meterline/shared/units/period.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { DriftTally, type Drift } from '../domain/rating-of-record/drift.ts'
import type { BooksReader } from '../store/books-reader.ts'
import type { DriftRow } from '../store/drift-table.ts'
import type { BooksAudit } from './books-audit.ts'
import { makeSnapshot, otherSnapshots, type MadeSnapshot } from './made-snapshot.ts'
import { driftRowsOf } from './rated-charges.ts'

/** A batch as far as its body is still there. */
export interface KnownBatch {
  readonly agent: string
  readonly units: readonly RatingUnit[]
  /** Hashes of the snapshots that units refer to by their places. */
  readonly snapshots: readonly Uint8Array[]
}

/**
 * Works out again what drifted in pre-rating, decision by decision; the table is their sum. Nothing is said of decisions from before drift was kept, nor of batches whose body was
 * deleted after its retention.
 */
export class DriftCheck {
  readonly #audit: BooksAudit
  readonly #keptAfter: number
  readonly #stored: readonly DriftRow[]
  readonly #due = new Map<string, DriftRow>()
  #snapshot: (() => MadeSnapshot) | null = null
  #catalogue: Catalogue | null = null
  /** Of the decision at hand; null where it cannot be known. */
  #drifts: readonly Drift[] | null = null
  #isTableKnown = true

  constructor(reader: BooksReader, audit: BooksAudit) {
    this.#audit = audit
    const { keptAfter, rows } = reader.drift()
    this.#keptAfter = keptAfter
    this.#stored = rows
  }

  /** The catalogue that everything that follows in the log is rated with. */
  putInForce(logIndex: number, catalogue: Catalogue): void {
    let made: MadeSnapshot | null = null
    this.#catalogue = catalogue
    this.#snapshot = () => (made ??= makeSnapshot(catalogue, logIndex))
  }

  /** One decision about a batch: which of its units it charged; null: the body of the batch was deleted. */
  decide(logIndex: number, batch: KnownBatch | null, charged: readonly number[]): void {
    this.#drifts = null
    if (logIndex <= this.#keptAfter || this.#catalogue === null || this.#snapshot === null) return
    if (batch === null) {
      this.#isTableKnown = false
      return
    }
    const others = otherSnapshots(batch.snapshots, this.#snapshot)
    this.#drifts = []
    if (others === undefined) return
    const tally = new DriftTally(this.#catalogue, others)
    for (const index of charged) {
      const unit = batch.units[index]
      if (unit !== undefined) tally.note(unit, monthPeriodOf(unit.timeMs).key)
    }
    this.#drifts = tally.drifts()
    for (const row of driftRowsOf(this.#drifts, batch.agent)) this.#add(row)
  }

  /** A decision that charges nothing: what was pre-rated of what it takes back stays as it was noted. */
  decideNothing(): void {
    this.#drifts = []
  }

  /** What drifted in the decision at hand, of all partitions; null where that cannot be known. */
  get drifts(): readonly Drift[] | null {
    return this.#drifts
  }

  /** The table of drift is the sum of the decisions. */
  finish(): void {
    if (!this.#isTableKnown) return
    for (const row of this.#stored) {
      this.#audit.count('drifts')
      const key = keyOf(row)
      const due = this.#due.get(key)
      this.#due.delete(key)
      const isRight =
        due?.records === row.records && due.shortMicros === row.shortMicros && due.excessMicros === row.excessMicros
      if (!isRight) this.#audit.report(`I9: the drift of ${key} is not what was pre-rated`)
    }
    for (const key of this.#due.keys()) this.#audit.report(`I9: the drift of ${key} is missing`)
  }

  #add(row: DriftRow): void {
    const key = keyOf(row)
    const before = this.#due.get(key)
    this.#due.set(key, {
      ...row,
      records: row.records + (before?.records ?? 0),
      shortMicros: row.shortMicros + (before?.shortMicros ?? 0n),
      excessMicros: row.excessMicros + (before?.excessMicros ?? 0n),
    })
  }
}

function keyOf({ period, agent, seller, currency, meter, snapshot }: DriftRow): string {
  return `${meter} at agent ${agent} in ${period} with snapshot ${snapshot} (${seller}, ${currency})`
}
