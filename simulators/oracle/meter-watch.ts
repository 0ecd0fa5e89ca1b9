import { dayMs } from './calendar.ts'
import type { Findings } from './findings.ts'
import type { StoredUnit } from './stored-batch.ts'
import type { PlannedMeter } from './tenant-plan.ts'

/** A charged record of a meter whose quantities are readings. */
export interface ChargedReading {
  readonly meter: PlannedMeter
  /** The same for all that was charged in one go: a batch at its first rating, or a release. */
  readonly charging: string
  readonly batchIndex: number
  readonly unit: number
  readonly record: number
  /** The billing period that it is charged in. */
  readonly period: string
  readonly stored: StoredUnit
  readonly reading: bigint
  readonly charged: bigint
}

interface Reading {
  readonly timeMs: number
  readonly value: bigint
}

/** What is read together: one instrument, or one subject in one period. */
interface Series {
  readonly name: string
  readonly meter: PlannedMeter
  /** Readings by time and value: the same reading twice is one. */
  readonly readings: Map<string, Reading>
  charged: bigint
  /** Of a gauge: the most whole units that its readings have come to so far. */
  reached: bigint
}

const wattMsPerWattHour = 3_600_000n

/**
 * Follows meters whose quantities are readings (I9). What was charged for a counter is, in whatever order its readings
 * were rated, how far they moved on in the order of their times, where a smaller one began again at zero; for a gauge the
 * most that readings have come to while they arrived, each held until the next but no longer than the longest gap; for a
 * maximum the highest level of a subject in a period; for distinct subjects one. All legs are charged the same quantity.
 */
export class MeterWatch {
  readonly #findings: Findings
  readonly #series = new Map<string, Series>()
  readonly #charged = new Map<string, bigint>()
  /** What was charged in one go, in the order of units rather than of the segments that say so. */
  #pending: ChargedReading[] = []

  constructor(findings: Findings) {
    this.#findings = findings
  }

  charge(charge: ChargedReading): void {
    const { batchIndex, unit, record, charged, charging, meter, period } = charge
    // Legs whose buyers have periods of their own count in each of them; what an instrument reads is the same for all.
    const place = `${batchIndex}/${unit}/${record}${isInstrument(meter) ? '' : ` in ${period}`}`
    const known = this.#charged.get(place)
    if (known !== undefined) {
      this.#findings.demand(
        known === charged,
        'I9',
        () => `record ${place} of ${meter.id} is charged as ${known} units on one leg and as ${charged} on another`,
      )
      return
    }
    this.#charged.set(place, charged)
    if (this.#pending[0] !== undefined && this.#pending[0].charging !== charging) this.#flush()
    this.#pending.push(charge)
  }

  /** Takes in what was charged since the last time, and holds every series that it touched against its readings. */
  check(): void {
    this.#flush()
  }

  #flush(): void {
    const touched = new Set<Series>()
    const inOrder = this.#pending.toSorted((a, b) => a.unit - b.unit || a.record - b.record)
    this.#pending = []
    for (const { meter, period, stored, reading, charged } of inOrder) {
      const series = this.#seriesOf(meter, period, stored)
      series.readings.set(`${stored.timeMs} ${reading}`, { timeMs: stored.timeMs, value: reading })
      series.charged += charged
      if (meter.kind === 'gauge') {
        const reached = integralOf([...series.readings.values()], gapMs(meter)) / wattMsPerWattHour
        if (reached > series.reached) series.reached = reached
      }
      touched.add(series)
    }
    for (const series of touched) this.#hold(series)
  }

  #hold(series: Series): void {
    const { name, readings, charged } = series
    const usage = usageOf(series)
    this.#findings.demand(
      usage === charged,
      'I9',
      () => `${name}: ${readings.size} readings moved on by ${usage}, charged are ${charged}`,
    )
  }

  #seriesOf(meter: PlannedMeter, period: string, { source, subject }: StoredUnit): Series {
    const name = `${meter.id} of ${subject} ${isInstrument(meter) ? `by ${source}` : `in ${period}`}`
    const known = this.#series.get(name) ?? { name, meter, readings: new Map(), charged: 0n, reached: 0n }
    this.#series.set(name, known)
    return known
  }
}

function isInstrument({ kind }: PlannedMeter): boolean {
  return kind === 'counter' || kind === 'gauge'
}

function usageOf({ meter, readings, reached }: Series): bigint {
  switch (meter.kind) {
    case 'counter':
      return movedOn([...readings.values()])
    case 'maximum':
      return [...readings.values()].reduce((most, { value }) => (value > most ? value : most), 0n)
    case 'distinct':
      return 1n
    default:
      return reached
  }
}

function movedOn(readings: readonly Reading[]): bigint {
  const sorted = readings.toSorted((a, b) => a.timeMs - b.timeMs || (a.value < b.value ? -1 : 1))
  return sorted.reduce((usage, { value }, place) => {
    const before = sorted[place - 1]?.value
    if (before === undefined) return usage
    return usage + (value < before ? value : value - before)
  }, 0n)
}

/** Readings times milliseconds: each holds until the next time that was read at; of several at one time the largest. */
function integralOf(readings: readonly Reading[], longestMs: number): bigint {
  const atTime = new Map<number, bigint>()
  for (const { timeMs, value } of readings) {
    const known = atTime.get(timeMs)
    if (known === undefined || value > known) atTime.set(timeMs, value)
  }
  const sorted = [...atTime].toSorted(([a], [b]) => a - b)
  return sorted.reduce((sum, [timeMs, value], place) => {
    const next = sorted[place + 1]?.[0]
    return next === undefined ? sum : sum + value * BigInt(Math.min(next - timeMs, longestMs))
  }, 0n)
}

/** A duration as the world writes them: minutes, hours or days. */
function gapMs({ longestGap = '' }: PlannedMeter): number {
  const unitMs = { m: 60_000, h: 3_600_000, d: dayMs }[longestGap.at(-1) ?? '']
  if (unitMs === undefined) throw new Error(`${longestGap} is no duration of the world's`)
  return Number(longestGap.slice(0, -1)) * unitMs
}
