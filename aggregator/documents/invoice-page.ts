import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import { formatMicros } from '@meterline/shared/units/money.ts'
import { withThousands } from '../domain/billing/written-amounts.ts'
import { Html, markup } from './html.ts'
import { invoiceName, type Invoice, type InvoiceLine } from './invoice.ts'
import { limitWords, termsWords } from './line-words.ts'
import { invoicePageStyle } from './invoice-page-style.ts'
import { dayOf, lastDayOf, periodDays } from './period-days.ts'
import { usageChart, type ChartDay } from './usage-chart.ts'

const shownPriceDigits = 12

/** More charts than this would bury the invoice; the lines that cost most are drawn. */
const mostCharts = 8

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
        <title>Invoice ${name} – ${invoice.seller.name}</title>
        <style>
          ${new Html(invoicePageStyle)}
        </style>
      </head>
      <body>
        <header>
          <div>
            <div class="seller">${invoice.seller.name}</div>
            <div class="id">${invoice.seller.id}</div>
          </div>
          <div>
            <h1>Invoice</h1>
            <div class="number">${name}</div>
          </div>
        </header>
        ${factsOf(invoice)}
        <main>
          ${invoice.sections.map((section) => sectionTable(invoice, section))}
          <div class="total">
            <span>Total due</span><span class="sum">${withThousands(invoice.total.amount)} ${invoice.currency}</span>
          </div>
          ${chartsOf(invoice)} ${proofsOf(invoice)}
        </main>
        ${footOf(invoice)}
      </body>
    </html> `.source
}

function factsOf({ buyer, period, issuedAt, total, currency }: Invoice): Html {
  return markup`<section class="facts">
    <dl>
      <dt>Billed to</dt>
      <dd><strong>${buyer.name}</strong><br /><span class="id">${buyer.id}</span></dd>
    </dl>
    <dl>
      <dt>Billing period (UTC)</dt>
      <dd>${dayOf(period.from)} to ${lastDayOf(period.to)}</dd>
      <dt>Issued</dt>
      <dd>${dayOf(issuedAt)}</dd>
    </dl>
    <dl>
      <dt>Total due</dt>
      <dd class="due">${withThousands(total.amount)} ${currency}</dd>
    </dl>
  </section>`
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

function lineRows(line: InvoiceLine): Html {
  return markup`<tbody class="item">
    <tr class="line">
      <td>${line.description}</td>
      <td class="amount">${withThousands(line.quantity)}</td>
      <td class="unit">${line.unit}</td>
      <td class="amount">${line.fee === undefined ? withThousands(String(line.events)) : ''}</td>
      <td class="amount">${withThousands(line.amount)}</td>
    </tr>
    ${line.tiers.length > 1 && line.taxCode === undefined ? [] : termsRow(termsShown(line))} ${partRows(line)}
  </tbody> `
}

/** Several tiers say their terms themselves. */
function termsShown(line: InvoiceLine): string {
  const { tiers, taxCode } = line
  return tiers.length > 1 ? `Tax code ${taxCode ?? ''}` : termsWords(line)
}

function termsRow(terms: string): Html {
  return markup`<tr class="terms">
    <td colspan="5">${terms}</td>
  </tr>`
}

/** What each of several tiers contributed and what a minimum or maximum did, to the micro: the exact amount of the line. */
function partRows(line: InvoiceLine): readonly Html[] {
  const tiers = line.tiers.length > 1 ? line.tiers : []
  const parts = [
    ...tiers.map((tier) => ({
      words: `${reachOf(tier)} ${line.unit}: ${tier.terms}`,
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

function chartsOf(invoice: Invoice): Html | readonly Html[] {
  const days = periodDays(invoice.period.from, invoice.period.to)
  const lines = invoice.sections.flatMap(({ account, lines: own }) => own.map((line) => ({ account, line })))
  const used = lines.filter(({ line }) => line.days.length > 0)
  const drawn = used
    .toSorted((left, right) => compare(BigInt(right.line.amountMicros), BigInt(left.line.amountMicros)))
    .slice(0, mostCharts)
  if (drawn.length === 0) return []
  const several = invoice.sections.length > 1
  const charts = drawn.map(({ account, line }) => {
    const byDay = new Map(line.days.map(({ day, quantity }) => [day, BigInt(quantity)]))
    const shown = days.map((day): ChartDay => ({ day, quantity: byDay.get(day) ?? 0n }))
    const title = chartTitle(line)
    return usageChart(several ? `${account.name}: ${title}` : title, line.unit, shown)
  })
  const left = used.length - drawn.length
  const note =
    left > 0
      ? markup`<p class="soft">The ${drawn.length} lines with the highest amounts; ${left} more are not drawn.</p>`
      : []
  return markup`<section>
    <h2>Usage by day</h2>
    ${note}
    <div class="charts">${charts}</div>
  </section>`
}

/** The meter, where only one line of it can be meant. */
function chartTitle({ segment, meter, description }: InvoiceLine): string {
  return parseSegmentKey(segment).model === null ? meter : description
}

function proofsOf({ sections }: Invoice): Html | readonly Html[] {
  const lines = sections.flatMap((section) => section.lines).filter(({ chargeBlocks }) => chargeBlocks > 0)
  if (lines.length === 0) return []
  const rows = lines.map(
    ({ segment, chargeBlocks, chargesRoot }) =>
      markup`<tr>
        <td title="${segment}">${segmentName(segment)}</td>
        <td class="amount">${chargeBlocks}</td>
        <td><code>${chargesRoot}</code></td>
      </tr> `,
  )
  return markup`<section class="proofs">
    <h2>What this invoice commits to</h2>
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

function compare(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0
}
