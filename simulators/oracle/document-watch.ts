import { createHash } from 'node:crypto'
import type { AggregatorFile, DocumentRow } from './aggregator-file.ts'
import type { BooksWatch } from './books-watch.ts'
import type { Findings } from './findings.ts'
import { totalMicros } from './price.ts'
import { roundHalfAway, roundHalfEven } from './rational.ts'
import type { SegmentSums } from './segment-check.ts'
import type { PlannedPrice, TenantPlan } from './tenant-plan.ts'
import type { Owing } from './who-owes-whom.ts'

interface Line {
  readonly subscription: string
  readonly meter: string
  readonly segment: string
  readonly quantity: bigint
  readonly openingMicros: bigint
  readonly amountMicros: bigint
  readonly invoicedMicros: bigint
  readonly residueMicros: bigint
  readonly amount: string
  readonly days: readonly Part[]
  readonly tiers: readonly Part[]
}

/** A day or a tier of a line. */
interface Part {
  readonly quantity: bigint
  readonly amountMicros: bigint
}

/** A document as its bytes say. */
interface Document {
  readonly row: DocumentRow
  readonly seller: string
  readonly buyer: string
  readonly lines: readonly Line[]
  readonly total: string
  readonly totalMicros: bigint
  readonly invoicedMicros: bigint
}

/**
 * Follows the documents: their bytes never change and their numbers have no gaps (I11), every line is worth what its
 * quantity costs and rounded by the named rule (I9), totals are the sums of their lines and of what the books say, and
 * every charge of a closed period stands on exactly one document (I10).
 */
export class DocumentWatch {
  readonly #findings: Findings
  readonly #plans: () => readonly TenantPlan[]
  readonly #documents: Document[] = []
  readonly #digests = new Map<string, string>()
  readonly #sequences = new Map<string, number>()
  #closed: readonly string[] = []
  #lastIndex = -1

  constructor(findings: Findings, plans: () => readonly TenantPlan[]) {
    this.#findings = findings
    this.#plans = plans
  }

  get count(): number {
    return this.#documents.length
  }

  /** What closing added that no record was charged: amounts due before any usage, by document or owed to a partner. */
  openings(): readonly Owing[] {
    const invoiced = this.#documents.flatMap(({ seller, buyer, lines }) =>
      lines.map(({ openingMicros }) => ({ seller, buyer, amountMicros: openingMicros })),
    )
    const [plan] = this.#plans()
    return plan === undefined
      ? invoiced
      : [...invoiced, ...this.#closed.flatMap((period) => partnerOpenings(plan, period))]
  }

  advance(file: AggregatorFile): void {
    this.#closed = file.periods().flatMap(({ key, state }) => (state === 'closed' ? [key] : []))
    for (const row of file.documentsAfter(this.#lastIndex)) {
      this.#lastIndex = row.logIndex
      this.#digests.set(row.number, digest(row.bytes))
      const series = `${row.entity} ${row.series}`
      const expected = (this.#sequences.get(series) ?? 0) + 1
      this.#sequences.set(series, row.sequence)
      this.#findings.demand(
        row.sequence === expected,
        'I11',
        () => `document ${row.number} follows number ${expected - 1} of ${series}`,
      )
      const document = readDocument(row)
      this.#documents.push(document)
      this.#checkDocument(document)
    }
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
    // Every later version keeps what the first one sold, so what the first one makes due is due in any case.
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
    }
    this.#checkDue(plan, period, ofPeriod)
  }

