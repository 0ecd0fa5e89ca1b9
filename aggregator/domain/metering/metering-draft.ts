import {
  compareReadings,
  type MeteringChanges,
  type MeteringView,
  type Reading,
  type Series,
} from '@meterline/shared/metering/state.ts'

interface DraftSeries {
  series: Series
  /** New ones, in their order. */
  readonly readings: Reading[]
}

/**
 * The state of meters with changes on top that are not written yet: what was there before and what the draft took in look
 * like one state. Nothing below is touched.
 */
export class MeteringDraft implements MeteringView {
  readonly #below: MeteringView
  readonly #series = new Map<string, DraftSeries>()
  readonly #levels = new Map<string, bigint>()

  constructor(below: MeteringView) {
    this.#below = below
  }

  series(key: string): Series | undefined {
    return this.#series.get(key)?.series ?? this.#below.series(key)
  }

  lastBefore(key: string, timeMs: number, value: bigint): Reading | undefined {
    const place = { timeMs, value }
    const readings = this.#series.get(key)?.readings ?? []
    const own = readings[firstFrom(readings, place) - 1]
    const below = this.#below.lastBefore(key, timeMs, value)
    if (own === undefined || below === undefined) return own ?? below
    return compareReadings(own, below) > 0 ? own : below
  }

  firstAfter(key: string, timeMs: number, value: bigint): Reading | undefined {
    const place = { timeMs, value }
    const readings = this.#series.get(key)?.readings ?? []
    const from = firstFrom(readings, place)
    const isPlace = readings[from]?.timeMs === timeMs && readings[from]?.value === value
    const own = readings[isPlace ? from + 1 : from]
    const below = this.#below.firstAfter(key, timeMs, value)
    if (own === undefined || below === undefined) return own ?? below
    return compareReadings(own, below) < 0 ? own : below
  }

  level(key: string): bigint | undefined {
    return this.#levels.get(key) ?? this.#below.level(key)
  }

  setLevel(key: string, value: bigint): void {
    this.#levels.set(key, value)
  }

  /** Takes in one reading that was not there, with what the series comes to with it. */
  addReading(key: string, reading: Reading, series: Series): void {
    const known = this.#series.get(key)
    if (known === undefined) {
      this.#series.set(key, { series, readings: [reading] })
      return
    }
    known.series = series
    known.readings.splice(firstFrom(known.readings, reading), 0, reading)
  }

  /** Takes in what another draft above this one changed. */
  take({ series, levels }: MeteringChanges): void {
    for (const [key, changed] of series) {
      for (const reading of changed.readings) this.addReading(key, reading, changed.series)
    }
    for (const [key, value] of levels) this.#levels.set(key, value)
  }

  /** Everything that was taken in. */
  changes(): MeteringChanges {
    return { series: this.#series, levels: this.#levels }
  }
}

/** Where the first of the sorted readings stands that does not come before a place; readings mostly come in their order. */
function firstFrom(readings: readonly Reading[], place: Reading): number {
  const last = readings.at(-1)
  if (last === undefined || compareReadings(last, place) < 0) return readings.length
  let [low, high] = [0, readings.length - 1]
  while (low < high) {
    const middle = (low + high) >> 1
    const reading = readings[middle]
    if (reading !== undefined && compareReadings(reading, place) < 0) low = middle + 1
    else high = middle
  }
  return low
}
