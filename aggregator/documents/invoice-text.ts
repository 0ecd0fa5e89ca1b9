import { formatMicros } from '@meterline/shared/units/money.ts'
import { withThousands } from '../domain/billing/written-amounts.ts'
import { documentTitle, grossWords, legalName, partyLines, referenceRows, taxRows } from './document-words.ts'
import { invoiceName, type Invoice, type InvoiceLine } from './invoice.ts'
import {
  correctionWords,
  limitWords,
  quantityWords,
  recordsWords,
  shownTiers,
  termsWords,
  unitWords,
} from './line-words.ts'
import { periodWords } from './period-days.ts'
import { textTable, wrapped, type Column, type Row } from './text-table.ts'

const columns: readonly Column[] = [
  { heading: 'Description', align: 'left' },
  { heading: 'Quantity', align: 'right' },
  { heading: 'Unit', align: 'left' },
  { heading: 'Records', align: 'right' },
  { heading: 'Amount', align: 'right' },
]

const leastWidth = 80
const leastLabel = 8
const widestDescription = 50

/** An invoice as a table of plain text for terminals and mails. It says what the JSON says, and ends with a line break. */
export function invoiceText(invoice: Invoice): string {
  const rows: Row[] = []
  for (const { account, lines, total } of invoice.sections) {
    if (rows.length > 0) rows.push([])
    rows.push([`${account.name} (${account.id})`])
    for (const line of lines) rows.push(...lineRows(line))
    // A single section needs no sum of its own above the same total.
    if (invoice.sections.length > 1) rows.push(['', '', '', 'Subtotal', withThousands(total.amount)])
  }
  rows.push(...totalRows(invoice))
  return [...headOf(invoice), '', ...textTable(columns, rows, leastWidth), '', ...footOf(invoice), ''].join('\n')
}

/** Labels stand before what they say; what goes on in the next line has none. */
function headOf(invoice: Invoice): readonly string[] {
  const { seller, buyer, period, issuedAt, dueOn, currency } = invoice
  const rows: readonly (readonly [string, string])[] = [
    [documentTitle(invoice), invoiceName(invoice)],
    ...referenceRows(invoice),
    ...partyRows('Seller', seller),
    ...partyRows('Buyer', buyer),
    ['Period', `${period.key} (${periodWords(period)}, UTC)`],
    ['Issued', issuedAt],
    ...(dueOn === undefined ? [] : [['Due', dueOn] as const]),
    ['Currency', currency],
  ]
  const width = Math.max(leastLabel, ...rows.map(([label]) => label.length))
  return rows.map(([label, text]) => `${label.padEnd(width)}  ${text}`)
}

function partyRows(label: string, party: Invoice['buyer']): readonly (readonly [string, string])[] {
  const lines = [`${legalName(party)} (${party.id})`, ...partyLines(party)]
  return lines.map((text, index) => [index === 0 ? label : '', text])
}

/** The sum of the lines, with the tax above or below what is to be paid, as it is added to them or in them. */
function totalRows(invoice: Invoice): readonly Row[] {
  const { currency, tax, total } = invoice
  const due = [`Total ${currency}`, '', '', '', grossWords(invoice)]
  if (tax === undefined) return ['rule', due]
  const rates = taxRows(invoice)
  const note = tax.note === undefined ? [] : [{ note: `No tax is charged: ${tax.note}` }]
  if (tax.inclusive)
    return ['rule', due, ...rates.map(({ words, amount }) => ({ note: `Includes ${words} is ${amount}` }))]
  const added = rates.map(({ words, amount }) => [`  ${words}`, '', '', '', amount])
  return ['rule', [`Net ${currency}`, '', '', '', withThousands(total.amount)], ...added, 'rule', due, ...note]
}

function footOf({ total, rounding, minorDigits, ratingVersion }: Invoice): readonly string[] {
  const exact = withThousands(formatMicros(BigInt(total.amountMicros)))
  const residue = formatMicros(BigInt(total.residueMicros))
  const rule = `Lines are rounded to ${minorDigits} digits (${rounding}), residue ${residue}`
  return wrapped(`Exact amount ${exact}. ${rule}. Rated by rules ${ratingVersion}.`, leastWidth)
}

/** A line with its terms below it; a description that would make the table too wide goes on in the next rows. */
function lineRows(line: InvoiceLine): readonly Row[] {
  const [description = '', ...more] = wrapped(line.description, widestDescription)
  return [
    [`  ${description}`, quantityWords(line), unitWords(line), recordsWords(line), withThousands(line.amount)],
    ...more.map((text) => [`  ${text}`]),
    ...notesOf(line).map((note) => ({ note })),
  ]
}

function notesOf(line: InvoiceLine): readonly string[] {
  const { subscription, fee, limit, corrects } = line
  const terms = [subscription, termsWords(line)].filter((words) => words !== '').join(': ')
  const parts = fee === undefined ? [] : shownTiers(line)
  return [
    ...(corrects === undefined ? [] : [correctionWords(corrects)]),
    ...(terms === '' ? [] : [terms]),
    ...parts.map((part) => `${part.terms}: ${withThousands(formatMicros(BigInt(part.amountMicros)))}`),
    ...(limit === undefined
      ? []
      : [`${limitWords(limit)}, ${withThousands(formatMicros(BigInt(limit.amountMicros)))}`]),
  ]
}
