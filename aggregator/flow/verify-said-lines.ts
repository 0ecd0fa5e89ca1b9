import { roundToMinorUnit } from '@meterline/shared/units/money.ts'
import { lineRounding } from '../domain/billing/bill.ts'
import { relationKey } from '../domain/billing/billed-relation.ts'
import type { BilledLine, LineKind, LineTax } from '../domain/billing/due-line.ts'
import type { Invoice, InvoiceLine } from '../documents/invoice.ts'

/** What documents say of a key so far. There is one for every line of the books, so it holds what is compared and no more. */
interface SaidLine extends Pick<
  BilledLine,
  'kind' | 'quantity' | 'events' | 'chargeBlocks' | 'amountMicros' | 'chargesMicros' | 'invoicedMicros'
> {
  /** `relationKey` of who bills whom. */
  readonly relation: string
  /** Numbers of the documents that say something of it, in their order. */
  readonly documents: readonly string[]
  readonly tax: LineTax | null
}

/**
 * What documents say of every line, added up in the order of the log: each is the difference to those before it, bills the
 * charge blocks behind theirs, and brings what is invoiced to the total rounded once (I10). A document that takes another
 * back takes it out.
 */
export class SaidLines {
  readonly #lines = new Map<string, SaidLine>()
  /** Each relation once, as lines share it. */
  readonly #relations = new Map<string, string>()
  readonly #taxes = new Map<string, LineTax | null>()

  /** What documents say of a key so far; undefined: nothing. */
  of(key: string): SaidLine | undefined {
    return this.#lines.get(key)
  }

  /** Takes in a line of a bill; what is wrong with it, for the ends of sentences. */
  take(invoice: Invoice, number: string, line: InvoiceLine): readonly string[] {
    const before = this.#lines.get(line.segment)
    const said = saidWith(this.#relationOf(invoice), number, line, before)
    this.#lines.set(line.segment, said)
    const faults: string[] = []
    if (before !== undefined && before.relation !== said.relation)
      faults.push(`is billed between others than by ${before.documents.at(-1) ?? ''}`)
    const from = before?.chargeBlocks ?? 0
    if ((line.fromBlock ?? 0) !== from || line.chargeBlocks < 0)
      faults.push(`bills charge blocks from ${line.fromBlock ?? 0} on, ${from} stand on documents before it`)
    const due = roundToMinorUnit(said.amountMicros, invoice.minorDigits, lineRounding).roundedMicros
    if (said.invoicedMicros !== due)
      faults.push(`brings what is invoiced of it to ${said.invoicedMicros} micros, all of it rounds to ${due}`)
    const { corrects } = line
    if (corrects !== undefined && before !== undefined && corrects.document !== before.documents.at(-1))
      faults.push(`says that it corrects ${corrects.document}, it stands on ${before.documents.at(-1) ?? 'none'}`)
    if (corrects !== undefined && corrects.period !== periodKeyOf(line.segment))
      faults.push(`says that it corrects the period ${corrects.period}`)
    return faults
  }

  /** How the last document that was taken in taxes a line; each way once, as lines share it. */
  setTax(key: string, tax: LineTax | null): void {
    const said = this.#lines.get(key)
    if (said === undefined || (said.tax ?? tax) === null) return
    const name = tax === null ? '' : `${tax.region} ${tax.percent}`
    const known = this.#taxes.get(name) ?? tax
    this.#taxes.set(name, known)
    this.#lines.set(key, { ...said, tax: known })
  }

  /** Takes a line of the document `number` out again, as the one that takes it back says. */
  takeBack(number: string, line: InvoiceLine): readonly string[] {
    const before = this.#lines.get(line.segment)
    if (before?.documents.at(-1) !== number) return [`takes back what ${number} is not the last to say`]
    const after: SaidLine = {
      ...before,
      quantity: before.quantity + BigInt(line.quantity),
      events: before.events + line.events,
      chargeBlocks: before.chargeBlocks - line.chargeBlocks,
      amountMicros: before.amountMicros + BigInt(line.amountMicros),
      chargesMicros: before.chargesMicros + BigInt(line.amountMicros) - BigInt(line.openingMicros),
      invoicedMicros: before.invoicedMicros + BigInt(line.invoicedMicros),
      documents: before.documents.slice(0, -1),
    }
    if (after.documents.length > 0) this.#lines.set(line.segment, after)
    else this.#lines.delete(line.segment)
    return after.chargeBlocks === (line.fromBlock ?? 0) ? [] : ['takes back other charge blocks than were billed']
  }

  /** What differs between this and what is kept of the lines, as sentences; costs have no documents and are left out. */
  *differencesTo(kept: Iterable<BilledLine>): Iterable<string> {
    const left = new Set(this.#lines.keys())
    for (const line of kept) {
      if (line.document === '') continue
      const said = this.#lines.get(line.key)
      left.delete(line.key)
      if (said === undefined) yield `the billed line ${line.key} stands on no document`
      else if (!isSame(said, line)) yield `the billed line ${line.key} is not what documents say of it`
    }
    for (const key of left) yield `the billed line ${key} is missing`
  }

  #relationOf({ seller, buyer, currency }: Invoice): string {
    const key = relationKey({ seller: seller.id, buyer: buyer.id, currency })
    const known = this.#relations.get(key) ?? key
    this.#relations.set(known, known)
    return known
  }
}

/** The kind of a line; documents name it where it is neither usage nor a fee that says what it is for. */
export function kindOfLine({ kind, fee }: InvoiceLine): LineKind {
  return kind ?? (fee === undefined ? 'usage' : 'fee')
}

/** Every key begins with the one of its period. */
export function periodKeyOf(key: string): string {
  return key.slice(0, Math.max(0, key.indexOf('/')))
}

function saidWith(relation: string, number: string, line: InvoiceLine, before: SaidLine | undefined): SaidLine {
  const amountMicros = BigInt(line.amountMicros)
  return {
    kind: kindOfLine(line),
    relation,
    quantity: (before?.quantity ?? 0n) + BigInt(line.quantity),
    events: (before?.events ?? 0) + line.events,
    chargeBlocks: (before?.chargeBlocks ?? 0) + line.chargeBlocks,
    amountMicros: (before?.amountMicros ?? 0n) + amountMicros,
    chargesMicros: (before?.chargesMicros ?? 0n) + amountMicros - BigInt(line.openingMicros),
    invoicedMicros: (before?.invoicedMicros ?? 0n) + BigInt(line.invoicedMicros),
    documents: before === undefined ? [number] : [...before.documents, number],
    tax: before?.tax ?? null,
  }
}

/** Words may be those of an earlier document, where a later one was taken back. */
function isSame(said: SaidLine, kept: BilledLine): boolean {
  return (
    said.kind === kept.kind &&
    said.relation === relationKey(kept) &&
    periodKeyOf(kept.key) === kept.periodKey &&
    said.quantity === kept.quantity &&
    said.events === kept.events &&
    said.chargeBlocks === kept.chargeBlocks &&
    said.amountMicros === kept.amountMicros &&
    said.chargesMicros === kept.chargesMicros &&
    said.invoicedMicros === kept.invoicedMicros &&
    said.documents.at(-1) === kept.document &&
    said.tax?.region === kept.tax?.region &&
    said.tax?.percent === kept.tax?.percent
  )
}
