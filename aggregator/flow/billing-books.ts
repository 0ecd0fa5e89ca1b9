import { assertThat } from '@meterline/shared/base/errors.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import { parseSegmentKey, segmentKeyPrefix } from '@meterline/shared/rating/segment.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import { relationKey, type RelationParts } from '../domain/billing/billed-relation.ts'
import { billingContracts, type BillingContract } from '../domain/billing/billing-contract.ts'
import type { ContractItem } from '../domain/billing/contract-item.ts'
import { buyerIndexOf, type BuyerIndex } from '../domain/billing/buyer-index.ts'
import type { BilledLine, BillHistory, DueLine } from '../domain/billing/due-line.ts'
import { chargedLines, dueLines, type DueSources, type SegmentState } from '../domain/billing/due-lines.ts'
import type { DuePart } from '../domain/billing/period-bill.ts'
import { midPeriodLines } from '../domain/billing/mid-period-lines.ts'
import { splitLines, splitSources, type UnsharedLines } from '../domain/billing/split-lines.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { catalogueFromBytes } from '../domain/catalogue/compile-catalogue.ts'
import type { Relation } from '../domain/ledger/templates.ts'
import { periodOfKey } from '../domain/periods/billing-cycle.ts'
import type { BillingTables } from '../store/billing-tables.ts'
import { subjectsBilled, type CorrectedPeriod } from './billed-subjects.ts'
import type { CatalogueInForce } from './catalogue-in-force.ts'
import { segmentStates, segmentSums } from './segment-states.ts'

/** More contracts than this are made again when they are next needed; a relation seldom needs more than a year's. */
const cachedContracts = 64
/** As many catalogues that periods were closed with are kept at hand. */
const cachedClosings = 3

/**
 * What bills are made of, read from the books relation by relation, so that memory does not grow with the number of
 * accounts. All of it is decided with one version of the catalogue, and the charges are those of the moment of asking.
 */
export class BillingBooks {
  /** Log index of the catalogue. */
  readonly version: number
  readonly store: BillingTables
  readonly #buyers: BuyerIndex
  /** Newest first; earlier ones are read when a segment needs them. */
  readonly #catalogues: Catalogue[]
  #oldest: number
  /** Those that came into force since the books were opened, and the last of them; read when a segment needs them. */
  readonly #later: Catalogue[] = []
  #latest: number
  readonly #contracts = new Map<string, BillingContract>()
  /** Where the log was when they were made: whatever is charged afterwards may open segments that they do not have. */
  #contractsAt = -1
  readonly #closings = new Map<number, Catalogue>()

  constructor(store: BillingTables, { version, catalogue }: Pick<CatalogueInForce, 'version' | 'catalogue'>) {
    this.store = store
    this.version = version
    this.#oldest = version
    this.#latest = version
    this.#catalogues = [catalogue]
    this.#buyers = buyerIndexOf(catalogue)
  }

  /** The one that everything is decided with. */
  get catalogue(): Catalogue {
    const [newest] = this.#catalogues
    assertThat(newest !== undefined, 'the books have a catalogue')
    return newest
  }

  /** Newest first, as far back as was needed. */
  get catalogues(): readonly Catalogue[] {
    return this.#catalogues
  }

  /** The period that a key names. */
  period(key: string): Result<Period> {
    return periodOfKey(this.catalogue.cycles, key)
  }

  /** Everybody who has, or had, something to pay for. */
  buyers(): Iterable<string> {
    return this.#buyers.keys()
  }

