import { createHash } from 'node:crypto'
import type { AggregatorFile, DocumentRow } from './aggregator-file.ts'
import { BillingWatch } from './billing-watch.ts'
import type { TaxOwed } from './books-watch.ts'
import type { Findings } from './findings.ts'
import { graceFault } from './grace-check.ts'
import { grossOf, NoteWatch } from './note-watch.ts'
import type { SegmentSums } from './segment-check.ts'
import { decimalText, readDocument } from './stored-document.ts'
import type { DocumentLine, StoredDocument } from './stored-document.ts'
import { taxFaults } from './tax-check.ts'
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
 * Follows the documents: their bytes never change and their numbers have no gaps (I11), and totals are the sums of their
 * lines (I10). What the lines have to say is a matter of what is billed.
 */
export class DocumentWatch {
  readonly #findings: Findings
  readonly #plans: () => readonly TenantPlan[]
  readonly #versions: VersionBook
  readonly #documents: StoredDocument[] = []
  readonly #digests = new Map<string, string>()
  readonly #sequences = new Map<string, number>()
  readonly #forced: ReadonlySet<string>
  readonly #restored: RestoredNumbers | null
  readonly billing: BillingWatch
  readonly notes: NoteWatch
  #lastIndex = -1

  constructor(
    findings: Findings,
    plans: () => readonly TenantPlan[],
    versions: VersionBook,
    forced: ReadonlySet<string>,
    restored: RestoredNumbers | null,
  ) {
    this.#findings = findings
    this.#forced = forced
    this.#restored = restored
    this.#plans = plans
    this.#versions = versions
    this.billing = new BillingWatch(findings)
    this.notes = new NoteWatch(findings)
  }

  get count(): number {
    return this.#documents.length
  }

  /** What documents added that no record was charged: amounts due without usage. */
  openings(): readonly Owing[] {
    return this.#documents.flatMap(({ seller, buyer, lines }) =>
      lines.map(({ openingMicros }) => ({ seller, buyer, amountMicros: openingMicros })),
    )
  }

  /** The tax of all documents. */
  taxes(): readonly TaxOwed[] {
    return this.#documents.flatMap(({ seller, buyer, tax }) => (tax === null ? [] : [{ seller, buyer, ...tax }]))
  }

  /** Whether documents came since the last time. `closedBefore`: periods whose closing had begun by then. */
  advance(
    file: AggregatorFile,
    segments: ReadonlyMap<string, SegmentSums>,
    closedBefore: ReadonlySet<string>,
  ): boolean {
    const rows = file.documentsAfter(this.#lastIndex)
    const closings = rows.length === 0 ? [] : file.periods()
    const planClosedWith = (period: string): TenantPlan | undefined => {
      const closing = closings.find(({ key }) => key === period)
      return closing === undefined ? undefined : this.#versions.inForceAt(closing.catalogueIndex + 1)
    }
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
      this.#checkDocument(document)
      if (document.references !== null) {
        this.notes.take(document, this.billing.book)
        continue
      }
      this.notes.noteBilled(document)
      const plan = this.#versions.inForceAt(
        document.catalogueIndex === null ? row.logIndex : document.catalogueIndex + 1,
      )
      for (const fault of plan === undefined ? [] : taxFaults(document, plan))
        this.#findings.add('I10', `document ${row.number}: ${fault}`)
      const early = plan === undefined || this.#forced.has(row.period) ? null : graceFault(document, plan)
      if (early !== null) this.#findings.add('I10', `document ${row.number}: ${early}`)
      if (plan !== undefined) this.billing.take(document, { segments, plan, closedBefore, planClosedWith })
    }
    return rows.length > 0
  }

  /** The highest number of each series so far, also of `others`, which were given out elsewhere. */
  lastNumbers(others: readonly SeriesNumber[]): readonly SeriesNumber[] {
    const numbers = new Map(this.#restored?.floors.map((floor) => [`${floor.entity} ${floor.series}`, floor]))
    const own = this.#documents.map(({ row: { entity, series, sequence } }) => ({ entity, series, last: sequence }))
    for (const given of [...own, ...others]) {
      const key = `${given.entity} ${given.series}`
      numbers.set(key, { ...given, last: Math.max(given.last, numbers.get(key)?.last ?? 0) })
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

  #checkDocument(document: StoredDocument): void {
    const { row, lines, totalMicros: total, invoicedMicros, total: printed } = document
    const wrong = (what: string): void => this.#findings.add('I10', `document ${row.number}: ${what}`)
    const [plan] = this.#plans()
    if (plan === undefined) return
    const { minorDigits } = plan
    const sum = (pick: (line: DocumentLine) => bigint): bigint => lines.reduce((so, line) => so + pick(line), 0n)
    if (sum(({ amountMicros }) => amountMicros) !== total) wrong('the exact total is not the sum of its lines')
    if (sum(({ invoicedMicros: invoiced }) => invoiced) !== invoicedMicros)
      wrong('the total is not the sum of its lines')
    const series = seriesOf(document)
    if (row.series !== series)
      this.#findings.add('I11', `document ${row.number} is of the series ${row.series}, not ${series}`)
    const micros = 10n ** BigInt(6 - minorDigits)
    if (decimalText(invoicedMicros / micros, minorDigits) !== printed)
      wrong(`prints a total of ${printed} for ${invoicedMicros} micros`)
  }
}

/** What gives back has numbers of its own, and so has what somebody adds by a note. */
function seriesOf(document: StoredDocument): string {
  const { entity } = document.row
  if (document.kind === 'debit-note') return `${entity}-dn`
  const givesBack = document.references === null ? grossOf(document) < 0n : document.kind === 'credit-note'
  return givesBack ? `${entity}-cn` : entity
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64')
}
