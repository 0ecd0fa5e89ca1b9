import type { Bill } from '../domain/billing/bill.ts'
import type { RelationParts } from '../domain/billing/billed-relation.ts'
import type { DocumentSummary } from './document-summary.ts'

/** Somebody's word that bills may go out as a dry run showed them. */
export interface Approval {
  /** The digest that the dry run gave. */
  readonly digest: string
  readonly by: string
}

/** A run that issues bills of any kind. */
export interface BillRequest {
  /** Only say what would be issued. */
  readonly dryRun?: boolean
  /** Lets the bills of sellers go out that have theirs approved. */
  readonly approve?: Approval
}

/** What to close. */
export interface ClosingRequest extends BillRequest {
  readonly tenant: string
  readonly period: string
  /** Close the period although it still runs or grace is left: its later usage stands on the next documents. */
  readonly force?: boolean
}

/** Why a bill is not issued yet. */
export interface WaitingBill extends RelationParts {
  /**
   * `grace`: usage that comes late is waited for. `approval`: somebody has to approve it, or has approved other content.
   * `earlier-period`: one of an earlier period comes first.
   */
  readonly reason: 'grace' | 'approval' | 'earlier-period'
  /** Until when, epoch milliseconds; null: until somebody does something. */
  readonly untilMs: number | null
}

/** A bill that would be issued now. */
export interface BillSummary extends RelationParts {
  readonly kind: Bill['kind']
  /** Key of its period. */
  readonly period: string
  readonly lines: number
  /** What would have to be paid, in the currency's minor units as decimal text. */
  readonly total: string
  /** SHA-256 of the bill without what comes with its issue (number, time and version of the catalogue), hexadecimal. */
  readonly hash: string
}

/** What a run came to. */
export interface BillRun {
  /** In the order they were issued. */
  readonly documents: readonly DocumentSummary[]
  readonly waiting: readonly WaitingBill[]
  /** In a dry run what would be issued now; otherwise what waits for approval. */
  readonly bills: readonly BillSummary[]
  /** What these bills are approved by; null where there are none. */
  readonly digest: string | null
}

/** How a period stands after a closing, with all documents of it. */
export interface ClosedPeriod extends BillRun {
  readonly period: string
  /** `closing`: some bills wait, and are issued when it is asked for again. `open` only in a dry run. */
  readonly state: 'open' | 'closing' | 'closed'
}
