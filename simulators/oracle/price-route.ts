import type {
  PlannedMatrix,
  PlannedModel,
  PlannedPerUnit,
  PlannedRow,
  PlannedTerms,
  PlannedThreshold,
  PlannedTimeOfUse,
} from './planned-price.ts'
import { windowAt } from './zone-clock.ts'

const minuteMs = 60_000
/** Longer calls are not walked through: a world that has one says so instead of standing still. */
const longestWalkMs = 400 * 24 * 60 * minuteMs

/** What a price may look at beside the quantity. */
export interface RoutedUnit {
  readonly timeMs: number
  readonly labels: ReadonlyMap<string, string>
  readonly facts: ReadonlyMap<string, bigint>
}

/** A part of a record, and what it is charged by. */
export interface Part {
  /** The number of the model among those of the price: rows, in them windows, in them bands; null where there is only one. */
  readonly number: number | null
  readonly model: PlannedModel
  readonly quantity: bigint
}

/** Whether a price chooses among several models. */
export function isRouted(terms: PlannedTerms): terms is PlannedThreshold | PlannedMatrix | PlannedTimeOfUse {
  return terms.model === 'request-threshold' || terms.model === 'matrix' || terms.model === 'time-of-use'
}

/**
 * The parts that a record is charged in, in the order in which their windows were entered; null when the price has nothing
 * for it. Parts that nothing falls into are left out, but for the first one of a record of nothing.
 */
export function partsOf(terms: PlannedTerms, unit: RoutedUnit, quantity: bigint): readonly Part[] | null {
  return isRouted(terms) ? routedParts(terms, unit, quantity, 0) : [{ number: null, model: terms, quantity }]
}

/** `first`: how many models of the price stand before these terms. */
function routedParts(terms: PlannedTerms, unit: RoutedUnit, quantity: bigint, first: number): readonly Part[] | null {
  switch (terms.model) {
    case 'request-threshold': {
      const band = bandOf(terms, unit)
      return [{ number: first + band, model: modelOfBand(terms, band), quantity }]
    }
    case 'matrix': {
      const rows = terms.rows.toSorted((a, b) => (comesFirst(terms.dimensions, a, b) ? -1 : 1))
      const row = mostSpecific(terms.dimensions, rows, unit)
      if (row === null) return null
      const before = rows.slice(0, rows.indexOf(row)).reduce((count, each) => count + modelCount(each), first)
      return routedParts(row, unit, quantity, before)
    }
    case 'time-of-use':
      return partsOfTime(terms, unit, quantity, first)
    default:
      return [{ number: first, model: terms, quantity }]
  }
}

function modelCount(terms: PlannedTerms): number {
  switch (terms.model) {
    case 'request-threshold':
      return 1 + terms.above.length
    case 'matrix':
      return terms.rows.reduce((count, row) => count + modelCount(row), 0)
    case 'time-of-use':
      return [...terms.windows, terms.otherwise].reduce((count, { price }) => count + modelCount(price), 0)
    default:
      return 1
  }
}

/** 0 up to the first threshold, then the last one that the event is strictly above. */
function bandOf({ fact, above }: PlannedThreshold, unit: RoutedUnit): number {
  const size = numberNamed(fact, unit)
  return size === undefined ? 0 : above.filter((each) => size > each.above).length
}

function modelOfBand({ amount, above, per, rounding }: PlannedThreshold, band: number): PlannedPerUnit {
  const ofBand = band === 0 ? amount : (above[band - 1]?.amount ?? '')
  return { model: 'per-unit', amount: ofBand, per, ...(rounding === undefined ? {} : { rounding }) }
}

/** The row that names the most of what the event says; tenants of the world never have two that name as many. */
function mostSpecific(
  dimensions: readonly string[],
  rows: readonly PlannedRow[],
  { labels }: RoutedUnit,
): PlannedRow | null {
  const named = ({ when }: PlannedRow): readonly string[] => dimensions.filter((each) => typeof when[each] === 'string')
  const fitting = rows.filter((row) => named(row).every((each) => labels.get(each) === row.when[each]))
  return fitting.reduce<PlannedRow | null>((found, row) => {
    return found === null || named(row).length > named(found).length ? row : found
  }, null)
}

/** By the texts of the dimensions, in their order; a row without one comes last. */
function comesFirst(dimensions: readonly string[], a: PlannedRow, b: PlannedRow): boolean {
  const differing = dimensions.find((each) => (a.when[each] ?? null) !== (b.when[each] ?? null))
  if (differing === undefined) return false
  const [one, other] = [a.when[differing] ?? null, b.when[differing] ?? null]
  return other === null || (one !== null && one < other)
}

/** Walks the event minute by minute, since no clock is set and no window ends in the middle of one. */
function partsOfTime(
  terms: PlannedTimeOfUse,
  unit: RoutedUnit,
  quantity: bigint,
  first: number,
): readonly Part[] | null {
  const endMs = unit.timeMs + durationMs(terms, unit)
  if (endMs - unit.timeMs > longestWalkMs)
    throw new Error(`a call of ${endMs - unit.timeMs} ms is too long to walk through`)
  const timeIn = new Map([[windowAt(terms, unit.timeMs), 0]])
  for (let fromMs = unit.timeMs; fromMs < endMs;) {
    const nextMs = Math.min(endMs, (Math.floor(fromMs / minuteMs) + 1) * minuteMs)
    const window = windowAt(terms, fromMs)
    timeIn.set(window, (timeIn.get(window) ?? 0) + nextMs - fromMs)
    fromMs = nextMs
  }
  const prices = [...terms.windows.map(({ price }) => price), terms.otherwise.price]
  const parts: Part[] = []
  let [passedMs, given] = [0, 0n]
  for (const [window, spentMs] of timeIn) {
    passedMs += spentMs
    const all = endMs === unit.timeMs ? quantity : (quantity * BigInt(passedMs)) / BigInt(endMs - unit.timeMs)
    const place = window < 0 ? terms.windows.length : window
    const price = prices[place]
    if (price === undefined) throw new Error(`${terms.zone} has no window ${window}`)
    const before = prices.slice(0, place).reduce((count, each) => count + modelCount(each), first)
    if (all > given || (quantity === 0n && parts.length === 0))
      parts.push(...(routedParts(price, unit, all - given, before) ?? []))
    given = all
  }
  return parts
}

/** Zero where the price does not go by durations, or the event states none. */
function durationMs({ duration }: PlannedTimeOfUse, unit: RoutedUnit): number {
  if (duration === undefined) return 0
  const match = /^(\d+)(ms|s|m|h)$/.exec(duration.unit)
  const unitMs = { ms: 1, s: 1000, m: minuteMs, h: 60 * minuteMs }[match?.[2] ?? '']
  if (unitMs === undefined) throw new Error(`${duration.unit} is no unit of the world's`)
  return Number(numberNamed(duration.fact, unit) ?? 0n) * Number(match?.[1]) * unitMs
}

/** A fact of the event, or else a dimension that reads like one: digits, up to the largest quantity. */
function numberNamed(name: string, { facts, labels }: RoutedUnit): bigint | undefined {
  const text = labels.get(name) ?? ''
  const said = /^[0-9]+$/.test(text) && !/^0[0-9]/.test(text) ? BigInt(text) : undefined
  return facts.get(name) ?? (said === undefined || said >= 2n ** 63n ? undefined : said)
}
