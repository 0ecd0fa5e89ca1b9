import { readAgentImage } from './agent-image.ts'
import type { AgentImage, AgentSuspended } from './agent-image.ts'
import { AggregatorFile } from './aggregator-file.ts'
import { checkAgreement } from './agreement.ts'
import { BooksWatch } from './books-watch.ts'
import { checkDispositions } from './dispositions.ts'
import type { DispositionCounts } from './dispositions.ts'
import { DocumentWatch } from './document-watch.ts'
import type { Findings } from './findings.ts'
import { LogWatch } from './log-watch.ts'
import type { LoggedBatch, SeenReceipt } from './log-watch.ts'
import { isMeant, UnitIndex } from './matching.ts'
import { PresenceWatch } from './presence.ts'
import { identityKey } from './published.ts'
import type { MeantEvent, PublishedLedger } from './published.ts'
import { RatingWatch } from './rating-watch.ts'
import { SuspenseWatch } from './suspense-watch.ts'
import type { TenantPlan } from './tenant-plan.ts'

/** What the oracle counted, for the statistics of a run. */
export interface OracleCounts extends DispositionCounts {
  readonly batches: number
  readonly units: number
  readonly charges: number
  readonly documents: number
  /** Suspended units that were charged after all, and those that were given up. */
  readonly released: number
  readonly discarded: number
}

/**
 * Judges the world. It knows what devices meant and who acknowledged it, reads the files of both sides as raw bytes, and
 * does its own arithmetic; it asks the product nothing. `afterStep` is cheap and looks at what was committed since the
 * last step; `recheck` reads everything again.
 */
export class Oracle {
  readonly #findings: Findings
  readonly #published: PublishedLedger
  readonly #plans: () => readonly TenantPlan[]
  readonly #log: LogWatch
  readonly #rating: RatingWatch
  readonly #suspense: SuspenseWatch
  readonly #books: BooksWatch
  readonly #documents: DocumentWatch
  readonly #presence: PresenceWatch
  readonly #logged = new UnitIndex()
  /** What stood in the suspense of agents whose disk was replaced: a person took it out before. */
  readonly #retired = new Map<string, readonly AgentSuspended[]>()
  readonly #meant = new Map<string, MeantEvent[]>()
  #meantPublishes = 0
  #indexedUpTo = -1
  #file: AggregatorFile | null = null
  #counts: DispositionCounts = { charged: 0, suspendedAtAggregator: 0, suspendedAtAgents: 0 }

  constructor(findings: Findings, published: PublishedLedger, tenant: string, plans: () => readonly TenantPlan[]) {
    this.#findings = findings
    this.#published = published
    this.#plans = plans
    this.#log = new LogWatch(tenant, findings)
    this.#rating = new RatingWatch(findings, plans)
    this.#suspense = new SuspenseWatch(findings, plans, this.#rating)
    this.#books = new BooksWatch(findings)
    this.#documents = new DocumentWatch(findings, plans)
    this.#presence = new PresenceWatch(findings, published)
  }

