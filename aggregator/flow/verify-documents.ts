import { equalBytes, sha256, toHex } from '@meterline/shared/integrity/hash.ts'
import { sumRoot } from '@meterline/shared/integrity/merkle-sum.ts'
import type { DocumentLogEntry } from '@meterline/shared/model/log-entry.ts'
import { startPosition } from '@meterline/shared/rating/position.ts'
import { parseDecimal } from '@meterline/shared/units/decimal.ts'
import { ledgerAccounts } from '../domain/ledger/entry.ts'
import { decodeInvoice, invoiceName } from '../documents/invoice.ts'
import type { Invoice, InvoiceLine } from '../documents/invoice.ts'
import type { BooksReader } from '../store/books-reader.ts'
import type { DocumentRow } from '../store/document-table.ts'
import type { BooksAudit } from './books-audit.ts'
import { areEntriesOfInvoice, checkAllBilled } from './verify-billed.ts'
import { FeeCheck } from './verify-fees.ts'
import { linePartsFault } from './verify-line-parts.ts'

/** Checks every document: its bytes, its number, its sums, the charges and the ledger entries behind it (I10, I11). */
export function checkDocuments(reader: BooksReader, audit: BooksAudit): void {
  const lastNumbers = new Map<string, number>()
  const billed = new Map<string, string>()
  const fees = new FeeCheck(reader, audit)
  for (const row of reader.documents()) {
    audit.count('documents')
    const report = (text: string): void => audit.report(`${row.number}: ${text}`)
    const series = `${row.entity} ${row.series}`
    const next = nextNumber(audit, row, lastNumbers.get(series) ?? 0)
    if (row.sequence !== next) report(`I11: it has number ${row.sequence} in its series where ${next} is next`)
    lastNumbers.set(series, row.sequence)
    const entry = audit.documents.get(row.logIndex)
    audit.documents.delete(row.logIndex)
    if (entry === undefined) {
      report(`I11: log entry ${row.logIndex} does not record it`)
      continue
    }
    checkRecord(row, entry, report)
    const invoice = decodeInvoice(row.bytes)
    if (!invoice.ok) {
      report(`I11: ${invoice.fault.message}`)
      continue
    }
    checkHead(invoice.value, row, report)
    checkSums(invoice.value, row, report)
    checkLedger(invoice.value, entry, report)
    if (!areEntriesOfInvoice(invoice.value, entry, audit.keepsBooks(invoice.value.buyer.id)))
      report('I10: its entries are not those that its lines make')
    for (const line of linesOf(invoice.value)) {
      const wrong = partiesFault(audit, invoice.value, line) ?? lineFault(reader, audit, line)
      if (wrong !== undefined) report(`I9: the line of ${line.segment} ${wrong}`)
      const wrongFee = line.fee === undefined ? undefined : fees.fault(invoice.value, line)
      if (wrongFee !== undefined) report(`I10: the line of ${line.segment} ${wrongFee}`)
      const other = billed.get(line.segment)
      if (other !== undefined) report(`I10: it bills segment ${line.segment}, which ${other} bills too`)
      billed.set(line.segment, row.number)
    }
  }
  fees.finish()
  checkAllBilled(reader, audit, billed)
  for (const logIndex of audit.documents.keys()) audit.report(`I11: the document of log entry ${logIndex} is missing`)
}

/** Numbers are gapless, but for those that a restore before the document left unused and named in the log (I11). */
function nextNumber(audit: BooksAudit, { entity, series, logIndex }: DocumentRow, last: number): number {
  let next = last + 1
  for (const gap of audit.numberGaps) {
    const applies = gap.entity === entity && gap.series === series && gap.logIndex < logIndex
    if (applies && gap.from === next) next = gap.to + 1
  }
  return next
}

type Report = (text: string) => void

