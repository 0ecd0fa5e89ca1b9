import {
  counterIncrement,
  rangeIncrement,
  type CounterRange,
  type FirstReading,
} from '@meterline/shared/metering/counter.ts'
import { distinctIncrement } from '@meterline/shared/metering/distinct.ts'
import { gaugeChange, gaugeIncrement, type GaugeScale } from '@meterline/shared/metering/gauge.ts'
import { maximumIncrement } from '@meterline/shared/metering/maximum.ts'
import {
  compareReadings,
  readingsKeptMs,
  type MeteringView,
  type Reading,
  type Series,
} from '@meterline/shared/metering/state.ts'
import { largestQuantity } from '@meterline/shared/units/quantity.ts'
import type { MeteringDraft } from './metering-draft.ts'
import { inReadingUnit, type MeterRule, type MeteringCode } from './meter-rule.ts'

/** What of an event metering looks at, beside the quantity. */
export interface MeteredEvent {
  readonly source: string
  readonly subject: string
  readonly timeMs: number
  readonly labels: readonly (readonly [string, string])[]
}

/** The usage a record adds, in units of its meter, and what to note when it is charged; null: nothing changes. */
export interface MeteredRecord {
  readonly quantity: bigint
  readonly change: MeteringChange | null
}

export type MeteringChange =
  | { readonly kind: 'reading'; readonly key: string; readonly reading: Reading; readonly series: Series }
  | { readonly kind: 'levels'; readonly levels: readonly (readonly [key: string, value: bigint])[] }

/** The label with a counter's explicit reset id. */
const resetLabel = '@reset'

/**
 * The usage that one record of a meter makes, given what the meter's state is before it. `stated` is the unit the event
 * says its quantities are in (`statedUnit`); `periodKey` the billing period of the buyer that its time lies in. Changes nothing.
 */
export function meterRecord(
  view: MeteringView,
  rule: MeterRule,
  event: MeteredEvent,
  quantity: bigint,
  stated: string | null,
  periodKey: string,
): MeteredRecord | MeteringCode {
  const { metering, meter } = rule
  // Distinct subjects are counted, whatever else the event says.
  if (metering.kind === 'distinct') return distinctRecord(view, keyOf('distinct', meter, event.subject, periodKey))
  const value = inReadingUnit(rule, quantity, stated)
  if (typeof value === 'string') return value
  switch (metering.kind) {
    case 'sum':
      return { quantity: value, change: null }
    case 'maximum':
      return maximumRecord(view, keyOf('maximum', meter, event.subject, periodKey), value)
    case 'gauge':
      return gaugeRecord(
        view,
        keyOf('gauge', meter, event.source, event.subject),
        { timeMs: event.timeMs, value },
        metering,
      )
    case 'counter': {
      const reset = event.labels.find(([key]) => key === resetLabel)?.[1]
      const { source, subject, timeMs } = event
      return reset === undefined
        ? counterRecord(view, keyOf('counter', meter, source, subject), { timeMs, value }, metering.firstReading)
        : rangeRecord(view, [meter, source, subject, reset], value, metering.firstReading)
    }
  }
}

/** Notes what `meterRecord` found, once the record is charged. */
export function noteChange(draft: MeteringDraft, change: MeteringChange): void {
  if (change.kind === 'reading') draft.addReading(change.key, change.reading, change.series)
  else for (const [key, value] of change.levels) draft.setLevel(key, value)
}

function distinctRecord(view: MeteringView, key: string): MeteredRecord {
  const isKnown = view.level(key) !== undefined
  return { quantity: distinctIncrement(isKnown), change: isKnown ? null : { kind: 'levels', levels: [[key, 1n]] } }
}

function maximumRecord(view: MeteringView, key: string, value: bigint): MeteredRecord {
  const largest = view.level(key)
  if (largest !== undefined && value <= largest) return { quantity: 0n, change: null }
  return { quantity: maximumIncrement(largest ?? null, value), change: { kind: 'levels', levels: [[key, value]] } }
}

