import { equalBytes, sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import { sumRoot } from '@meterline/shared/integrity/merkle-sum.ts'
import type { DocumentLogEntry } from '@meterline/shared/model/log-entry.ts'
import { openingMicros } from '@meterline/shared/rating/dispatch.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { decodeInvoice, invoiceName, type Invoice, type InvoiceLine } from '../documents/invoice.ts'
import type { BooksReader } from '../store/books-reader.ts'
import type { DocumentRow } from '../store/document-table.ts'
import type { BooksAudit } from './books-audit.ts'
import { areEntriesOfInvoice, ledgerFault } from './verify-billed.ts'
import { KnownCatalogues } from './verify-catalogues.ts'
import { sumFaults } from './verify-document-sums.ts'
import { FeeCheck } from './verify-fees.ts'
import { dueFeeFault } from './verify-fees-due.ts'
import { linePartsFault } from './verify-line-parts.ts'
import { kindOfLine, SaidLines } from './verify-said-lines.ts'
import { SegmentsBilled } from './verify-segments-billed.ts'
import { dueTaxes, saidTaxOf, taxFault } from './verify-taxes.ts'

type Report = (text: string) => void

/**
 * Checks every document as the log records it, when what was charged before it is known and nothing else: its bytes, its
 * number, its sums and tax, the charges and the ledger entries behind it (I10, I11), and that each of its lines is the
 * difference to the documents before it.
 */
export class DocumentCheck {
  readonly said = new SaidLines()
  readonly #reader: BooksReader
  readonly #audit: BooksAudit
  readonly #fees: FeeCheck
  readonly #catalogues: KnownCatalogues
  readonly #segments: SegmentsBilled
  readonly #lastNumbers = new Map<string, number>()
  readonly #recorded = new Set<number>()

  constructor(reader: BooksReader, audit: BooksAudit) {
    this.#reader = reader
    this.#audit = audit
    this.#catalogues = new KnownCatalogues(reader)
    this.#fees = new FeeCheck(reader, audit)
    this.#segments = new SegmentsBilled(reader, audit)
  }

  /** A document entry of the log. */
  take(logIndex: number, entry: DocumentLogEntry): void {
    this.#audit.count('documents')
    this.#recorded.add(logIndex)
    const row = this.#reader.documents.at(logIndex)
    if (row === undefined) return this.#audit.report(`I11: the document of log entry ${logIndex} is missing`)
    const report = (text: string): void => this.#audit.report(`${row.number}: ${text}`)
    this.#checkNumber(row, report)
    checkRecord(row, entry, report)
    const invoice = decodeInvoice(row.bytes)
    if (!invoice.ok) return report(`I11: ${invoice.fault.message}`)
    checkHead(invoice.value, row, report)
    if ((invoice.value.test === true) !== this.#audit.isTest) report('I11: says otherwise whether it is a test')
    for (const text of sumFaults(invoice.value)) report(text)
    const wrong = ledgerFault(invoice.value, entry)
    if (wrong !== undefined) report(`I10: ${wrong}`)
    this.#checkKind(row, invoice.value, entry, report)
  }

  /** What the log does not record, and what is kept of lines that documents do not say. */
  finish(): void {
    for (const { number, logIndex } of this.#reader.documents.places()) {
      if (!this.#recorded.has(logIndex)) this.#audit.report(`${number}: I11: log entry ${logIndex} does not record it`)
    }
    for (const numbers of this.#reader.documents.repeated())
      this.#audit.report(`I10: ${numbers} are all for the same period of the same two`)
    for (const text of this.said.differencesTo(this.#reader.documents.billedLines())) this.#audit.report(`I10: ${text}`)
    this.#fees.finish()
    this.#segments.finish(this.said)
  }

  /** Numbers are gapless, but for those that a restore before the document left unused and named in the log (I11). */
  #checkNumber({ entity, series, logIndex, sequence }: DocumentRow, report: Report): void {
    const name = `${entity} ${series}`
    let next = (this.#lastNumbers.get(name) ?? 0) + 1
    for (const gap of this.#audit.numberGaps) {
      const applies = gap.entity === entity && gap.series === series && gap.logIndex < logIndex
      if (applies && gap.from === next) next = gap.to + 1
    }
    if (sequence !== next) report(`I11: it has number ${sequence} in its series where ${next} is next`)
    this.#lastNumbers.set(name, sequence)
  }

  /**
   * A bill says the next difference of its lines, and a void takes another document out. Notes and voids as such are looked
   * at with the decisions behind them; a note by hand changes nothing of what is billed.
   */
  #checkKind(row: DocumentRow, invoice: Invoice, entry: DocumentLogEntry, report: Report): void {
    const lines = linesOf(invoice)
    const { voids, references } = invoice
    if (voids !== undefined) {
      for (const line of lines)
        for (const text of this.said.takeBack(voids, line)) report(`I10: the line of ${line.segment} ${text}`)
    }
    if (voids !== undefined || references !== undefined) return
    if (!areEntriesOfInvoice(invoice, entry, this.#audit.keepsBooks(invoice.buyer.id)))
      report('I10: its entries are not those that its lines make')
    const catalogue = invoice.catalogue === undefined ? null : this.#catalogues.at(invoice.catalogue)
    const billedTaxes = lines.map(({ segment }) => this.said.of(segment)?.tax)
    for (const line of lines) this.#checkLine(row, invoice, line, report)
    if (catalogue !== null) this.#checkFees(invoice, catalogue, lines, report)
    if (invoice.catalogue !== undefined && catalogue === null)
      report(`I15: it was made with catalogue ${invoice.catalogue}, which is missing or damaged`)
    if (catalogue === null) return
    const taxes = dueTaxes(invoice, lines, billedTaxes, catalogue)
    for (const [index, { segment }] of lines.entries()) this.said.setTax(segment, taxes.lines[index] ?? null)
    const wrong = taxFault(invoice, lines, taxes)
    if (wrong !== undefined) report(`I10: ${wrong}`)
  }

  #checkLine({ number }: DocumentRow, invoice: Invoice, line: InvoiceLine, report: Report): void {
    const isFirst = this.said.of(line.segment) === undefined && line.corrects === undefined
    for (const text of this.said.take(invoice, number, line)) report(`I10: the line of ${line.segment} ${text}`)
    const wrong = kindOfLine(line) === 'usage' ? this.#usageFault(invoice, line, isFirst) : chargelessFault(line)
    if (wrong !== undefined) report(`I9: the line of ${line.segment} ${wrong}`)
    if (line.fee === undefined) return
    if (invoice.catalogue !== undefined) return this.#fees.see(line)
    const wrongFee = this.#fees.fault(invoice, line)
    if (wrongFee !== undefined) report(`I10: the line of ${line.segment} ${wrongFee}`)
  }

  /** Fees by the catalogue of the document; those that correct others are looked at with everything that is due at the end. */
  #checkFees(invoice: Invoice, catalogue: Catalogue, lines: readonly InvoiceLine[], report: Report): void {
    for (const line of lines) {
      const said = this.said.of(line.segment)
      if (line.fee === undefined || line.corrects !== undefined || said === undefined) continue
      const wrong = dueFeeFault(catalogue, invoice, line, said)
      if (wrong !== undefined) report(`I10: the line of ${line.segment} ${wrong}`)
    }
  }

  /**
   * What is wrong with a line of usage, for the end of a sentence: it bills all blocks of its segment that stand on no
   * document, commits to them, and with the lines before it says what the segment has come to; the first one shows it by
   * day and tier as it is (I9).
   */
  #usageFault({ seller, buyer }: Invoice, line: InvoiceLine, isFirst: boolean): string | undefined {
    const { segment, chargeBlocks, fromBlock = 0 } = line
    const parties = this.#audit.partiesOf(segment)
    if (parties !== null && parties !== `${seller.id}>${buyer.id}`) return `bills what was charged as ${parties}`
    const root = sumRoot(this.#reader.documents.leavesOf(segment, fromBlock, chargeBlocks))
    if (root.sum + BigInt(line.openingMicros) !== BigInt(line.amountMicros))
      return `says ${line.amountMicros} micros, its charges make ${root.sum}`
    if (toHex(root.hash) !== line.chargesRoot) return 'does not commit to the charges of its segment'
    const model = this.#audit.modelOf(segment)
    if (model === null) return 'has an unknown price'
    const said = this.said.of(segment)
    const charged = this.#audit.segments.get(segment) ?? noCharges
    if (said === undefined || said.chargeBlocks !== charged.blocks)
      return `brings what is billed to ${said?.chargeBlocks ?? 0} charge blocks, its segment had ${charged.blocks}`
    if (said.quantity !== charged.quantity || said.events !== charged.events)
      return `brings what is billed to ${said.quantity} units in ${said.events} records, its segment had ${charged.quantity} in ${charged.events}`
    const opening = said.amountMicros - said.chargesMicros
    const isDue = opening === openingMicros(model)
    // What is due with the first usage is due no more once all of it was taken back.
    if (!isDue && (opening !== 0n || charged.events > 0))
      return `brings what is due before usage to ${opening} micros, not ${openingMicros(model)}`
    if (!isFirst) return undefined
    const standing = this.#segments.standingOf(segment)
    return standing === null ? undefined : linePartsFault(line, model, standing.position, standing.days)
  }
}

const noCharges = { blocks: 0, quantity: 0n, events: 0 } as const

/** Only usage has charges. */
function chargelessFault({
  chargeBlocks,
  events,
  openingMicros: opening,
  amountMicros,
}: InvoiceLine): string | undefined {
  return chargeBlocks === 0 && events === 0 && opening === amountMicros ? undefined : 'bills charges, and is no usage'
}

function linesOf({ sections }: Invoice): readonly InvoiceLine[] {
  return sections.flatMap(({ lines }) => lines)
}

function checkRecord(row: DocumentRow, entry: DocumentLogEntry, report: Report): void {
  const hash = sha256(row.bytes)
  if (!equalBytes(hash, entry.documentHash)) report(`I11: its bytes have hash ${toHex(hash)}, the log has another`)
  if (!equalBytes(row.documentHash, entry.documentHash)) report('I11: its row has another hash than the log')
  if (entry.entity !== row.entity || entry.series !== row.series || entry.number !== row.sequence) {
    report('I11: the log records it under another number')
  }
}

/** By these a document is found, and a bill is known as issued already: the row says what the document says (I11). */
function checkHead(invoice: Invoice, row: DocumentRow, report: Report): void {
  const { series, number, buyer, period, currency, total, tax, references } = invoice
  if (row.number !== invoiceName({ series, number }))
    report(`I11: its bytes are those of ${invoiceName({ series, number })}`)
  if (row.buyer !== buyer.id) report(`I11: its row names the buyer ${row.buyer}, its bytes ${buyer.id}`)
  if (row.period !== period.key) report(`I11: its row names the period ${row.period}, its bytes ${period.key}`)
  if (row.currency !== currency) report(`I11: its row names the currency ${row.currency}, its bytes ${currency}`)
  if (row.total !== (tax?.gross ?? total.amount)) report('I10: its row has another total')
  if ((row.purpose === 'note') !== (references !== undefined)) report(`I11: its row says that it is for ${row.purpose}`)
  if (saidTaxOf(invoice).grossMicros < 0n && invoice.kind !== 'credit-note')
    report('I11: it is a credit note and does not say so')
}
