import { formatMicros } from '@meterline/shared/units/money.ts'
import { documentTitle } from './document-words.ts'
import { invoiceName, type Invoice, type InvoiceLine } from './invoice.ts'
import { countsUnits, isUsage, unitWords } from './line-words.ts'

/** What a row says, under its heading. Text comes from people; everything else is made here. */
interface Cell {
  readonly heading: string
  readonly value: string
  readonly isText?: boolean
}

/**
 * Documents as CSV (RFC 4180) for spreadsheets and accounting: one row for each line, under one row of headings. Amounts are
 * decimal texts with a point: the exact one, and the one that was invoiced, both without tax that is added to the lines.
 */
export function invoicesCsv(invoices: readonly Invoice[]): string {
  const rows = invoices.flatMap(rowsOf)
  const headings = (rows[0] ?? []).map(({ heading }) => heading)
  return [headings.join(','), ...rows.map((cells) => cells.map(fieldOf).join(','))].map((row) => `${row}\r\n`).join('')
}

function rowsOf(invoice: Invoice): readonly (readonly Cell[])[] {
  const lines = invoice.sections.flatMap(({ account, lines: own }) => own.map((line) => ({ account, line })))
  return lines.map(({ account, line }, index) => [
    ...documentCells(invoice),
    cell('line', String(index + 1)),
    cell('account', account.id),
    text('account_name', account.name),
    ...lineCells(line),
    cell('currency', invoice.currency),
    cell('exact_amount', formatMicros(BigInt(line.amountMicros))),
    cell('invoiced_amount', line.amount),
    cell('tax_code', line.taxCode ?? ''),
    cell('tax_percent', line.taxPercent ?? ''),
    cell('tax_included', invoice.tax?.inclusive === true && line.taxPercent !== undefined ? 'yes' : 'no'),
    cell('key', line.segment),
  ])
}

function documentCells(invoice: Invoice): readonly Cell[] {
  return [
    cell('document', invoiceName(invoice)),
    cell('kind', documentTitle(invoice).toLowerCase().replaceAll(' ', '-')),
    cell('issued_at', invoice.issuedAt),
    cell('due_on', invoice.dueOn ?? ''),
    cell('seller', invoice.seller.id),
    cell('buyer', invoice.buyer.id),
    text('buyer_name', invoice.buyer.legalName ?? invoice.buyer.name),
    cell('period', invoice.period.key),
  ]
}

function lineCells(line: InvoiceLine): readonly Cell[] {
  return [
    cell('line_kind', lineKind(line)),
    cell('line_period', linePeriod(line)),
    cell('corrects', line.corrects?.document ?? ''),
    text('description', line.description),
    cell('subscription', line.subscription),
    cell('offering', line.offering),
    cell('price', line.price),
    cell('meter', line.meter),
    cell('quantity', countsUnits(line) ? line.quantity : ''),
    text('unit', unitWords(line)),
    cell('records', String(line.events)),
  ]
}

/** What a line is for; a line of a note by hand is of none of the kinds that bills have. */
function lineKind(line: InvoiceLine): string {
  if (line.kind !== undefined) return line.kind
  if (line.fee !== undefined) return 'fee'
  return isUsage(line) ? 'usage' : 'adjustment'
}

/** The period a line belongs to, which its key begins with: not the document's own for fees in advance and corrections. */
function linePeriod({ segment }: InvoiceLine): string {
  return segment.slice(0, segment.indexOf('/'))
}

function cell(heading: string, value: string): Cell {
  return { heading, value }
}

function text(heading: string, value: string): Cell {
  return { heading, value, isText: true }
}

/** A spreadsheet takes a text that begins like a formula for one and runs it; an apostrophe before it keeps it a text. */
function fieldOf({ value, isText }: Cell): string {
  const kept = isText === true && /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(kept) ? `"${kept.replaceAll('"', '""')}"` : kept
}
