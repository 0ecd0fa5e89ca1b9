import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import { markup, type Html } from './html.ts'
import type { Invoice, InvoiceLine } from './invoice.ts'
import { periodDays } from './period-days.ts'
import { usageChart, type ChartDay } from './usage-chart.ts'

/** More charts than this would bury the invoice; the lines that cost most are drawn. */
const mostCharts = 8

/** The usage of a document by day. A document that takes usage back draws none of it. */
export function chartsOf(invoice: Invoice): Html | readonly Html[] {
  const days = periodDays(invoice.period.from, invoice.period.to)
  const lines = invoice.sections.flatMap(({ account, lines: own }) => own.map((line) => ({ account, line })))
  const used = lines.filter(({ line }) => isDrawable(line))
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

function isDrawable({ days }: InvoiceLine): boolean {
  return days.length > 0 && days.every(({ quantity }) => !quantity.startsWith('-'))
}

function compare(left: bigint, right: bigint): number {
  return left < right ? -1 : left > right ? 1 : 0
}
