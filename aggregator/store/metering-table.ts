import {
  readingsKeptMs,
  type MeteringChanges,
  type MeteringView,
  type Reading,
  type Series,
} from '@meterline/shared/metering/state.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import { dayMs } from '@meterline/shared/units/civil.ts'

interface SeriesRow {
  readonly id: bigint
  readonly newestMs: bigint
  readonly newestValue: bigint
  readonly integral: string
  readonly charged: string
}

interface ReadingRow {
  readonly timeMs: bigint
  readonly value: bigint
}

interface KnownSeries {
  readonly id: bigint
  readonly series: Series
}

/** More series or levels than this are read again from the file when they are next metered. */
const cachedKeys = 50_000

/** The state of meters that have one: series of readings, and single numbers by name. */
export class MeteringTable implements MeteringView {
  readonly #selectSeries
  readonly #insertSeries
  readonly #updateSeries
  readonly #lastBefore
  readonly #firstAfter
  readonly #insertReading
  readonly #dropReadings
  readonly #selectLevel
  readonly #saveLevel
  readonly #series = new Map<string, KnownSeries>()
  readonly #levels = new Map<string, bigint>()

  constructor(db: Database) {
    this.#selectSeries = db
      .prepare<[string], SeriesRow>(
        `SELECT id, newest_ms AS newestMs, newest_value AS newestValue, integral, charged
         FROM metering_series WHERE key = ?`,
      )
      .safeIntegers()
    this.#insertSeries = db.prepare<[string, number, bigint, string, string]>(
      'INSERT INTO metering_series (key, newest_ms, newest_value, integral, charged) VALUES (?, ?, ?, ?, ?)',
    )
    this.#updateSeries = db.prepare<[number, bigint, string, string, bigint]>(
      'UPDATE metering_series SET newest_ms = ?, newest_value = ?, integral = ?, charged = ? WHERE id = ?',
    )
    const reading = 'SELECT time_ms AS timeMs, value FROM metering_reading WHERE series_id = ?'
    this.#lastBefore = db
      .prepare<[bigint, number, bigint], ReadingRow>(
        `${reading} AND (time_ms, value) < (?, ?) ORDER BY time_ms DESC, value DESC LIMIT 1`,
      )
      .safeIntegers()
    this.#firstAfter = db
      .prepare<[bigint, number, bigint], ReadingRow>(
        `${reading} AND (time_ms, value) > (?, ?) ORDER BY time_ms, value LIMIT 1`,
      )
      .safeIntegers()
    this.#insertReading = db.prepare<[bigint, number, bigint]>(
      'INSERT INTO metering_reading (series_id, time_ms, value) VALUES (?, ?, ?)',
    )
    this.#dropReadings = db.prepare<[bigint, bigint, number]>(
      `DELETE FROM metering_reading WHERE series_id = ? AND (time_ms, value) < (
         SELECT time_ms, value FROM metering_reading WHERE series_id = ? AND time_ms < ?
         ORDER BY time_ms DESC, value DESC LIMIT 1)`,
    )
    this.#selectLevel = db.prepare<[string], { value: string }>('SELECT value FROM metering_level WHERE key = ?')
    this.#saveLevel = db.prepare<[string, string]>('INSERT OR REPLACE INTO metering_level (key, value) VALUES (?, ?)')
  }

  series(key: string): Series | undefined {
    return this.#known(key)?.series
  }

  lastBefore(key: string, timeMs: number, value: bigint): Reading | undefined {
    const known = this.#known(key)
    return known === undefined ? undefined : readingOf(this.#lastBefore.get(known.id, timeMs, value))
  }

  firstAfter(key: string, timeMs: number, value: bigint): Reading | undefined {
    const known = this.#known(key)
    return known === undefined ? undefined : readingOf(this.#firstAfter.get(known.id, timeMs, value))
  }

  level(key: string): bigint | undefined {
    const cached = this.#levels.get(key)
    if (cached !== undefined) return cached
    const row = this.#selectLevel.get(key)
    if (row === undefined) return undefined
    const value = BigInt(row.value)
    if (this.#levels.size < cachedKeys) this.#levels.set(key, value)
    return value
  }

  /** Writes what changed, inside the caller's transaction, and drops readings too old to be a neighbour of any other. */
  write({ series, levels }: MeteringChanges): void {
    if (this.#series.size + series.size > cachedKeys) this.#series.clear()
    if (this.#levels.size + levels.size > cachedKeys) this.#levels.clear()
    for (const [key, changed] of series) {
      const before = this.#known(key)
      const id = this.#save(key, changed.series, before)
      for (const { timeMs, value } of changed.readings) this.#insertReading.run(id, timeMs, value)
      this.#drop(id, changed.series, before?.series)
    }
    for (const [key, value] of levels) {
      this.#saveLevel.run(key, value.toString())
      this.#levels.set(key, value)
    }
  }

  #known(key: string): KnownSeries | undefined {
    const cached = this.#series.get(key)
    if (cached !== undefined) return cached
    const row = this.#selectSeries.get(key)
    if (row === undefined) return undefined
    const { id, newestMs, newestValue, integral, charged } = row
    const newest = { timeMs: Number(newestMs), value: newestValue }
    const known = { id, series: { newest, integral: BigInt(integral), charged: BigInt(charged) } }
    if (this.#series.size < cachedKeys) this.#series.set(key, known)
    return known
  }

  #save(key: string, series: Series, before: KnownSeries | undefined): bigint {
    const { newest, integral, charged } = series
    const [integralText, chargedText] = [integral.toString(), charged.toString()]
    let id: bigint
    if (before === undefined) {
      const inserted = this.#insertSeries.run(key, newest.timeMs, newest.value, integralText, chargedText)
      id = BigInt(inserted.lastInsertRowid)
    } else {
      id = before.id
      this.#updateSeries.run(newest.timeMs, newest.value, integralText, chargedText, id)
    }
    this.#series.set(key, { id, series })
    return id
  }

  // Once a day of the series' own time is often enough, and spares every other write a search.
  #drop(id: bigint, { newest }: Series, before: Series | undefined): void {
    const isSameDay =
      before !== undefined && Math.floor(newest.timeMs / dayMs) === Math.floor(before.newest.timeMs / dayMs)
    if (isSameDay) return
    this.#dropReadings.run(id, id, newest.timeMs - readingsKeptMs)
  }
}

function readingOf(row: ReadingRow | undefined): Reading | undefined {
  return row === undefined ? undefined : { timeMs: Number(row.timeMs), value: row.value }
}
