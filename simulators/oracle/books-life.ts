import type { AggregatorFile } from './aggregator-file.ts'
import { BooksWatch } from './books-watch.ts'
import { CheckpointWatch } from './checkpoint-watch.ts'
import { DocumentWatch } from './document-watch.ts'
import type { RestoredNumbers } from './document-watch.ts'
import { ClosingWatch } from './closing-watch.ts'
import { CostWatch } from './cost-watch.ts'
import type { Findings } from './findings.ts'
import { LogWatch } from './log-watch.ts'
import { PresenceWatch } from './presence.ts'
import { ProvenanceWatch } from './provenance.ts'
import type { PublishedLedger } from './published.ts'
import { RatingWatch } from './rating-watch.ts'
import { SuspenseWatch } from './suspense-watch.ts'
import type { TenantPlan } from './tenant-plan.ts'
import { VersionBook } from './version-book.ts'

/** What a life of the books is judged by. */
export interface LifeParts {
  readonly findings: Findings
  readonly published: PublishedLedger
  readonly tenant: string
  readonly plans: () => readonly TenantPlan[]
  /** Periods that somebody closed by force, before their time. */
  readonly forced: ReadonlySet<string>
}

/**
 * All that is known of the aggregator's books, from the first entry of its log. When the books are put back to a backup,
 * this is a thing of the past and another life begins, for which everything is read anew.
 */
export class BooksLife {
  readonly log: LogWatch
  readonly closings: ClosingWatch
  readonly rating: RatingWatch
  readonly suspense: SuspenseWatch
  readonly books: BooksWatch
  readonly documents: DocumentWatch
  readonly costs: CostWatch
  readonly presence: PresenceWatch
  readonly checkpoints: CheckpointWatch
  readonly provenance: ProvenanceWatch
  readonly #plans: () => readonly TenantPlan[]

  /** `restored`: what is kept of an earlier life; null in the first one. */
  constructor({ findings, published, tenant, plans, forced }: LifeParts, restored: RestoredNumbers | null) {
    const versions = new VersionBook(findings, plans)
    this.#plans = plans
    this.log = new LogWatch(tenant, findings, versions)
    this.closings = new ClosingWatch(findings)
    this.rating = new RatingWatch(findings, plans, versions)
    this.suspense = new SuspenseWatch(findings, plans, versions, this.rating)
    this.books = new BooksWatch(findings)
    this.documents = new DocumentWatch(findings, plans, versions, forced, restored)
    this.costs = new CostWatch(findings, plans)
    this.presence = new PresenceWatch(findings, published)
    this.checkpoints = new CheckpointWatch(findings, tenant, this.log.tree)
    this.provenance = new ProvenanceWatch(findings, published)
  }

  /** Looks at what was committed since the last time. */
  advance(file: AggregatorFile): void {
    this.log.advance(file)
    const closedBefore = this.closings.closed
    this.closings.advance(file, this.log)
    this.checkpoints.advance(file)
    this.provenance.advance(this.log)
    const charged = this.rating.advance(file, this.log)
    this.suspense.advance(file, this.log.batches, this.log.takeUnitDecisions())
    const posted = this.books.advance(file, this.log.takeDecisions())
    this.costs.advance(this.log.takePartnerPostings())
    const issued = this.documents.advance(file, this.rating.segments, closedBefore)
    const plan = this.#plans().at(-1)
    if (plan === undefined || !(charged || posted || issued)) return
    const openings = [...this.documents.openings(), ...this.costs.posted]
    this.books.checkAgainstCharges(plan, this.rating.segments.values(), openings, this.documents.taxes())
  }

  /** Reads everything again, for what changed behind our back. */
  recheck(file: AggregatorFile): void {
    this.advance(file)
    this.log.recheck(file)
    this.checkpoints.recheck(file)
    this.rating.recheck(file)
    this.suspense.recheck(file)
    this.books.recheck(file)
    this.documents.recheck(file)
  }
}
