import { BilledBook } from './billed-book.ts'
import type { Billed } from './billed-book.ts'
import { periodAfter } from './billing-cycles.ts'
import type { BooksWatch } from './books-watch.ts'
import type { KnownBefore } from './due-charges.ts'
import { dueWithoutUsage, feeText, unusedText } from './due-without-usage.ts'
import { compareContracts, periodsOfBill } from './contract-check.ts'
import type { Findings } from './findings.ts'
import { knownBefore } from './known-before.ts'
import { lineFaults } from './line-check.ts'
import { blocksBefore, isUsedBefore } from './segment-check.ts'
import type { SegmentSums } from './segment-check.ts'
import { compareSplits } from './split-check.ts'
import { ruleOf } from './stored-document.ts'
import type { Correction, StoredDocument } from './stored-document.ts'
import type { TenantPlan } from './tenant-plan.ts'

type Segments = ReadonlyMap<string, SegmentSums>

/** What a document is judged by. */
export interface BillingContext {
  readonly segments: Segments
  /** The version it was made with. */
  readonly plan: TenantPlan
  /** Periods whose closing had begun before it. */
  readonly closedBefore: ReadonlySet<string>
  /** The version in force as the closing of a period began. */
  readonly planClosedWith: (period: string) => TenantPlan | undefined
}

/**
 * Follows what is billed (I9, I10): a document bills the difference between what is due and what documents said before, so
 * that after each one every charge there is stands on exactly one line of its key, also those that came late; and what is
 * due without usage stands there once.
 */
export class BillingWatch {
  readonly book = new BilledBook()
  readonly #findings: Findings
  readonly #documents: StoredDocument[] = []

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** The next document, in the order of the log. */
  take(document: StoredDocument, context: BillingContext): void {
    const { row, lines } = document
    const { segments, plan } = context
    const rounding = { minorDigits: plan.minorDigits, rule: ruleOf(row.bytes) }
    const seen = new Set<string>()
    for (const line of lines) {
      const { segment: key, corrects } = line
      if (seen.has(key)) this.#findings.add('I10', `document ${row.number}: ${key} stands on it twice`)
      seen.add(key)
      const before = this.book.of(key)
      for (const fault of lineFaults(line, { before, segments, rounding }))
        this.#findings.add('I9', `document ${row.number}: ${fault}`)
      const isForeign = before !== undefined && (before.seller !== document.seller || before.buyer !== document.buyer)
      if (isForeign) this.#findings.add('I10', `document ${row.number}: ${key} was billed to ${before.buyer}`)
      const billed = this.book.add(document, line)
      this.#checkReference(document, billed, corrects)
    }
    this.#documents.push(document)
    this.#checkCharges(document, context)
    this.#checkDue(document, context)
  }

  /** Documents from a place of the log on. */
  issuedFrom(logIndex: number): readonly StoredDocument[] {
    return this.#documents.filter(({ row }) => row.logIndex >= logIndex)
  }

  /** Everything closed is billed in full: each of its charges stands on a line. */
  checkSettled(period: string, segments: Segments, partners: readonly string[]): void {
    for (const [key, sums] of segments) {
      if (sums.period !== period || partners.includes(sums.seller)) continue
      const billed = this.book.of(key)
      const demand = (holds: boolean, what: string): void =>
        this.#findings.demand(holds, 'I10', () => `segment ${key}: ${what}`)
      const blocks = billed?.blocks ?? 0
      demand(blocks === sums.blocks.length, `of ${sums.blocks.length} blocks ${blocks} stand on document lines`)
      if (billed === undefined) continue
      demand(billed.quantity === sums.quantity, `has ${sums.quantity} units, its lines ${billed.quantity}`)
      demand(
        billed.amountMicros - billed.openingMicros === sums.amountMicros,
        `charged ${sums.amountMicros}, its lines say ${billed.amountMicros} with ${billed.openingMicros} due before usage`,
      )
    }
  }