  /** The relations in which something was used or is owed in a period by a buyer, without what contracts ask for. */
  relationsOf(buyer: string, period: Period): readonly Relation[] {
    return [...this.#contractsOf(buyer, period).values()].map(({ relation }) => relation)
  }

  /**
   * What is due in a relation for a period and what documents say of it. Of `sums` no bill can be made: they take no longer
   * the more charges there are, and say what one would come to.
   */
  part(relation: Relation, period: Period, role: DuePart['role'], wanted: 'charges' | 'sums' = 'charges'): DuePart {
    const own = this.#unshared(relation, period, role, wanted)
    const { billed, segments } = own
    const sources = splitSources(relation, this.catalogue, period)
    const shared = sources.map((source) => this.#unshared(source, period, role, wanted))
    const lines = [...own.lines, ...splitLines({ ...own, shared, catalogue: this.catalogue, period })]
    const document = this.#ordinaryNumber(relation, period)
    return { role, period, lines, billed: this.#withAhead(billed, lines, period), segments, document }
  }

  /** What is due in a relation before anything of it is shared. */
  #unshared(relation: Relation, period: Period, role: DuePart['role'], wanted: 'charges' | 'sums'): UnsharedPart {
    const { contract, segments, billed } = this.#contractAndSegments(relation, period, role === 'correction', wanted)
    return { relation, lines: this.#linesOf(contract, segments, role), segments, billed }
  }

  /** What can be billed of a period, and what its segments have come to. `isOut`: by the rules of its documents. */
  #contractAndSegments(relation: Relation, period: Period, isOut: boolean, wanted: 'charges' | 'sums'): ContractState {
    const billed = this.store.billedLines.of(relation, period.key)
    const document = this.#ordinaryNumber(relation, period)
    const known = this.#contract(relation, period, isOut ? { billed, document } : null)
    const segments = wanted === 'sums' ? segmentSums(this.store, known) : segmentStates(this.store, known, billed)
    return { contract: isOut ? this.#withoutLaterRules(known, segments, billed) : known, segments, billed }
  }

  /** Whether what documents said of a period is only corrected by now: rules over several periods count it as billed. */
  #isOut(relation: Relation, period: Period): boolean {
    const state = this.store.documents.periods().find(({ key }) => key === period.key)?.state
    return state === 'closed' || (state === 'closing' && this.#ordinaryNumber(relation, period) !== null)
  }

  /**
   * A correction asks for what changed since the documents of a period, not for what they left out by the rules and prices of
   * their time. What was sold without a price for a meter may be given one later: what that asks for before usage is not due
   * unless the catalogue of the closing had a price for the meter. Fees in advance were billed with the period before only,
   * until billed lines were kept. What is billed, was used or was entered later is due as ever.
   */
  #withoutLaterRules(
    contract: BillingContract,
    segments: ReadonlyMap<string, SegmentState>,
    billed: ReadonlyMap<string, BilledLine>,
  ): BillingContract {
    const { period } = contract
    const keepsLines = this.store.documents.keepsLines(period.key)
    const isDue = (item: ContractItem): boolean => {
      if (segments.has(item.segmentKey) || billed.has(item.segmentKey)) return true
      if (item.kind === 'fee' && (keepsLines || item.due.due !== 'in-advance')) return true
      const then = this.#closedWith(period)?.subscriptions.get(item.subscription)
      const versions = then?.versionsBetween(period.startMs, period.endMs) ?? []
      if (item.kind === 'fee' || versions.length === 0) return versions.length === 0
      return versions.some(({ prices }) => prices.has(item.leg.meter))
    }
    return { ...contract, items: contract.items.filter(isDue) }
  }

  /** The catalogue that the closing of a period began with; undefined for a period that is not closed. */
  #closedWith({ key }: Period): Catalogue | undefined {
    const index = this.store.documents.periods().find((row) => row.key === key)?.catalogueIndex
    if (index === undefined || index === this.version) return index === undefined ? undefined : this.catalogue
    const known = this.#closings.get(index)
    if (known !== undefined) return known
    const [, catalogue] = this.#readAt(index)
    if (this.#closings.size >= cachedClosings) this.#closings.clear()
    this.#closings.set(index, catalogue)
    return catalogue
  }

  #linesOf(
    contract: BillingContract,
    segments: ReadonlyMap<string, SegmentState>,
    role: DuePart['role'],
  ): readonly DueLine[] {
    const sources = this.#sourcesOf(contract.relation, segments)
    return role === 'progressive' ? midPeriodLines(contract, sources) : dueLines(contract, sources)
  }

  /** Lines in advance belong to the next period; what is billed of them is read one by one. */
  #withAhead(
    billed: ReadonlyMap<string, BilledLine>,
    lines: readonly DueLine[],
    period: Period,
  ): ReadonlyMap<string, BilledLine> {
    const ahead = lines
      .filter(({ periodKey }) => periodKey !== period.key)
      .map(({ key }) => this.store.billedLines.find(key))
      .filter((line) => line !== null)
    return ahead.length === 0 ? billed : new Map([...billed, ...ahead.map((line) => [line.key, line] as const)])
  }

