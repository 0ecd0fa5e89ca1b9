import { assertThat } from '@meterline/shared/base/errors.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import { sumRoot } from '@meterline/shared/integrity/merkle-sum.ts'
import { parseSegmentKey, segmentKeyPrefix } from '@meterline/shared/rating/segment.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import { relationKey, type RelationParts } from '../domain/billing/billed-relation.ts'
import { billingContracts, type BillingContract, type ContractItem } from '../domain/billing/billing-contract.ts'
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
import type { CatalogueInForce } from './catalogue-in-force.ts'

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
  readonly #contracts = new Map<string, BillingContract>()
  /** Where the log was when they were made: whatever is charged afterwards may open segments that they do not have. */
  #contractsAt = -1
  readonly #closings = new Map<number, Catalogue>()

  constructor(store: BillingTables, { version, catalogue }: Pick<CatalogueInForce, 'version' | 'catalogue'>) {
    this.store = store
    this.version = version
    this.#oldest = version
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

  /** What is due in a relation for a period and what documents say of it. */
  part(relation: Relation, period: Period, role: DuePart['role']): DuePart {
    const own = this.#unshared(relation, period, role)
    const { billed, segments } = own
    const shared = splitSources(relation, this.catalogue, period).map((source) => this.#unshared(source, period, role))
    const lines = [...own.lines, ...splitLines({ ...own, shared, catalogue: this.catalogue, period })]
    const document = this.#ordinaryNumber(relation, period)
    return { role, period, lines, billed: this.#withAhead(billed, lines, period), segments, document }
  }

  /** What is due in a relation before anything of it is shared. */
  #unshared(relation: Relation, period: Period, role: DuePart['role']): UnsharedPart {
    const billed = this.store.billedLines.of(relation, period.key)
    const isOut = role === 'correction'
    const document = this.#ordinaryNumber(relation, period)
    const known = this.#contract(relation, period, isOut ? { billed, document } : null)
    const segments = this.#segmentsOf(known, billed)
    const contract = isOut ? this.#withoutLaterRules(known, segments, billed) : known
    return { relation, lines: this.#linesOf(contract, segments, role), segments, billed }
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
    const row = this.store.catalogues.inForceAt(index)
    const catalogue = row === undefined ? undefined : catalogueFromBytes(row.content)
    assertThat(catalogue?.ok === true, `the catalogue that ${key} was closed with can be read`)
    if (this.#closings.size >= cachedClosings) this.#closings.clear()
    this.#closings.set(index, catalogue.value)
    return catalogue.value
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
        const contract = this.#contract(relation, period.value, null)
        return chargedLines(contract, this.#sourcesOf(relation, this.#segmentsOf(contract, new Map())))
      },
    }
  }

  /** The contract of a relation; `corrected` are the lines and the document of a period whose documents are out. */
  #contract(relation: Relation, period: Period, corrected: CorrectedPeriod | null): BillingContract {
    const key = relationKey(relation)
    const name = `${period.key} ${key}`
    const { size } = this.store.log
    if (this.#contractsAt !== size || this.#contracts.size >= cachedContracts) this.#contracts.clear()
    this.#contractsAt = size
    const cached = corrected === null ? this.#contracts.get(name) : undefined
    if (cached !== undefined) return cached
    const found = this.#contractsOf(relation.buyer, period, corrected).get(key) ?? { relation, period, items: [] }
    if (corrected === null) this.#contracts.set(name, found)
    return found
  }

  #contractsOf(
    buyer: string,
    period: Period,
    corrected: CorrectedPeriod | null = null,
  ): ReadonlyMap<string, BillingContract> {
    const subscriptions = this.#buyers.get(buyer) ?? []
    const segmentKeys = subscriptions.flatMap(({ id }) =>
      this.store.segments.keysOf(`${segmentKeyPrefix(period.key)}${id}/`),
    )
    this.#readCataloguesOf(segmentKeys)
    return billingContracts({
      catalogues: this.#catalogues,
      period,
      segmentKeys,
      subscriptions,
      wants: (relation) => relation.buyer === buyer,
      ...(corrected === null ? {} : { subjectCount: (subscription) => subjectsBilled(corrected, subscription) }),
    })
  }

  /** Reads as many earlier versions of the catalogue as it takes to know the price of every segment. */
  #readCataloguesOf(segmentKeys: readonly string[]): void {
    const isUnknown = (key: string): boolean => {
      const { subscription, priceId } = parseSegmentKey(key)
      return !this.#catalogues.some(({ subscriptions }) => subscriptions.get(subscription)?.pricesById.has(priceId))
    }
    for (let unknown = segmentKeys.filter(isUnknown); unknown.length > 0; unknown = unknown.filter(isUnknown)) {
      const row = this.#oldest === 0 ? undefined : this.store.catalogues.inForceAt(this.#oldest - 1)
      assertThat(row !== undefined, `the segment ${unknown[0] ?? ''} was rated with a catalogue that was applied`)
      const catalogue = catalogueFromBytes(row.content)
      assertThat(catalogue.ok, `catalogue ${row.logIndex}, which was applied, can be read`)
      this.#catalogues.push(catalogue.value)
      this.#oldest = row.logIndex
    }
  }

  #segmentsOf({ items }: BillingContract, billed: ReadonlyMap<string, BilledLine>): ReadonlyMap<string, SegmentState> {
    const { segments, segmentDays } = this.store
    const found = new Map<string, SegmentState>()
    for (const { kind, segmentKey } of items) {
      if (kind === 'fee') continue
      const from = billed.get(segmentKey)?.chargeBlocks ?? 0
      const leaves = segments
        .leavesOf(segmentKey, from)
        .map(({ leaf, amountMicros }) => ({ hash: leaf, sum: amountMicros }))
      const chargeBlocks = from + leaves.length
      if (chargeBlocks === 0) continue
      const days = [...(segmentDays.daysOf(segmentKey).get(segmentKey) ?? [])].map(([day, usage]) => ({
        day,
        ...usage,
      }))
      const accumulator = segments.accumulator(segmentKey)
      found.set(segmentKey, { accumulator, chargesRoot: sumRoot(leaves).hash, chargeBlocks, days })
    }
    return found
  }
}

interface UnsharedPart extends UnsharedLines {
  readonly segments: ReadonlyMap<string, SegmentState>
  readonly billed: ReadonlyMap<string, BilledLine>
}

/** A period that documents are out of: how many subjects were billed is on them. */
interface CorrectedPeriod {
  readonly billed: ReadonlyMap<string, BilledLine>
  /** Number of the ordinary document. */
  readonly document: string | null
}

/** How many subjects of a subscription stand on the documents of a period; undefined when no document counted them yet. */
function subjectsBilled({ billed, document }: CorrectedPeriod, subscription: string): bigint | undefined {
  const lines = [...billed.values()]
  if (document === null || lines.every((line) => line.document !== document)) return undefined
  const counted = lines.filter(({ kind, unit, key }) => {
    return kind === 'fee' && unit === 'subject' && parseSegmentKey(key).subscription === subscription
  })
  return counted.reduce((most, { quantity }) => (quantity > most ? quantity : most), 0n)
}
