import type { ClosedHead } from '../store/closed-suspense-table.ts'
import type { SuspenseCount, SuspenseFilter, SuspenseHead } from '../store/suspense-table.ts'

export type { SuspenseCount, SuspenseFilter } from '../store/suspense-table.ts'

/** One entry of the suspense, without what was delivered. */
export interface SuspenseEntry extends Omit<SuspenseHead, 'id'> {
  readonly number: number
}

/** One entry of the suspense with everything that is known of it. */
export interface SuspenseDetail extends SuspenseEntry {
  readonly state: 'suspended'
  readonly idempotencyKey: string | null
  /** Which records of a mapped payload it is about, or where in its payload the event stood; null: all of it. */
  readonly positions: readonly number[] | null
  /** What was delivered, as far as it is kept. */
  readonly payload: Uint8Array
  /** Why reading it again cannot help, or null when it may. */
  readonly obstacle: string | null
}

/** Something that left the suspense. */
export interface ClosedEntry extends Omit<ClosedHead, 'id'> {
  readonly number: number
  readonly state: 'closed'
}

/** Which part of the suspense is asked for: entries with a number above `after`, in ascending order. */
export interface SuspenseQuery extends SuspenseFilter {
  readonly after: number
  readonly limit: number
}

/** How much there is in suspense, by reason and by device; devices with most entries first, not all of many. */
export interface SuspenseCounts {
  readonly byCode: readonly SuspenseCount[]
  readonly byDevice: readonly (SuspenseCount & { readonly device: string })[]
}

/** What to read again: entries above `after` and up to `upTo` that match. */
export interface ReplaySelection extends SuspenseFilter {
  readonly after: number
  /** Null on the first page: up to the last one there is now. */
  readonly upTo: number | null
  /** In ascending order; null: all that match. */
  readonly numbers: readonly number[] | null
}

/** What became of one entry that was read again, or would in a dry run. */
export interface ReplayedRow {
  readonly number: number
  /** `unknown`: there is no such entry any more. */
  readonly outcome: 'replayed' | 'stays' | 'unknown'
  /** Events journalled, those that were there already, and parts that went to suspense on their own. */
  readonly events: number
  readonly duplicates: number
  readonly suspended: number
  /** Why it stays; null for what was replayed. */
  readonly code: string | null
  readonly message: string
}

/** A part of a replay. */
export interface ReplayPage {
  readonly rows: readonly ReplayedRow[]
  /** Where the next page begins (`after`), or null after the last one. */
  readonly next: number | null
  /** To be given with the next page, so that a replay never meets what it put to suspense itself. */
  readonly upTo: number
}

/** Entries to give up, why, and the name of who decides it. */
export interface DiscardOrder {
  readonly numbers: readonly number[]
  readonly reason: string
  readonly by: string
}

export interface DiscardedRow {
  readonly number: number
  readonly outcome: 'discarded' | 'unknown'
}