  #ordinaryNumber({ seller, buyer, currency }: RelationParts, { key }: Period): string | null {
    return this.store.documents.ordinaryNumber({ period: key, entity: seller, buyer, currency })
  }

  #sourcesOf(relation: Relation, segments: ReadonlyMap<string, SegmentState>): DueSources {
    return { segments, history: this.#historyOf(relation), catalogue: this.catalogue }
  }

  #historyOf(relation: Relation): BillHistory {
    return {
      quantityOf: (subscription, meter, periodKey) => {
        const prefix = `${segmentKeyPrefix(periodKey)}${subscription}/${meter}/`
        const found = [...this.store.segments.accumulatorsOf(prefix).values()]
        return found.reduce((sum, { quantity }) => sum + quantity, 0n)
      },
      linesOf: (periodKey) => {
        const period = this.period(periodKey)
        if (!period.ok) return []
        const isOut = this.#isOut(relation, period.value)
        const { contract, segments } = this.#contractAndSegments(relation, period.value, isOut, 'sums')
        return chargedLines(contract, this.#sourcesOf(relation, segments))
      },
    }
  }

  /** The contract of a relation; `corrected` are the lines and the document of a period whose documents are out. */
  #contract(relation: Relation, period: Period, corrected: CorrectedPeriod | null): BillingContract {
    const key = relationKey(relation)
    const name = `${corrected === null ? '' : 'out '}${period.key} ${key}`
    const { size } = this.store.log
    if (this.#contractsAt !== size || this.#contracts.size >= cachedContracts) this.#contracts.clear()
    this.#contractsAt = size
    const cached = this.#contracts.get(name)
    if (cached !== undefined) return cached
    const found = this.#contractsOf(relation.buyer, period, corrected).get(key) ?? { relation, period, items: [] }
    this.#contracts.set(name, found)
    return found
  }

  #contractsOf(
    buyer: string,
    period: Period,
    corrected: CorrectedPeriod | null = null,
  ): ReadonlyMap<string, BillingContract> {
    const subscriptions = this.#buyers.get(buyer) ?? []
    const charged = subscriptions.flatMap(({ id }) =>
      this.store.segments.keysOf(`${segmentKeyPrefix(period.key)}${id}/`),
    )
    const segmentKeys = this.#billable(charged)
    return billingContracts({
      catalogues: this.#catalogues,
      period,
      segmentKeys,
      isUsed: (key) => this.store.segments.accumulator(key).events > 0,
      subscriptions,
      wants: (relation) => relation.buyer === buyer,
      ...(corrected === null ? {} : { subjectCount: (subscription) => subjectsBilled(corrected, subscription) }),
    })
  }

  /**
   * What of some segments can be billed. What was rated with a version that came into force after the books were opened is
   * left out: its relation keeps its late mark, and the next document has it.
   */
  #billable(segmentKeys: readonly string[]): readonly string[] {
    const unknown = segmentKeys.filter((key) => !this.#catalogues.some((catalogue) => knows(catalogue, key)))
    if (unknown.length === 0) return segmentKeys
    const later = this.#ratedLater(unknown)
    this.#readEarlier(unknown.filter((key) => !later.has(key)))
    return later.size === 0 ? segmentKeys : segmentKeys.filter((key) => !later.has(key))
  }

  #ratedLater(keys: readonly string[]): ReadonlySet<string> {
    const newest = this.store.catalogues.inForceAt(Number.MAX_SAFE_INTEGER)?.logIndex ?? this.version
    for (let at = newest; at > this.#latest;) {
      const [index, catalogue] = this.#readAt(at)
      if (index > this.#latest) this.#later.push(catalogue)
      at = index - 1
    }
    this.#latest = Math.max(this.#latest, newest)
    return new Set(keys.filter((key) => this.#later.some((catalogue) => knows(catalogue, key))))
  }

  /** Reads as many earlier versions of the catalogue as it takes to know the price of every segment. */
  #readEarlier(segmentKeys: readonly string[]): void {
    let unknown = segmentKeys
    while (unknown.length > 0) {
      assertThat(this.#oldest > 0, `the segment ${unknown[0] ?? ''} was rated with a catalogue that was applied`)
      const [row, catalogue] = this.#readAt(this.#oldest - 1)
      this.#catalogues.push(catalogue)
      this.#oldest = row
      unknown = unknown.filter((key) => !knows(catalogue, key))
    }
  }

  /** The version that was in force at a log index, and its own. */
  #readAt(logIndex: number): readonly [number, Catalogue] {
    const row = this.store.catalogues.inForceAt(logIndex)
    assertThat(row !== undefined, `a catalogue was in force at ${logIndex}`)
    const catalogue = catalogueFromBytes(row.content)
    assertThat(catalogue.ok, `catalogue ${row.logIndex}, which was applied, can be read`)
    return [row.logIndex, catalogue.value]
  }
}

interface ContractState {
  readonly contract: BillingContract
  readonly segments: ReadonlyMap<string, SegmentState>
  readonly billed: ReadonlyMap<string, BilledLine>
}

interface UnsharedPart extends UnsharedLines {
  readonly segments: ReadonlyMap<string, SegmentState>
  readonly billed: ReadonlyMap<string, BilledLine>
}

/** Whether a version of the catalogue has the price of a segment. */
function knows({ subscriptions }: Catalogue, segmentKey: string): boolean {
  const { subscription, priceId } = parseSegmentKey(segmentKey)
  return subscriptions.get(subscription)?.pricesById.has(priceId) === true
}