/** A counter under an explicit reset id keeps its lowest and its highest reading. */
function rangeRecord(
  view: MeteringView,
  parts: readonly [meter: string, source: string, subject: string, reset: string],
  value: bigint,
  first: FirstReading,
): MeteredRecord {
  const lowestKey = keyOf('lowest', ...parts)
  const highestKey = keyOf('highest', ...parts)
  const lowest = view.level(lowestKey)
  const highest = view.level(highestKey)
  const before: CounterRange | null = lowest === undefined || highest === undefined ? null : { lowest, highest }
  const { increment, range } = rangeIncrement(before, value, first)
  const levels = [
    [lowestKey, range.lowest],
    [highestKey, range.highest],
  ] as const
  return { quantity: increment, change: { kind: 'levels', levels } }
}

function counterRecord(view: MeteringView, key: string, reading: Reading, first: FirstReading): MeteredRecord {
  const series = view.series(key)
  const near = neighboursOf(view, key, series, reading)
  if (near === 'too-old' || near.isKnown) return { quantity: 0n, change: null }
  const { before, after } = near
  const quantity = counterIncrement(before?.value ?? null, reading.value, after?.value ?? null, first)
  const charged = (series?.charged ?? 0n) + quantity
  return {
    quantity,
    change: { kind: 'reading', key, reading, series: { newest: newestOf(series, reading), integral: 0n, charged } },
  }
}

function gaugeRecord(
  view: MeteringView,
  key: string,
  reading: Reading,
  { longestGapMs, scale }: { readonly longestGapMs: number; readonly scale: GaugeScale },
): MeteredRecord {
  const series = view.series(key)
  const near = neighboursOf(view, key, series, reading)
  if (near === 'too-old' || near.isKnown) return { quantity: 0n, change: null }
  const { timeMs } = reading
  // The largest reading at a time is the last of it in the order of readings, and the only one that counts.
  const here = latestUpTo(view, key, series, timeMs)
  const sameTime = here?.timeMs === timeMs ? here.value : null
  const after = isNewest(series, reading) ? undefined : view.firstAfter(key, timeMs, largestQuantity)
  const before = sameTime === null ? (here ?? null) : null
  const neighbours = { before, sameTime, afterMs: after?.timeMs ?? null }
  const state = { integral: series?.integral ?? 0n, charged: series?.charged ?? 0n }
  const step = gaugeIncrement(state, gaugeChange(reading, neighbours, longestGapMs), scale)
  return {
    quantity: step.increment,
    change: { kind: 'reading', key, reading, series: { newest: newestOf(series, reading), ...step.state } },
  }
}

interface Neighbours {
  readonly isKnown: boolean
  readonly before: Reading | undefined
  readonly after: Reading | undefined
}

/** The readings around one that is not known yet, without asking for them when it is the newest, as it nearly always is. */
function neighboursOf(
  view: MeteringView,
  key: string,
  series: Series | undefined,
  reading: Reading,
): Neighbours | 'too-old' {
  if (series === undefined) return { isKnown: false, before: undefined, after: undefined }
  if (isNewest(series, reading)) return { isKnown: false, before: series.newest, after: undefined }
  const { timeMs, value } = reading
  if (timeMs < series.newest.timeMs - readingsKeptMs) return 'too-old'
  const next = view.firstAfter(key, timeMs, value - 1n)
  const isKnown = next?.timeMs === timeMs && next.value === value
  return { isKnown, before: view.lastBefore(key, timeMs, value), after: next }
}

function latestUpTo(view: MeteringView, key: string, series: Series | undefined, timeMs: number): Reading | undefined {
  if (series === undefined || series.newest.timeMs <= timeMs) return series?.newest
  return view.lastBefore(key, timeMs + 1, -1n)
}

function isNewest(series: Series | undefined, reading: Reading): boolean {
  return series === undefined || compareReadings(reading, series.newest) > 0
}

function newestOf(series: Series | undefined, reading: Reading): Reading {
  return series === undefined || compareReadings(reading, series.newest) > 0 ? reading : series.newest
}

/** Parts of keys are texts of publishers, so they are told apart the way JSON does. */
function keyOf(...parts: readonly string[]): string {
  return JSON.stringify(parts)
}
