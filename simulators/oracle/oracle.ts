import { Accusations } from './accusations.ts'
import type { AgentImage } from './agent-image.ts'
import { AggregatorFile } from './aggregator-file.ts'
import { checkAgreement } from './agreement.ts'
import { BooksLife } from './books-life.ts'
import type { LifeParts } from './books-life.ts'
import { CapWatch } from './cap-check.ts'
import { checkDispositions } from './dispositions.ts'
import type { DispositionCounts } from './dispositions.ts'
import { drawCharged } from './drawn-events.ts'
import type { EventIdentity } from './drawn-events.ts'
import type { SeriesNumber } from './document-watch.ts'
import type { Findings } from './findings.ts'
import { JournalWatch } from './journal-watch.ts'
import type { NamedByRecovery } from './journal-watch.ts'
import type { SeenReceipt } from './log-watch.ts'
import { countsOf } from './oracle-counts.ts'
import type { OracleCounts } from './oracle-counts.ts'
import type { EndedDispute } from './note-watch.ts'
import { PaymentWatch } from './payment-watch.ts'
import { identityKey } from './published.ts'
import type { PublishedLedger } from './published.ts'
import type { StoredDocument } from './stored-document.ts'
import type { TenantPlan } from './tenant-plan.ts'
import { TrialWatch } from './trial-watch.ts'

/**
 * Judges the world. It knows what devices meant and who acknowledged it, reads the files of both sides as raw bytes, and
 * does its own arithmetic; it asks the product nothing. `afterStep` is cheap and looks at what was committed since the
 * last step; `recheck` reads everything again.
 */
export class Oracle {
  /** Told of configurations and of what is under way. */
  readonly caps: CapWatch
  /** Told of boxes and disks, and what became of them. */
  readonly journals: JournalWatch
  /** Who gave cause for evidence and quarantine. */
  readonly accusations = new Accusations()
  /** Told of what was paid. */
  readonly payments: PaymentWatch
  /** Told of periods that somebody closes by force. */
  readonly forced = new Set<string>()
  /** Told of dry runs. */
  readonly trials: TrialWatch
  readonly #parts: LifeParts
  readonly #findings: Findings
  readonly #published: PublishedLedger
  #life: BooksLife
  /** The books are being put back: until all has come to rest again, what agents retain stands for what the log had. */
  #arePutBack = false
  /** Numbers of documents that books gave out which nobody judges. */
  #numbersBetweenLives: readonly SeriesNumber[] = []
  #areBetweenLives = false
  #file: AggregatorFile | null = null
  #counts: DispositionCounts = { charged: 0, suspendedAtAggregator: 0, suspendedAtAgents: 0 }

  constructor(findings: Findings, published: PublishedLedger, tenant: string, plans: () => readonly TenantPlan[]) {
    this.#findings = findings
    this.#published = published
    this.#parts = { findings, published, tenant, plans, forced: this.forced }
    this.#life = new BooksLife(this.#parts, null)
    this.trials = new TrialWatch(
      findings,
      () => this.#life,
      () => this.afterStep(),
    )
    this.caps = new CapWatch(findings)
    this.payments = new PaymentWatch(findings)
    this.journals = new JournalWatch(findings, published, this.caps)
  }

