import { createHash } from 'node:crypto'
import type { AggregatorFile, DocumentRow } from './aggregator-file.ts'
import type { BooksWatch } from './books-watch.ts'
import { feesOwed } from './due-fees.ts'
import { partnerOpenings, unusedIn } from './due-openings.ts'
import type { Findings } from './findings.ts'
import { lineFaults } from './line-check.ts'
import type { SegmentSums } from './segment-check.ts'
import { openingMicros } from './segment-usage.ts'
import { decimalText, readDocument, ruleOf } from './stored-document.ts'
import type { DocumentLine, StoredDocument } from './stored-document.ts'
import type { TenantPlan } from './tenant-plan.ts'
import type { VersionBook } from './version-book.ts'
import type { Owing } from './who-owes-whom.ts'

/** The last number of a series of a legal entity. */
export interface SeriesNumber {
  readonly entity: string
  readonly series: string
  readonly last: number
}

/** Books that were put back: how many log entries they kept, and the last numbers that were given out before. */
export interface RestoredNumbers {
  readonly size: number
  readonly floors: readonly SeriesNumber[]
}

/**
 * Follows the documents: their bytes never change and their numbers have no gaps (I11), every line is worth what its
 * quantity costs and rounded by the named rule (I9), totals are the sums of their lines and of what the books say, and
 * every charge of a closed period stands on exactly one document (I10).
 */
export class DocumentWatch {
  readonly #findings: Findings
  readonly #plans: () => readonly TenantPlan[]
  readonly #versions: VersionBook
  readonly #documents: StoredDocument[] = []
  readonly #digests = new Map<string, string>()
  readonly #sequences = new Map<string, number>()
  readonly #restored: RestoredNumbers | null
  /** The version each closed period was billed with. */
  #closed: ReadonlyMap<string, TenantPlan> = new Map()
  #lastIndex = -1

  constructor(
    findings: Findings,
    plans: () => readonly TenantPlan[],
    versions: VersionBook,
    restored: RestoredNumbers | null = null,
  ) {
    this.#findings = findings
    this.#restored = restored
    this.#plans = plans
    this.#versions = versions
  }

  get count(): number {
    return this.#documents.length
  }

  /** What closing added that no record was charged: amounts due before any usage, by document or owed to a partner. */
  openings(segments: ReadonlyMap<string, SegmentSums>): readonly Owing[] {
    const invoiced = this.#documents.flatMap(({ seller, buyer, lines }) =>
      lines.map(({ openingMicros }) => ({ seller, buyer, amountMicros: openingMicros })),
    )
    return [...invoiced, ...[...this.#closed].flatMap(([period, plan]) => partnerOpenings(plan, period, segments))]
  }

  /** Whether documents came or periods were closed since the last time. */
  advance(file: AggregatorFile, segments: ReadonlyMap<string, SegmentSums>): boolean {
    const closedBefore = this.#closed.size
    const closed = file.periods().filter(({ state }) => state === 'closed')
    this.#closed = new Map(
      closed.flatMap(({ key, catalogueIndex }) => {
        const plan = this.#versions.inForceAt(catalogueIndex + 1)
        return plan === undefined ? [] : [[key, plan]]
      }),
    )
    const rows = file.documentsAfter(this.#lastIndex)
    for (const row of rows) {
      this.#lastIndex = row.logIndex
      this.#digests.set(row.number, digest(row.bytes))
      const series = `${row.entity} ${row.series}`
      const expected = this.#nextNumber(row, series)
      this.#sequences.set(series, row.sequence)
      this.#findings.demand(
        row.sequence === expected,
        'I11',
        () => `document ${row.number} follows number ${expected - 1} of ${series}`,
      )
      const document = readDocument(row)
      this.#documents.push(document)
      this.#checkDocument(document, segments)
    }
    return rows.length > 0 || this.#closed.size !== closedBefore
  }

  /** The highest number of each series so far. */
  lastNumbers(): readonly SeriesNumber[] {
    const numbers = new Map(this.#restored?.floors.map((floor) => [`${floor.entity} ${floor.series}`, floor]))
    for (const { row } of this.#documents) {
      const key = `${row.entity} ${row.series}`
      const last = Math.max(row.sequence, numbers.get(key)?.last ?? 0)
      numbers.set(key, { entity: row.entity, series: row.series, last })
    }
    return [...numbers.values()]
  }

  /** The number that follows: no number that was ever given is given again, whatever became of its document. */
  #nextNumber({ entity, series, logIndex }: DocumentRow, key: string): number {
    const last = this.#sequences.get(key) ?? 0
    if (this.#restored === null || logIndex < this.#restored.size) return last + 1
    const floor = this.#restored.floors.find((each) => each.entity === entity && each.series === series)
    return Math.max(last, floor?.last ?? 0) + 1
  }

  /** Every document that was ever issued is there with the same bytes. */
  recheck(file: AggregatorFile): void {
    const rows = new Map(file.documentsAfter(-1).map((row) => [row.number, row]))
    for (const [number, expected] of this.#digests) {
      const row = rows.get(number)
      this.#findings.demand(
        row !== undefined && digest(row.bytes) === expected,
        'I11',
        () => `document ${number} was changed or removed`,
      )
    }
  }

