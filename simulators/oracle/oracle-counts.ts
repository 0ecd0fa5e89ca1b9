import type { BooksLife } from './books-life.ts'
import type { DispositionCounts } from './dispositions.ts'

/** What the oracle counted, for the statistics of a run. */
export interface OracleCounts extends DispositionCounts {
  readonly batches: number
  readonly units: number
  readonly charges: number
  /** Charged records that an agent had worked out an amount for. */
  readonly prerated: number
  /** Charges below zero. */
  readonly fallen: number
  readonly documents: number
  /** Suspended units that were charged after all, and those that were given up. */
  readonly released: number
  readonly discarded: number
  /** Charged units that were taken back. */
  readonly voided: number
}

/** Counts what the books came to, beside what became of events. */
export function countsOf({ log, rating, suspense, documents }: BooksLife, events: DispositionCounts): OracleCounts {
  let units = 0
  for (const batch of log.batches.values()) units += batch.units.length
  let charges = 0
  for (const sums of rating.segments.values()) charges += sums.charges
  const { released, discarded, voided } = suspense
  return {
    ...events,
    batches: log.batches.size,
    units,
    charges,
    prerated: rating.preratedRecords,
    fallen: rating.fallenCharges,
    documents: documents.count,
    released,
    discarded,
    voided,
  }
}
