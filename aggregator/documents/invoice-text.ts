import { formatMicros } from '@meterline/shared/units/money.ts'
import { withThousands } from '../domain/billing/written-amounts.ts'
import { invoiceName, type Invoice, type InvoiceLine } from './invoice.ts'
import { limitWords, termsWords } from './line-words.ts'
import { dayOf, lastDayOf } from './period-days.ts'
import { textTable, wrapped, type Column, type Row } from './text-table.ts'

const columns: readonly Column[] = [
  { heading: 'Description', align: 'left' },
  { heading: 'Quantity', align: 'right' },
  { heading: 'Unit', align: 'left' },
  { heading: 'Records', align: 'right' },
  { heading: 'Amount', align: 'right' },
]

const leastWidth = 80
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
  rows.push('rule', [`Total ${invoice.currency}`, '', '', '', withThousands(invoice.total.amount)])
  return [...headOf(invoice), '', ...textTable(columns, rows, leastWidth), '', ...footOf(invoice), ''].join('\n')
}

function headOf({ series, number, seller, buyer, period, issuedAt, currency }: Invoice): readonly string[] {
  return [
    `Invoice   ${invoiceName({ series, number })}`,
    `Seller    ${seller.name} (${seller.id})`,
    `Buyer     ${buyer.name} (${buyer.id})`,
    `Period    ${period.key} (${dayOf(period.from)} to ${lastDayOf(period.to)}, UTC)`,
    `Issued    ${issuedAt}`,
    `Currency  ${currency}`,
  ]
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
    [
      `  ${description}`,
      withThousands(line.quantity),
      line.unit,
      line.fee === undefined ? withThousands(line.events.toString()) : '',
      withThousands(line.amount),
    ],
    ...more.map((text) => [`  ${text}`]),
    { note: `${line.subscription}: ${termsWords(line)}` },
    ...(line.limit === undefined ? [] : [{ note: limitNote(line.limit) }]),
  ]
}

function limitNote(limit: NonNullable<InvoiceLine['limit']>): string {
  return `${limitWords(limit)}, ${withThousands(formatMicros(BigInt(limit.amountMicros)))}`
}