  /** Periods that were charged in, and those whose closing has begun. */
  get periodsInUse(): ReadonlySet<string> {
    const charged = [...this.#life.rating.segments.values()].map(({ period }) => period)
    return new Set([...charged, ...this.#life.closings.begun])
  }

  /** Some events with an id that are charged now; `below` draws a number. */
  chargedEvents(count: number, below: (upTo: number) => number): readonly EventIdentity[] {
    return drawCharged(this.#life.rating, count, below)
  }

  /** What became of an event at the aggregator: unknown, charged, or suspended with its code. */
  fateOf(source: string, id: string): string {
    const place = this.#life.rating.places.standing(identityKey(source, id))
    const fate = place === undefined ? undefined : this.#life.rating.fate(place.batchIndex, place.unit)
    if (fate === undefined) return 'unknown'
    return fate.kind === 'suspended' ? `suspended ${fate.code}` : fate.kind
  }

  get counts(): OracleCounts {
    return countsOf(this.#life, this.#counts)
  }

  /** Looks at the tenant's file from now on; the one before is a thing of the past. */
  watch(file: string): void {
    this.unwatch()
    if (this.#areBetweenLives) return
    this.#file = this.#guarded(() => new AggregatorFile(file))
    if (this.#life.log.size > 0) this.#guarded(() => this.recheck())
    this.afterStep()
  }

  unwatch(): void {
    this.#file?.close()
    this.#file = null
  }

  receiptArrived(receipt: SeenReceipt): void {
    this.caps.receiptArrived(receipt.box ?? receipt.agent)
    // Nobody stands behind what books say that are not the tenant's.
    if (this.#areBetweenLives) return
    this.#life.log.receiptArrived(receipt)
    // A receipt may arrive after the aggregator is gone: it is held against the file once that is open again.
    if (this.#file === null) return
    if (this.#file.changed()) this.#guarded(() => this.#advance())
    else this.#life.log.checkReceipts()
  }

  /** The checks of every step: what was committed since the last one. */
  afterStep(): void {
    if (this.#file?.changed() === true) this.#guarded(() => this.#advance())
  }

  /** Reads everything the aggregator stores again, for what changed behind our back. */
  recheck(): void {
    const file = this.#file
    if (file === null) return
    this.#guarded(() => {
      this.#life.recheck(file)
      this.caps.checkEvidence(file)
    })
  }

  /** Looks into a copy of a box's journal, as it is after a crash or between two steps. */
  lookInto(box: string, journalCopy: string): AgentImage | null {
    return this.#guarded(() => this.journals.lookInto(box, journalCopy, this.#life, this.#arePutBack))
  }

  /** See `JournalWatch`. */
  thrownBack(box: string, journalCopy: string, acknowledgedBefore: ReadonlySet<number>, why: string): void {
    this.#guarded(() => {
      this.#advance()
      this.journals.thrownBack(box, journalCopy, this.#life, acknowledgedBefore, why)
    })
  }

  /** See `JournalWatch`. */
  recovered(box: string, journalCopy: string, held: AgentImage, named: NamedByRecovery): void {
    this.#guarded(() => {
      this.#advance()
      this.journals.recovered(box, journalCopy, this.#life, held, named)
    })
  }

  /** The file under the tenant's name is not what it should be: nothing in it is judged before the books are restored. */
  booksBetweenLives(): void {
    this.unwatch()
    this.#areBetweenLives = true
    this.#arePutBack = true
  }

  /** Whether agents may still have to send again what the books forgot. */
  get areBooksPutBack(): boolean {
    return this.#arePutBack
  }

  /** The highest number of each series that was ever given out. */
  lastNumbers(): readonly SeriesNumber[] {
    return this.#life.documents.lastNumbers(this.#numbersBetweenLives)
  }

  /** Takes note of the numbers that books gave out which were put in the place of these and are to be replaced. */
  numbersBetweenLives(file: string): void {
    const books = new AggregatorFile(file)
    this.#numbersBetweenLives = books
      .documentsAfter(-1)
      .map(({ entity, series, sequence }) => ({ entity, series, last: sequence }))
    books.close()
  }

  /**
   * The books were openly put back to the first `size` entries of the log: everything after them is a thing of the past
   * but for the numbers of documents, and everything that is there is read anew.
   */
  booksRestored(size: number): void {
    this.#life = new BooksLife(this.#parts, { size, floors: this.lastNumbers() })
    this.#numbersBetweenLives = []
    this.#areBetweenLives = false
    this.journals.booksForget()
    this.payments.booksForget()
  }

  /** Whether everything received is rated: what has to be so before it is worth looking into journals. */
  get isRated(): boolean {
    return this.#file !== null && this.#life.rating.ratedUpTo === this.#life.log.lastBatch
  }

  /**
   * Whether everything received is rated, and this agent has nothing left to send: also nothing that the log lost when the
   * books were put back, and that the agent is still to take back into its outbox.
   */
  isAtRest(agent: string, image: AgentImage): boolean {
    const isSent = image.open.length === 0 && image.outbox.length === 0 && image.settledSeq === image.sealedSeq
    return this.isRated && isSent && image.settledSeq <= this.#life.log.chain(agent, image.epoch).seq
  }

  /** The checks that only hold when everything has come to rest. */
  atRest(images: ReadonlyMap<string, AgentImage>): void {
    const file = this.#file
    if (file === null) return this.#findings.add('I18', 'there is no aggregator at rest')
    this.#arePutBack = false
    this.recheck()
    this.#guarded(() => {
      checkAgreement(this.#findings, images, file, this.#life.log, this.#life.rating, this.accusations)
      this.#counts = checkDispositions(
        this.#findings,
        this.#published,
        images,
        this.#life.log.batches,
        this.#life.rating,
      )
    })
  }

  /** Honest agents on ordered streams give no cause for accusation. */
  nobodyAccused(): void {
    for (const { agent, code, message } of this.#file?.evidence() ?? []) {
      if (this.accusations.allow(agent)) continue
      this.#findings.add('I18', `evidence is kept against ${agent}, which did nothing wrong: ${code}, ${message}`)
    }
  }

  /** What an agent was refused for stands in the evidence (I7): it was told so, and a person has to be able to see it. */
  evidenceKept(agent: string, codes: Iterable<string>): void {
    const kept = new Set((this.#file?.evidence() ?? []).filter((row) => row.agent === agent).map(({ code }) => code))
    for (const code of this.#file === null ? [] : codes)
      this.#findings.demand(
        kept.has(code),
        'I7',
        () => `${agent} was refused for ${code}, and no evidence of it is kept`,
      )
  }

  /** The checks after a closing: documents against books. */
  afterClose(): void {
    const [plan] = this.#parts.plans()
    if (this.#file === null || plan === undefined) return
    this.#guarded(() => {
      this.#advance()
      const { documents, rating, books } = this.#life
      documents.billing.checkBooks(plan.currency, rating.segments, books, documents.notes.all)
    })
  }

  /** The checks once corrections were issued of everything that came after closings: nothing of it is left to bill. */
  afterCorrections(): void {
    this.afterClose()
    const [plan] = this.#parts.plans()
    this.#guarded(() => {
      const { documents, rating, costs, closings } = this.#life
      for (const period of closings.closed)
        documents.billing.checkSettled(period, rating.segments, plan?.partners ?? [])
      costs.checkSettled([...closings.begun], rating.segments)
    })
  }

  /** Who sells to whom and has billed it. */
  get billedRelations(): readonly { readonly seller: string; readonly buyer: string }[] {
    return this.#life.documents.billing.relations([])
  }

  /** Documents that bill and were not taken back. */
  get standingDocuments(): readonly StoredDocument[] {
    return this.#life.documents.notes.standing
  }

  disputeEnded(dispute: EndedDispute): void {
    this.#life.documents.notes.disputeEnded(dispute)
  }

  /** Held when no payment is under way. */
  moneyAgrees(): void {
    const [plan] = this.#parts.plans()
    const { documents, books } = this.#life
    if (plan !== undefined) this.payments.check(plan.currency, documents, books)
    documents.notes.checkDisputes()
  }

  #advance(): void {
    if (this.#file !== null) this.#life.advance(this.#file)
  }

  /** What cannot even be read is a finding as well. */
  #guarded<Value>(work: () => Value): Value | null {
    try {
      return work()
    } catch (error) {
      this.#findings.add(
        'world',
        `the oracle cannot read what is stored: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      )
      return null
    }
  }
}
