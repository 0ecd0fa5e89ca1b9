import { withThousands } from '../domain/billing/written-amounts.ts'
import { markup, type Html } from './html.ts'

/** One day of a chart: its date and a quantity in base units. */
export interface ChartDay {
  /** `YYYY-MM-DD`. */
  readonly day: string
  readonly quantity: bigint
}

const width = 340
const height = 120
const plot = { left: 4, top: 18, right: 336, bottom: 98 }
/** Bars are drawn in whole tenths of a pixel, so that the same numbers give the same bytes everywhere. */
const tenths = 10n

/**
 * A bar chart of usage by day as SVG. `days` are all days of the period in order, those without usage with zero.
 * The highest bar is labelled with its quantity; every bar says its own when pointed at.
 */
export function usageChart(title: string, unit: string, days: readonly ChartDay[]): Html {
  const highest = days.reduce((most, { quantity }) => (quantity > most ? quantity : most), 0n)
  const pitch = (plot.right - plot.left) / Math.max(days.length, 1)
  const bars = days.flatMap(({ day, quantity }, index) => {
    if (quantity === 0n) return []
    const barHeight = heightOf(quantity, highest)
    const x = fixed(plot.left + index * pitch + pitch * 0.15)
    const label = `${day}: ${withThousands(quantity.toString())} ${unit}`
    return [
      markup`<rect
        x="${x}"
        y="${fixed(plot.bottom - barHeight)}"
        width="${fixed(pitch * 0.7)}"
        height="${fixed(barHeight)}"><title>${label}</title></rect>`,
    ]
  })
  const peak = days.findIndex(({ quantity }) => quantity === highest && highest > 0n)
  return markup`<figure class="chart">
    <figcaption>${title} <span>${unit}</span></figcaption>
    <svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title} by day, in ${unit}">
      <line class="axis" x1="${plot.left}" x2="${plot.right}" y1="${plot.bottom}" y2="${plot.bottom}" />
      <g class="bars">${bars}</g>
      ${peak < 0 ? [] : peakLabel(plot.left + (peak + 0.5) * pitch, highest)}
      <g class="ticks">${ticks(days, pitch)}</g>
    </svg>
  </figure>`
}

/** At least half a pixel, or a day with little usage would look like one without. */
function heightOf(quantity: bigint, highest: bigint): number {
  const full = BigInt(plot.bottom - plot.top) * tenths
  return Math.max(Number((quantity * full) / highest) / Number(tenths), 0.5)
}

/** The label of the highest bar, above it, kept inside the chart. */
function peakLabel(x: number, highest: bigint): Html {
  const anchor = x < width * 0.25 ? 'start' : x > width * 0.75 ? 'end' : 'middle'
  return markup`<text class="peak" x="${fixed(x)}" y="${plot.top - 6}" text-anchor="${anchor}">${withThousands(highest.toString())}</text>`
}

/** The first day, every seventh after it, and the last one where it does not crowd the one before. */
function ticks(days: readonly ChartDay[], pitch: number): readonly Html[] {
  const last = days.length - 1
  return days.flatMap(({ day }, index) => {
    const isTick = index === last ? index % 7 === 0 || index % 7 > 2 : index % 7 === 0
    if (!isTick) return []
    const text = index === 0 ? day.slice(5) : day.slice(8)
    const x = index === 0 ? plot.left : plot.left + (index + 0.5) * pitch
    const anchor = index === 0 ? 'start' : 'middle'
    return [markup`<text x="${fixed(x)}" y="${plot.bottom + 13}" text-anchor="${anchor}">${text}</text>`]
  })
}

function fixed(value: number): string {
  return value.toFixed(1)
}