function linesOf(invoice: Invoice): readonly InvoiceLine[] {
  return invoice.sections.flatMap((section) => section.lines)
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
function checkHead({ series, number, buyer, period, currency }: Invoice, row: DocumentRow, report: Report): void {
  if (row.number !== invoiceName({ series, number }))
    report(`I11: its bytes are those of ${invoiceName({ series, number })}`)
  if (row.buyer !== buyer.id) report(`I11: its row names the buyer ${row.buyer}, its bytes ${buyer.id}`)
  if (row.period !== period.key) report(`I11: its row names the period ${row.period}, its bytes ${period.key}`)
  if (row.currency !== currency) report(`I11: its row names the currency ${row.currency}, its bytes ${currency}`)
}

/** Lines make sections, sections make the total, and what is invoiced plus the residue is the exact amount (I9, I10). */
function checkSums(invoice: Invoice, row: DocumentRow, report: Report): void {
  const { sections, total } = invoice
  for (const { account, lines, total: section } of sections) {
    if (!sumsTo(lines, section)) report(`I10: the lines of section ${account.id} do not add up to its total`)
  }
  if (!sumsTo(linesOf(invoice), total)) report('I10: its lines do not add up to its total')
  for (const each of [...linesOf(invoice), ...sections.map((section) => section.total), total]) {
    if (BigInt(each.invoicedMicros) + BigInt(each.residueMicros) !== BigInt(each.amountMicros)) {
      report('I9: an amount and its residue do not make the exact amount')
    }
    if (microsOf(each.amount) !== BigInt(each.invoicedMicros))
      report(`I10: it prints ${each.amount} for another amount`)
  }
  if (row.total !== total.amount) report('I10: its row has another total')
}

interface Amounts {
  readonly amountMicros: string
  readonly invoicedMicros: string
  readonly residueMicros: string
}

function sumsTo(parts: readonly Amounts[], whole: Amounts): boolean {
  return (['amountMicros', 'invoicedMicros', 'residueMicros'] as const).every(
    (key) => parts.reduce((sum, part) => sum + BigInt(part[key]), 0n) === BigInt(whole[key]),
  )
}

/** The entries it names are those of the log, and they make the buyer owe exactly its total (I10). */
function checkLedger(invoice: Invoice, entry: DocumentLogEntry, report: Report): void {
  const named = invoice.ledger.map((each) => [
    each.entity,
    each.asset,
    each.account,
    each.debitMicros,
    each.creditMicros,
  ])
  const logged = entry.entries.map((each) => [
    each.entity,
    each.asset,
    each.account,
    each.debitMicros.toString(),
    each.creditMicros.toString(),
  ])
  if (JSON.stringify(named) !== JSON.stringify(logged)) report('I10: it names other ledger entries than the log')
  const receivable = ledgerAccounts.receivable(invoice.buyer.id)
  const owed = entry.entries
    .filter(({ entity, account }) => entity === invoice.seller.id && account === receivable)
    .reduce((sum, { debitMicros, creditMicros }) => sum + debitMicros - creditMicros, 0n)
  if (owed !== BigInt(invoice.total.invoicedMicros)) {
    report(`I10: its entries make ${owed} micros receivable, its total is ${invoice.total.invoicedMicros}`)
  }
}

/** A line bills what its seller sold to its buyer, as the charges say; one without charges is held against the catalogue. */
function partiesFault(audit: BooksAudit, { seller, buyer }: Invoice, { segment }: InvoiceLine): string | undefined {
  const parties = audit.partiesOf(segment)
  return parties === null || parties === `${seller.id}>${buyer.id}` ? undefined : `bills what was charged as ${parties}`
}

/**
 * What is wrong with a line, for the end of a sentence: the charges of its segment, with what is due before usage, are the
 * line, its root commits to them, and it shows them by day and tier as they are (I9).
 */
function lineFault(reader: BooksReader, audit: BooksAudit, line: InvoiceLine): string | undefined {
  const leaves = reader.leavesOf(line.segment).map(({ leaf, amountMicros }) => ({ hash: leaf, sum: amountMicros }))
  const root = sumRoot(leaves)
  if (root.sum + BigInt(line.openingMicros) !== BigInt(line.amountMicros)) {
    return `says ${line.amountMicros} micros, its charges make ${root.sum}`
  }
  if (leaves.length !== line.chargeBlocks || toHex(root.hash) !== line.chargesRoot) {
    return 'does not commit to the charges of its segment'
  }
  // A fee has no charges, and is held against the catalogue of its period.
  if (line.fee !== undefined) return undefined
  const model = audit.modelOf(line.segment)
  if (model === null) return 'has an unknown price'
  return linePartsFault(line, model, reader.segment(line.segment) ?? startPosition, reader.usedDaysOf(line.segment))
}

/** A decimal amount in currency units as micros; null when it has finer digits. */
function microsOf(amount: string): bigint | null {
  const parsed = parseDecimal(amount)
  if (!parsed.ok || parsed.value.scale > 6) return null
  return parsed.value.coefficient * 10n ** BigInt(6 - parsed.value.scale)
}
