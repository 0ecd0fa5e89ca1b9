/** One reading of a counter or gauge. */
export interface Reading {
  /** Epoch milliseconds, as the event says. */
  readonly timeMs: number
  /** In whole units of the readings, not negative. */
  readonly value: bigint
}

/** What a series of readings has come to, beside the readings themselves. */
export interface Series {
  /** The latest in time; of several at one time the largest. */
  readonly newest: Reading
  /** Gauges: reading units × milliseconds, with every reading so far. Counters: 0. */
  readonly integral: bigint
  /** The sum of the increments so far, in units of the meter. */
  readonly charged: bigint
}

/** Readings are ordered by time, and at one time by value. */
export interface MeteringView {
  /** What a series has come to; undefined before its first reading. */
  series(key: string): Series | undefined
  /** The last reading of a series that comes before (`timeMs`, `value`). */
  lastBefore(key: string, timeMs: number, value: bigint): Reading | undefined
  /** The first reading of a series that comes after (`timeMs`, `value`). */
  firstAfter(key: string, timeMs: number, value: bigint): Reading | undefined
  /** A single number that is kept by name, such as the largest reading of a period. */
  level(key: string): bigint | undefined
}

/** What metering some records changed. */
export interface MeteringChanges {
  /** New totals of series, and the readings that are new in them, in their order. */
  readonly series: ReadonlyMap<string, { readonly series: Series; readonly readings: readonly Reading[] }>
  readonly levels: ReadonlyMap<string, bigint>
}

/** Nothing changed: what there is to write where no meter has a state. */
export const noMeteringChanges: MeteringChanges = { series: new Map(), levels: new Map() }

/**
 * How far back a reading finds its neighbours: 400 days before the newest of its series. One that comes later than that
 * counts nothing, so that older readings, but for the last of them, need not be kept.
 */
export const readingsKeptMs = 400 * 86_400_000

/** Negative, zero or positive as `left` comes before, with or after `right`. */
export function compareReadings(left: Reading, right: Reading): number {
  if (left.timeMs !== right.timeMs) return left.timeMs - right.timeMs
  return left.value < right.value ? -1 : left.value > right.value ? 1 : 0
}