  /** A closed period: every charge stands on exactly one line, and sellers' books show what they invoiced. */
  checkPeriod(period: string, segments: ReadonlyMap<string, SegmentSums>, books: BooksWatch): void {
    // Operator, partners and currency are the same in every version.
    const [plan] = this.#plans()
    if (plan === undefined) return
    const ofPeriod = this.#documents.filter(({ row }) => row.period === period)
    for (const [key, sums] of segments) {
      if (sums.period !== period || plan.partners.includes(sums.seller)) continue
      const lines = ofPeriod.flatMap(({ lines }) => lines.filter(({ segment }) => segment === key))
      const [line] = lines
      const demand = (holds: boolean, what: string): void =>
        this.#findings.demand(holds, 'I10', () => `segment ${key}: ${what}`)
      demand(lines.length === 1, `stands on ${lines.length} document lines`)
      if (line === undefined) continue
      demand(line.quantity === sums.quantity, `has ${sums.quantity} units, its line ${line.quantity}`)
      demand(
        line.amountMicros - line.openingMicros === sums.amountMicros,
        `charged ${sums.amountMicros}, its line says ${line.amountMicros} with ${line.openingMicros} due before usage`,
      )
    }
    for (const { row, seller, buyer } of ofPeriod) {
      if (plan.partners.includes(seller)) continue
      const invoiced = this.#documents
        .filter((other) => other.seller === seller && other.buyer === buyer)
        .reduce((sum, other) => sum + other.invoicedMicros, 0n)
      const receivable = books.netOf(seller, plan.currency, `receivable:${buyer}`)
      this.#findings.demand(
        receivable === invoiced,
        'I10',
        () => `${row.number}: ${buyer} was invoiced ${invoiced}, the books of ${seller} say ${receivable}`,
      )
      const unbilled = books.netOf(seller, plan.currency, `unbilled:${buyer}`)
      const waiting = this.#notInvoiced(seller, buyer, segments)
      this.#findings.demand(
        unbilled === waiting,
        'I10',
        () =>
          `${row.number}: of ${buyer}'s usage ${waiting} micros are on no document, unbilled by ${seller} are ${unbilled}`,
      )
    }
    this.#checkDue(this.#closed.get(period) ?? plan, period, ofPeriod, segments)
  }

  /** What was charged between two parties, and due before any usage, less the exact amounts of their documents. */
  #notInvoiced(seller: string, buyer: string, segments: ReadonlyMap<string, SegmentSums>): bigint {
    let micros = 0n
    for (const sums of segments.values())
      if (sums.seller === seller && sums.buyer === buyer) micros += sums.amountMicros
    for (const document of this.#documents) {
      if (document.seller !== seller || document.buyer !== buyer) continue
      for (const line of document.lines) micros += line.openingMicros - line.amountMicros
    }
    return micros
  }

  #checkDocument(document: StoredDocument, segments: ReadonlyMap<string, SegmentSums>): void {
    const { row, lines, totalMicros: total, invoicedMicros } = document
    const wrong = (invariant: 'I9' | 'I10', what: string): void =>
      this.#findings.add(invariant, `document ${row.number}: ${what}`)
    const [plan] = this.#plans()
    if (plan === undefined) return
    const { minorDigits } = plan
    for (const line of lines)
      for (const fault of lineFaults(line, segments, { minorDigits, rule: ruleOf(row.bytes) })) wrong('I9', fault)
    const sum = (pick: (line: DocumentLine) => bigint): bigint => lines.reduce((so, line) => so + pick(line), 0n)
    if (sum(({ amountMicros }) => amountMicros) !== total) wrong('I10', 'the exact total is not the sum of its lines')
    if (sum(({ invoicedMicros: invoiced }) => invoiced) !== invoicedMicros)
      wrong('I10', 'the total is not the sum of its lines')
    const micros = 10n ** BigInt(6 - minorDigits)
    if (decimalText(invoicedMicros / micros, minorDigits) !== document.total)
      wrong('I10', `prints a total of ${document.total} for ${invoicedMicros} micros`)
  }

  /**
   * What is due without usage, fees among it, stands once on the documents of a period, as the version it is billed with
   * has it, and nothing else without usage does.
   */
  #checkDue(
    plan: TenantPlan,
    period: string,
    documents: readonly StoredDocument[],
    segments: ReadonlyMap<string, SegmentSums>,
  ): void {
    const due = plan.subscriptions
      .filter(({ account }) => account !== plan.operator)
      .flatMap((subscription) => [
        ...unusedIn(plan, subscription, period, segments).map(({ meter, model }) =>
          [subscription.id, meter, openingMicros(model)].join(' '),
        ),
        ...feesOwed(plan, subscription, period).map((fee) =>
          [subscription.id, `fee for ${fee.period} of ${fee.quantity}`, fee.amountMicros].join(' '),
        ),
      ])
    const lines = documents.flatMap((each) => each.lines).filter(({ segment }) => !segments.has(segment))
    const stated = lines.map(({ subscription, meter, feePeriod, quantity, amountMicros }) =>
      [subscription, feePeriod === null ? meter : `fee for ${feePeriod} of ${quantity}`, amountMicros].join(' '),
    )
    const [expected, found] = [due.toSorted().join(', '), stated.toSorted().join(', ')]
    this.#findings.demand(
      expected === found,
      'I10',
      () => `without usage [${expected}] is due for ${period}, its documents say [${found}]`,
    )
  }
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64')
}
