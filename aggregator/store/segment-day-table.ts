import { assertThat } from '@meterline/shared/base/errors.ts'
import type { DayUsage, SegmentDays } from '@meterline/shared/rating/accumulate.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'

interface DayColumns {
  readonly quantity: string
  readonly events: number
  readonly exact: string
}

interface NoDay {
  readonly quantity: null
}

interface DayRow extends DayColumns {
  readonly key: string
  readonly day: number
}

/** The day of a segment that was written last: usage mostly comes for the same day again. */
interface LastDay {
  readonly segmentId: number
  readonly day: number
  readonly usage: DayUsage
}

/**
 * Days are kept of what was decided after log entry `days`, and their records and exact amounts after `positions`; -1: of
 * everything.
 */
export interface DaysKeptAfter {
  readonly days: number
  readonly positions: number
}

/** More segments than this are read again from the file when they are next used. */
const cachedSegments = 50_000

const nothing: DayUsage = { quantity: 0n, events: 0, exact: 0n }

/** Whether a day counts for something: those whose records used and cost nothing are kept and not shown. */
export function isUsed({ quantity, exact }: DayUsage): boolean {
  return quantity !== 0n || exact !== 0n
}

/** What was used in each segment per UTC day. */
export class SegmentDayTable {
  readonly #select
  readonly #save
  readonly #selectPrefix
  readonly #selectKeptAfter
  readonly #last = new Map<string, LastDay>()

  constructor(db: Database) {
    this.#select = db.prepare<[number, string], { id: number } & (DayColumns | NoDay)>(
      `SELECT id, segment_day.quantity AS quantity, segment_day.events AS events, segment_day.exact AS exact
       FROM segment LEFT JOIN segment_day ON segment_id = id AND day = ? WHERE key = ?`,
    )
    this.#save = db.prepare<[number, number, string, number, string]>(
      'INSERT OR REPLACE INTO segment_day (segment_id, day, quantity, events, exact) VALUES (?, ?, ?, ?, ?)',
    )
    this.#selectKeptAfter = db.prepare<[], DaysKeptAfter>(
      'SELECT after_log AS days, positions_after_log AS positions FROM segment_day_origin WHERE one = 1',
    )
    this.#selectPrefix = db.prepare<[string, string], DayRow>(
      `SELECT key, day, segment_day.quantity AS quantity, segment_day.events AS events, segment_day.exact AS exact
       FROM segment JOIN segment_day ON segment_id = id
       WHERE key >= ? AND key < ? ORDER BY key, day`,
    )
  }

  /** From where on there are days. */
  keptAfter(): DaysKeptAfter {
    return this.#selectKeptAfter.get() ?? { days: -1, positions: -1 }
  }

  /** Adds to the days of segments that have a row, inside the caller's transaction. */
  add(usage: SegmentDays): void {
    if (this.#last.size + usage.size > cachedSegments) this.#last.clear()
    for (const [key, days] of usage) {
      for (const [day, added] of days) {
        const before = this.#before(key, day)
        const usage = {
          quantity: before.usage.quantity + added.quantity,
          events: before.usage.events + added.events,
          exact: before.usage.exact + added.exact,
        }
        this.#save.run(before.segmentId, day, usage.quantity.toString(), usage.events, usage.exact.toString())
        this.#last.set(key, { ...before, usage })
      }
    }
  }

  #before(key: string, day: number): LastDay {
    const last = this.#last.get(key)
    if (last?.day === day) return last
    const known = this.#select.get(day, key)
    assertThat(known !== undefined, `segment ${key} is written before its days`)
    return { segmentId: known.id, day, usage: known.quantity === null ? nothing : usageOf(known) }
  }

  /** The days of all segments whose key begins with `prefix`, each segment's in order; only those that count for something. */
  daysOf(prefix: string): SegmentDays {
    const found = new Map<string, Map<number, DayUsage>>()
    // No key holds a code point above this one.
    for (const row of this.#selectPrefix.iterate(prefix, `${prefix}\u{10ffff}`)) {
      const usage = usageOf(row)
      if (!isUsed(usage)) continue
      const days = found.get(row.key) ?? new Map<number, DayUsage>()
      found.set(row.key, days.set(row.day, usage))
    }
    return found
  }
}

function usageOf({ quantity, events, exact }: DayColumns): DayUsage {
  return { quantity: BigInt(quantity), events, exact: BigInt(exact) }
}