  /** Who billed whom, and what they asked for in all, tax and notes included. */
  relations(
    notes: readonly StoredDocument[],
  ): readonly { readonly seller: string; readonly buyer: string; readonly askedMicros: bigint }[] {
    const asked = new Map<string, { seller: string; buyer: string; askedMicros: bigint }>()
    for (const { seller, buyer, tax, invoicedMicros } of [...this.#documents, ...notes]) {
      const known = asked.get(`${seller}>${buyer}`) ?? { seller, buyer, askedMicros: 0n }
      asked.set(`${seller}>${buyer}`, {
        ...known,
        askedMicros: known.askedMicros + (tax?.grossMicros ?? invoicedMicros),
      })
    }
    return [...asked.values()]
  }

  /** What sellers invoiced and what they did not is what their books say. */
  checkBooks(currency: string, segments: Segments, books: BooksWatch, notes: readonly StoredDocument[]): void {
    for (const { seller, buyer, askedMicros } of this.relations(notes)) {
      const account = `receivable:${buyer}`
      const owed = books.netOf(seller, currency, account)
      const due = askedMicros + books.decidedOn(seller, currency, account)
      this.#findings.demand(
        owed === due,
        'I10',
        () => `${buyer} was asked for ${askedMicros} and owes ${due}, the books of ${seller} say ${owed}`,
      )
      const unbilled = books.netOf(seller, currency, `unbilled:${buyer}`)
      const waiting = this.#notInvoiced(seller, buyer, segments)
      this.#findings.demand(
        unbilled === waiting,
        'I10',
        () => `of ${buyer}'s usage ${waiting} micros are on no document, unbilled by ${seller} are ${unbilled}`,
      )
    }
  }

  /** What was charged between two parties, and due before any usage, less the exact amounts of their documents. */
  #notInvoiced(seller: string, buyer: string, segments: Segments): bigint {
    let micros = 0n
    for (const sums of segments.values())
      if (sums.seller === seller && sums.buyer === buyer) micros += sums.amountMicros
    for (const billed of this.book.all)
      if (billed.seller === seller && billed.buyer === buyer) micros += billed.openingMicros - billed.amountMicros
    return micros
  }

  /** A correction names a document of the same two that the period was billed with before. */
  #checkReference({ row, seller, buyer }: StoredDocument, billed: Billed, corrects: Correction | null): void {
    const wrong = (what: string): void => this.#findings.add('I10', `document ${row.number}: ${billed.key} ${what}`)
    const last = billed.documents.at(-2)
    if (corrects === null) {
      const isCorrection = row.purpose === 'correction' || (last !== undefined && billed.period < row.period)
      if (isCorrection) wrong('says of no document that it corrects it')
      return
    }
    if (corrects.period !== billed.period) wrong(`corrects ${corrects.period}`)
    if (last !== undefined && corrects.document !== last)
      wrong(`corrects ${String(corrects.document)}, it stands on ${last}`)
    if (corrects.document === null) return
    const named = this.#documents.find((each) => each.row.number === corrects.document)
    const isTheirs = named?.seller === seller && named.buyer === buyer
    if (!isTheirs) wrong(`corrects ${corrects.document}, which is no document of theirs`)
  }

  /** Every charge of the document's own period, and of what was closed before, that was in the books by then. */
  #checkCharges(document: StoredDocument, { segments, closedBefore }: BillingContext): void {
    const { row, seller, buyer } = document
    for (const [key, sums] of segments) {
      if (sums.seller !== seller || sums.buyer !== buyer) continue
      const isDue = sums.period === row.period || this.#isBilled(document, sums.period, closedBefore)
      if (!isDue) continue
      const known = blocksBefore(sums, row.logIndex)
      const billed = this.book.of(key)?.blocks ?? 0
      this.#findings.demand(
        billed === known,
        'I10',
        () => `document ${row.number}: of ${known} blocks of ${key} ${billed} stand on documents`,
      )
    }
  }

  /** Whether a buyer had his bill of a period before this document, or none because nothing was due as it was closed. */
  #isBilled({ row, seller, buyer }: StoredDocument, period: string, closedBefore: ReadonlySet<string>): boolean {
    const isTheirs = (each: StoredDocument): boolean => each.seller === seller && each.buyer === buyer
    const hadBill = this.#documents.some(
      (each) =>
        isTheirs(each) && each.row.purpose === 'period' && each.row.period === period && each.row.number !== row.number,
    )
    // An ordinary bill has what came late of periods before its own; both are of one cycle.
    const mayHold = row.purpose === 'correction' || (row.purpose === 'period' && period < row.period)
    return mayHold && (hadBill || closedBefore.has(period))
  }

  /** What is due without usage, for the document's own period and for each that it corrects. */
  #checkDue(document: StoredDocument, context: BillingContext): void {
    const { row, lines } = document
    const corrected = new Set(lines.flatMap(({ corrects }) => (corrects === null ? [] : [corrects.period])))
    if (row.purpose === 'period') {
      corrected.delete(row.period)
      this.#comparePeriod(document, context, row.period, true)
    }
    for (const period of corrected) this.#comparePeriod(document, context, period, false)
  }

  #comparePeriod(document: StoredDocument, context: BillingContext, period: string, isOwn: boolean): void {
    const { row, seller, buyer } = document
    const { plan } = context
    const known = this.#known(document, isOwn ? period : null, context)
    const ahead = isOwn && !this.#hasDocumentOf(document, periodAfter(plan, period))
    const due = dueWithoutUsage({ ...context, seller, buyer, logIndex: row.logIndex }, { period, isOwn, ahead, known })
    const isUsed = (key: string): boolean => {
      const sums = context.segments.get(key)
      return sums !== undefined && isUsedBefore(sums, row.logIndex)
    }
    const own = this.book.between(seller, buyer, period)
    const next = ahead ? this.book.between(seller, buyer, periodAfter(plan, period)).filter(({ isFee }) => isFee) : []
    const stated = [...own, ...next]
      .filter(({ key, amountMicros, isOfContract }) => !isUsed(key) && amountMicros !== 0n && !isOfContract)
      .map((each) =>
        each.isFee
          ? feeText(each.subscription, each.period, each.amountMicros)
          : unusedText(each.subscription, each.meter, each.amountMicros),
      )
    this.#compareContracts(document, context, { period, known, ahead })
    const [expected, found] = [due.toSorted().join(', '), stated.toSorted().join(', ')]
    this.#findings.demand(
      expected === found,
      'I10',
      () => `document ${row.number}: without usage [${expected}] is due for ${period}, documents say [${found}]`,
    )
  }

  /** Whether the two have a document of a period: in the middle of the next one what is in advance for it does not stand out. */
  #hasDocumentOf({ seller, buyer }: StoredDocument, period: string): boolean {
    return this.#documents.some((each) => each.row.period === period && each.seller === seller && each.buyer === buyer)
  }

  /** What is included and what contracts ask for; `ahead`: also in advance for the next period. */
  #compareContracts(
    { row, seller, buyer }: StoredDocument,
    context: BillingContext,
    { period, known, ahead }: { readonly period: string; readonly known: KnownBefore; readonly ahead: boolean },
  ): void {
    const standing = { ...context, seller, buyer, logIndex: row.logIndex }
    const periods = ahead ? periodsOfBill(standing, period) : [period]
    const billed = periods.flatMap((each) => this.book.between(seller, buyer, each)).filter((each) => each.isOfContract)
    const both = [
      ['by contract', compareContracts(standing, period, ahead, billed, known)],
      ['shared', compareSplits(standing, period, ahead, billed, known)],
    ] as const
    for (const [what, { expected, found }] of both)
      this.#findings.demand(
        expected === found,
        'I10',
        () => `document ${row.number}: ${what} [${expected}] is due for ${period}, documents say [${found}]`,
      )
  }

  #known({ seller, buyer }: StoredDocument, own: string | null, { planClosedWith }: BillingContext): KnownBefore {
    const ordinaryOf = (period: string): string | undefined =>
      this.#documents.find(
        (each) =>
          each.row.purpose === 'period' && each.row.period === period && each.seller === seller && each.buyer === buyer,
      )?.row.number
    return knownBefore(this.book, { seller, buyer, ordinaryOf }, own, planClosedWith)
  }
}
