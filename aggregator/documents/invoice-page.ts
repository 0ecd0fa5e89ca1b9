import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import { formatMicros } from '@meterline/shared/units/money.ts'
import { withThousands } from '../domain/billing/written-amounts.ts'
import {
  documentTitle,
  grossWords,
  legalName,
  partyLines,
  referenceRows,
  taxRows,
  totalWords,
} from './document-words.ts'
import { Html, markup } from './html.ts'
import { chartsOf } from './invoice-charts.ts'
import { invoiceName, type Invoice, type InvoiceLine } from './invoice.ts'
import {
  correctionWords,
  limitWords,
  quantityWords,
  recordsWords,
  shownTiers,
  taxCodeWords,
  termsWords,
  unitWords,
} from './line-words.ts'
import { invoicePageStyle } from './invoice-page-style.ts'
import { dayOf, periodWords } from './period-days.ts'

const shownPriceDigits = 12

/**
 * An invoice as one HTML page that needs nothing beside it: for the customer's screen and, printed, for his files. It
 * says what the immutable document says and nothing else, so the same document always gives the same bytes.
 */
export function invoicePage(invoice: Invoice): string {
  const name = invoiceName(invoice)
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${documentTitle(invoice)} ${name} – ${invoice.seller.name}</title>
        <style>
          ${new Html(invoicePageStyle)}
        </style>
      </head>
      <body>
        <header>
          <div>
            <div class="seller">${legalName(invoice.seller)}</div>
            <div class="id">${invoice.seller.id}</div>
            ${addressOf(invoice.seller)}
          </div>
          <div>
            <h1>${documentTitle(invoice)}</h1>
            <div class="number">${name}</div>
          </div>
        </header>
        ${factsOf(invoice)}
        <main>
          ${invoice.sections.map((section) => sectionTable(invoice, section))}
          ${totalOf(invoice)}
          ${chartsOf(invoice)} ${proofsOf(invoice)}
        </main>
        ${footOf(invoice)}
      </body>
    </html> `.source
}

function factsOf(invoice: Invoice): Html {
  const { buyer, period, issuedAt, dueOn, currency } = invoice
  const facts: readonly (readonly [string, string])[] = [
    ['Billing period (UTC)', periodWords(period)],
    ['Issued', dayOf(issuedAt)],
    ...(dueOn === undefined ? [] : [['Due', dueOn] as const]),
    ...referenceRows(invoice),
  ]
  return markup`<section class="facts">
    <dl>
      <dt>Billed to</dt>
      <dd><strong>${legalName(buyer)}</strong><br /><span class="id">${buyer.id}</span>${addressOf(buyer)}</dd>
    </dl>
    <dl>
      ${facts.map(
        ([label, text]) =>
          markup`<dt>${label}</dt>
            <dd>${text}</dd> `,
      )}
    </dl>
    <dl>
      <dt>${totalWords(invoice)}</dt>
      <dd class="due">${grossWords(invoice)} ${currency}</dd>
    </dl>
  </section>`
}

/** Somebody's address and tax ids. */
function addressOf(party: Invoice['buyer']): Html | readonly Html[] {
  const lines = partyLines(party)
  if (lines.length === 0) return []
  return markup`<div class="address">${lines.map((line) => markup`<div>${line}</div> `)}</div>`
}

function sectionTable(invoice: Invoice, { account, lines, total }: Invoice['sections'][number]): Html {
  // A single section needs no sum of its own above the same total.
  const subtotal =
    invoice.sections.length > 1
      ? markup`<tbody>
          <tr class="subtotal">
            <td colspan="4">Subtotal ${account.name}</td>
            <td class="amount">${withThousands(total.amount)}</td>
          </tr>
        </tbody>`
      : []
  return markup`<table>
    <caption>
      ${account.name}
      <span class="id">${account.id}</span>
    </caption>
    <thead>
      <tr>
        <th>Description</th>
        <th class="amount">Quantity</th>
        <th class="unit">Unit</th>
        <th class="amount">Records</th>
        <th class="amount">Amount ${invoice.currency}</th>
      </tr>
    </thead>
    ${lines.map(lineRows)} ${subtotal}
  </table>`
}

/** The sum of the lines and the tax that is added to them, what is to be paid, and the tax that is in it. */
function totalOf(invoice: Invoice): Html {
  const { tax, total, currency } = invoice
  const due = markup`<div class="total">
    <span>${totalWords(invoice)}</span><span class="sum">${grossWords(invoice)} ${currency}</span>
  </div>`
  if (tax === undefined) return due
  const note = tax.note === undefined ? [] : markup`<p class="soft">No tax is charged: ${tax.note}</p>`
  const rates = taxRows(invoice).map(({ words, amount }) => taxRow(tax.inclusive ? `Includes ${words}` : words, amount))
  const table = (rows: readonly Html[]): Html => markup`<table class="taxes"><tbody>${rows}</tbody></table>`
  if (tax.inclusive) return markup`${due} ${table(rates)}`
  return markup`${table([taxRow('Net', withThousands(total.amount)), ...rates])} ${due} ${note}`
}

function taxRow(words: string, amount: string): Html {
  return markup`<tr>
    <td>${words}</td>
    <td class="amount">${amount}</td>
  </tr> `
}

function lineRows(line: InvoiceLine): Html {
  const notes = [...(line.corrects === undefined ? [] : [correctionWords(line.corrects)]), ...termsShown(line)]
  return markup`<tbody class="item">
    <tr class="line">
      <td>${line.description}</td>
      <td class="amount">${quantityWords(line)}</td>
      <td class="unit">${unitWords(line)}</td>
      <td class="amount">${recordsWords(line)}</td>
      <td class="amount">${withThousands(line.amount)}</td>
    </tr>
    ${notes.map(termsRow)} ${partRows(line)}
  </tbody> `
}

/** Several tiers of a price say their terms themselves. */
function termsShown(line: InvoiceLine): readonly string[] {
  const isSaidByTiers = line.fee === undefined && shownTiers(line).length > 0
  const tax = taxCodeWords(line)
  const words = isSaidByTiers ? (tax ?? '') : termsWords(line)
  return words === '' ? [] : [isSaidByTiers ? words.replace(/^t/, 'T') : words]
}

function termsRow(terms: string): Html {
  return markup`<tr class="terms">
    <td colspan="5">${terms}</td>
  </tr> `
}

/** What each of several tiers contributed and what a minimum or maximum did, to the micro: the exact amount of the line. */
function partRows(line: InvoiceLine): readonly Html[] {
  const parts = [
    ...shownTiers(line).map((tier) => ({
      words: line.fee === undefined ? `${reachOf(tier)} ${line.unit}: ${tier.terms}` : tier.terms,
      quantity: withThousands(tier.quantity),
      amount: formatMicros(BigInt(tier.amountMicros)),
    })),
    ...(line.limit === undefined
      ? []
      : [{ words: limitWords(line.limit), quantity: '', amount: formatMicros(BigInt(line.limit.amountMicros)) }]),
  ]
  const digits = Math.max(...parts.map(({ amount }) => amount.length - amount.indexOf('.')))
  return parts.map(({ words, quantity, amount }) => {
    // Points stand below each other only when all amounts have the same number of digits.
    const aligned = amount.padEnd(amount.indexOf('.') + digits, '0')
    return markup`<tr class="tier">
      <td>${words}</td>
      <td class="amount">${quantity}</td>
      <td></td>
      <td></td>
      <td class="amount">${withThousands(aligned)}</td>
    </tr> `
  })
}

function reachOf({ fromUnits, upToUnits }: InvoiceLine['tiers'][number]): string {
  const from = withThousands((BigInt(fromUnits) + 1n).toString())
  return upToUnits === null ? `from ${from}` : `${from} to ${withThousands(upToUnits)}`
}

function proofsOf(invoice: Invoice): Html | readonly Html[] {
  const lines = invoice.sections.flatMap((section) => section.lines).filter(({ chargeBlocks }) => chargeBlocks > 0)
  if (lines.length === 0) return []
  const rows = lines.map(
    ({ segment, chargeBlocks, fromBlock, chargesRoot }) =>
      markup`<tr>
        <td title="${segment}">${segmentName(segment)}</td>
        <td class="amount">${blockWords(fromBlock ?? 0, chargeBlocks)}</td>
        <td><code>${chargesRoot}</code></td>
      </tr> `,
  )
  return markup`<section class="proofs">
    <h2>What this ${documentTitle(invoice).toLowerCase()} commits to</h2>
    <table>
      <thead>
        <tr>
          <th>Subscription, meter and price</th>
          <th class="amount">Blocks</th>
          <th>Root over all charges of the line (SHA-256)</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </section>`
}

/** How many blocks, and from which one on where earlier documents have those before. */
function blockWords(fromBlock: number, chargeBlocks: number): string {
  if (fromBlock === 0) return String(chargeBlocks)
  const first = fromBlock + 1
  return chargeBlocks === 1 ? `no. ${first}` : `no. ${first} to ${fromBlock + chargeBlocks}`
}

/** What people know a segment by; its whole key is in the document, and in a title on the page. */
function segmentName(segment: string): Html {
  const { subscription, meter, priceId, model } = parseSegmentKey(segment)
  const place = model === null ? '' : `/${model}`
  return markup`${subscription}, ${meter}<br /><code>${priceId.slice(0, shownPriceDigits)}${place}</code>`
}

function footOf({ total, currency, rounding, minorDigits, ratingVersion, tenant, issuedAt }: Invoice): Html {
  const exact = withThousands(formatMicros(BigInt(total.amountMicros)))
  const residue = formatMicros(BigInt(total.residueMicros))
  return markup`<footer>
    Exact amount ${exact} ${currency}. Lines are rounded to ${minorDigits} digits (${rounding}), residue ${residue}.
    Rated by rules ${ratingVersion}. Tenant ${tenant}, issued ${issuedAt}.
  </footer>`
}