  /** Periods that were charged in, in order. */
  get chargedPeriods(): readonly string[] {
    return [...new Set([...this.#rating.segments.values()].map(({ period }) => period))].toSorted()
  }

  /** What became of an event at the aggregator: unknown, charged, or suspended with its code. */
  fateOf(source: string, id: string): string {
    const place = this.#rating.first(identityKey(source, id))
    const fate = place === undefined ? undefined : this.#rating.fate(place.batchIndex, place.unit)
    if (fate === undefined) return 'unknown'
    return fate.kind === 'suspended' ? `suspended ${fate.code}` : fate.kind
  }

  get counts(): OracleCounts {
    let units = 0
    for (const batch of this.#log.batches.values()) units += batch.units.length
    let charges = 0
    for (const sums of this.#rating.segments.values()) charges += sums.charges
    const { released, discarded } = this.#suspense
    const batches = this.#log.batches.size
    return { ...this.#counts, batches, units, charges, documents: this.#documents.count, released, discarded }
  }

  /** Looks at the tenant's file from now on; the one before is a thing of the past. */
  watch(file: string): void {
    this.unwatch()
    this.#file = new AggregatorFile(file)
    if (this.#log.size > 0) this.#guarded(() => this.recheck())
    this.afterStep()
  }

  unwatch(): void {
    this.#file?.close()
    this.#file = null
  }

  receiptArrived(receipt: SeenReceipt): void {
    this.#log.receiptArrived(receipt)
    this.#guarded(() => this.#advance())
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
      this.#advance()
      this.#log.recheck(file)
      this.#rating.recheck(file)
      this.#suspense.recheck(file)
      this.#books.recheck(file)
      this.#documents.recheck(file)
    })
  }

  /** Looks into a copy of an agent's journal, as it is after a crash or between two steps. */
  lookInto(agent: string, journalCopy: string): AgentImage | null {
    return this.#guarded(() => {
      const stored = readAgentImage(journalCopy)
      const retired = this.#retired.get(agent) ?? []
      const image = stored === null ? null : { ...stored, suspended: [...retired, ...stored.suspended] }
      this.#checkOutbox(agent, image)
      this.#presence.check(agent, image ?? { outbox: [], open: [], suspended: retired }, this.#logged)
      return image
    })
  }

  /** The agent's disk is about to be replaced, with nothing in its outbox; what is in its suspense has been noted. */
  retire(agent: string, image: AgentImage): void {
    this.#retired.set(agent, image.suspended)
  }

  /** Whether everything received is rated, and these journals have nothing left to send. */
  isAtRest(images: readonly (AgentImage | null)[]): boolean {
    if (this.#file === null || this.#rating.ratedUpTo !== Math.max(-1, ...this.#log.batches.keys())) return false
    return images.every(
      (image) =>
        image !== null && image.open.length === 0 && image.outbox.length === 0 && image.settledSeq === image.sealedSeq,
    )
  }

  /** The checks that only hold when everything has come to rest. */
  atRest(images: ReadonlyMap<string, AgentImage>): void {
    const file = this.#file
    if (file === null) return this.#findings.add('I18', 'there is no aggregator at rest')
    this.recheck()
    this.#guarded(() => {
      checkAgreement(this.#findings, images, file, this.#log, this.#rating)
      this.#counts = checkDispositions(this.#findings, this.#published, images, this.#log.batches, this.#rating)
    })
  }

  /** Honest agents on ordered streams give no cause for accusation. */
  nobodyAccused(): void {
    for (const { agent, code, message } of this.#file?.evidence() ?? []) {
      this.#findings.add('I18', `evidence is kept against ${agent}, which did nothing wrong: ${code}, ${message}`)
    }
  }

  /** The checks after a period was closed: documents against charges and books. */
  afterClose(period: string): void {
    const file = this.#file
    if (file === null) return
    this.#guarded(() => {
      this.#advance()
      this.#documents.checkPeriod(period, this.#rating.segments, this.#books)
    })
  }

  #advance(): void {
    const file = this.#file
    if (file === null) return
    this.#log.advance(file)
    this.#provenance(this.#log.batches)
    this.#rating.advance(file, this.#log.batches, this.#log.controls)
    this.#suspense.advance(file, this.#log.batches, this.#log.takeSuspenseDecisions())
    this.#books.advance(file, this.#log.takeDecisions())
    this.#documents.advance(file)
    const [plan] = this.#plans()
    if (plan !== undefined)
      this.#books.checkAgainstCharges(plan, this.#rating.segments.values(), this.#documents.openings())
  }

  /** Nothing in the log is made up: every unit is what some device meant. */
  #provenance(batches: ReadonlyMap<number, LoggedBatch>): void {
    this.#indexMeant()
    for (const [batchIndex, { units }] of batches) {
      if (batchIndex <= this.#indexedUpTo) continue
      this.#indexedUpTo = batchIndex
      for (const [index, unit] of units.entries()) {
        this.#logged.add(unit)
        const meant = this.#meant.get(identityKey(unit.source, unit.eventId ?? '')) ?? []
        this.#findings.demand(
          meant.some((event) => isMeant(unit, event)),
          'I8',
          () =>
            `unit ${batchIndex}/${index} (${unit.source} ${unit.eventId ?? 'without id'}: ${unit.content}) is nothing that was published`,
        )
      }
    }
  }

  #indexMeant(): void {
    const { publishes } = this.#published
    for (; this.#meantPublishes < publishes.length; this.#meantPublishes++) {
      for (const piece of publishes[this.#meantPublishes]?.pieces ?? []) {
        if (piece.kind !== 'event') continue
        const key = identityKey(piece.event.source, piece.event.id ?? '')
        const known = this.#meant.get(key)
        if (known === undefined) this.#meant.set(key, [piece.event])
        else known.push(piece.event)
      }
    }
  }

  /** I6 at the edge: the outbox is a chain from the last settled batch to the last sealed one. */
  #checkOutbox(agent: string, image: AgentImage | null): void {
    if (image === null) return
    let seq = image.settledSeq
    let hash = image.settledHash
    for (const { header, units } of image.outbox) {
      const follows = header.seq === seq + 1 && header.previousHash === hash && header.agent === agent
      this.#findings.demand(follows, 'I6', () => `${agent}: batch ${header.seq} of the outbox does not follow ${seq}`)
      this.#findings.demand(
        units.length === header.unitCount,
        'I6',
        () => `${agent}: batch ${header.seq} of the outbox lacks units`,
      )
      seq = header.seq
      hash = header.hash
    }
    this.#findings.demand(
      seq === image.sealedSeq && hash === image.sealedHash,
      'I6',
      () => `${agent}: the outbox ends at ${seq}, sealed is ${image.sealedSeq}`,
    )
    const received = this.#log.chain(agent, image.epoch).seq
    this.#findings.demand(
      image.settledSeq <= received,
      'I7',
      () => `${agent} let batch ${image.settledSeq} go, the log ends at ${received}`,
    )
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