  #checkDocument(document: Document): void {
    const { row, lines, totalMicros: total, invoicedMicros } = document
    const wrong = (invariant: 'I9' | 'I10', what: string): void =>
      this.#findings.add(invariant, `document ${row.number}: ${what}`)
    const [plan] = this.#plans()
    if (plan === undefined) return
    const micros = 10n ** BigInt(6 - plan.minorDigits)
    for (const line of lines) {
      const price = this.#priceOf(line)
      if (price === undefined) {
        wrong('I9', `has a line for ${line.subscription} ${line.meter}, which nobody sells`)
        continue
      }
      const due = totalMicros(price, line.quantity)
      if (line.amountMicros !== due)
        wrong('I9', `${line.segment}: ${line.quantity} units cost ${due}, the line says ${line.amountMicros}`)
      if (line.openingMicros !== totalMicros(price, 0n))
        wrong('I9', `${line.segment}: ${line.openingMicros} is not what is due before usage`)
      const exact = { numerator: line.amountMicros, denominator: micros }
      const rounded = (ruleOf(row.bytes) === 'half-even' ? roundHalfEven(exact) : roundHalfAway(exact)) * micros
      if (line.invoicedMicros !== rounded)
        wrong('I9', `${line.segment}: ${line.amountMicros} is invoiced as ${line.invoicedMicros}, not ${rounded}`)
      if (line.residueMicros !== line.amountMicros - rounded)
        wrong('I9', `${line.segment}: the residue is ${line.residueMicros}`)
      if (line.amount !== decimalText(rounded / micros, plan.minorDigits))
        wrong('I9', `${line.segment}: prints ${line.amount} for ${rounded} micros`)
      if (!sumsTo(line.days, line.quantity, line.amountMicros - line.openingMicros))
        wrong('I9', `${line.segment}: its days are not its usage`)
      if (!sumsTo(line.tiers, line.quantity, line.amountMicros))
        wrong('I9', `${line.segment}: its tiers are not its amount`)
    }
    const sum = (pick: (line: Line) => bigint): bigint => lines.reduce((so, line) => so + pick(line), 0n)
    if (sum(({ amountMicros }) => amountMicros) !== total) wrong('I10', 'the exact total is not the sum of its lines')
    if (sum(({ invoicedMicros: invoiced }) => invoiced) !== invoicedMicros)
      wrong('I10', 'the total is not the sum of its lines')
    if (decimalText(invoicedMicros / micros, plan.minorDigits) !== document.total)
      wrong('I10', `prints a total of ${document.total} for ${invoicedMicros} micros`)
  }

  /** What is due without usage stands on a document of every period its subscription is in force. */
  #checkDue(plan: TenantPlan, period: string, documents: readonly Document[]): void {
    for (const subscription of plan.subscriptions) {
      if (subscription.account === plan.operator || subscription.from.slice(0, 7) > period) continue
      for (const price of pricesOf(plan, subscription.offering)) {
        if (totalMicros(price, 0n) === 0n) continue
        const lines = documents
          .flatMap((each) => each.lines)
          .filter((line) => line.subscription === subscription.id && line.meter === price.meter)
        this.#findings.demand(
          lines.length === 1,
          'I10',
          () =>
            `what ${subscription.id} owes for ${price.meter} before usage stands on ${lines.length} lines of ${period}`,
        )
      }
    }
  }

  #priceOf({ subscription, meter }: Line): PlannedPrice | undefined {
    for (const plan of this.#plans()) {
      const offering = plan.subscriptions.find(({ id }) => id === subscription)?.offering
      const prices = plan.offerings.find(({ id }) => id === offering)?.prices
      const price = plan.prices.find((each) => each.meter === meter && prices?.includes(each.id))
      if (price !== undefined) return price
    }
    return undefined
  }
}

/** What is owed to partners for a closed period before any usage; they send documents of their own. */
function partnerOpenings(plan: TenantPlan, period: string): readonly Owing[] {
  return plan.subscriptions
    .filter(({ account, from }) => account === plan.operator && from.slice(0, 7) <= period)
    .flatMap(({ seller = '', offering }) =>
      pricesOf(plan, offering).map((price) => ({ seller, buyer: plan.operator, amountMicros: totalMicros(price, 0n) })),
    )
}

function pricesOf(plan: TenantPlan, offeringId: string): readonly PlannedPrice[] {
  const offering = plan.offerings.find(({ id }) => id === offeringId)
  return plan.prices.filter(({ id }) => offering?.prices.includes(id))
}

interface DocumentJson {
  readonly seller: { readonly id: string }
  readonly buyer: { readonly id: string }
  readonly rounding: string
  readonly sections: readonly { readonly lines: readonly (Texts & LineParts)[] }[]
  readonly total: Texts
}

type Texts = Readonly<Record<string, string>>

interface LineParts {
  readonly days: readonly Texts[]
  readonly tiers: readonly Texts[]
}

function readDocument(row: DocumentRow): Document {
  const json = parsed(row.bytes)
  const lines = json.sections.flatMap((section) =>
    section.lines.map((line) => ({
      subscription: line['subscription'] ?? '',
      meter: line['meter'] ?? '',
      segment: line['segment'] ?? '',
      quantity: amountOf(line, 'quantity'),
      openingMicros: amountOf(line, 'openingMicros'),
      amountMicros: amountOf(line, 'amountMicros'),
      invoicedMicros: amountOf(line, 'invoicedMicros'),
      residueMicros: amountOf(line, 'residueMicros'),
      amount: line['amount'] ?? '',
      days: line.days.map(partOf),
      tiers: line.tiers.map(partOf),
    })),
  )
  return {
    row,
    seller: json.seller.id,
    buyer: json.buyer.id,
    lines,
    total: json.total['amount'] ?? '',
    totalMicros: amountOf(json.total, 'amountMicros'),
    invoicedMicros: amountOf(json.total, 'invoicedMicros'),
  }
}

function partOf(part: Texts): Part {
  return { quantity: amountOf(part, 'quantity'), amountMicros: amountOf(part, 'amountMicros') }
}

function sumsTo(parts: readonly Part[], quantity: bigint, amountMicros: bigint): boolean {
  const sum = (pick: (part: Part) => bigint): bigint => parts.reduce((so, part) => so + pick(part), 0n)
  return sum((part) => part.quantity) === quantity && sum((part) => part.amountMicros) === amountMicros
}

function ruleOf(bytes: Uint8Array): string {
  return parsed(bytes).rounding
}

function parsed(bytes: Uint8Array): DocumentJson {
  return JSON.parse(new TextDecoder().decode(bytes)) as DocumentJson
}

function amountOf(fields: Readonly<Record<string, string>>, name: string): bigint {
  const text = fields[name]
  if (text === undefined || !/^-?\d+$/.test(text)) throw new Error(`${name} of a document is ${String(text)}`)
  return BigInt(text)
}

function decimalText(units: bigint, digits: number): string {
  const sign = units < 0n ? '-' : ''
  const text = String(units < 0n ? -units : units).padStart(digits + 1, '0')
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64')
}
