import { assertThat } from '@meterline/shared/base/errors.ts'
import type { SegmentDays } from '@meterline/shared/rating/accumulate.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'

interface DayRow {
  readonly key: string
  readonly day: number
  readonly quantity: string
}

/** The day of a segment that was written last: usage mostly comes for the same day again. */
interface LastDay {
  readonly segmentId: number
  readonly day: number
  readonly quantity: bigint
}

/** More segments than this are read again from the file when they are next used. */
const cachedSegments = 50_000

/** What was used in each segment per UTC day. */
export class SegmentDayTable {
  readonly #select
  readonly #save
  readonly #selectPrefix
  readonly #last = new Map<string, LastDay>()

  constructor(db: Database) {
    this.#select = db.prepare<[number, string], { id: number; quantity: string | null }>(
      `SELECT id, segment_day.quantity AS quantity
       FROM segment LEFT JOIN segment_day ON segment_id = id AND day = ? WHERE key = ?`,
    )
    this.#save = db.prepare<[number, number, string]>(
      'INSERT OR REPLACE INTO segment_day (segment_id, day, quantity) VALUES (?, ?, ?)',
    )
    this.#selectPrefix = db.prepare<[string, string], DayRow>(
      `SELECT key, day, segment_day.quantity AS quantity FROM segment JOIN segment_day ON segment_id = id
       WHERE key >= ? AND key < ? ORDER BY key, day`,
    )
  }

  /** Adds to the days of segments that have a row, inside the caller's transaction. */
  add(usage: SegmentDays): void {
    if (this.#last.size + usage.size > cachedSegments) this.#last.clear()
    for (const [key, days] of usage) {
      for (const [day, quantity] of days) {
        const before = this.#before(key, day)
        const after = { ...before, quantity: before.quantity + quantity }
        this.#save.run(after.segmentId, day, after.quantity.toString())
        this.#last.set(key, after)
      }
    }
  }

  #before(key: string, day: number): LastDay {
    const last = this.#last.get(key)
    if (last?.day === day) return last
    const known = this.#select.get(day, key)
    assertThat(known !== undefined, `segment ${key} is written before its days`)
    return { segmentId: known.id, day, quantity: BigInt(known.quantity ?? '0') }
  }

  /** The days of all segments whose key begins with `prefix`, each segment's in order. */
  daysOf(prefix: string): SegmentDays {
    const found = new Map<string, Map<number, bigint>>()
    // No key holds a code point above this one.
    for (const { key, day, quantity } of this.#selectPrefix.iterate(prefix, `${prefix}\u{10ffff}`)) {
      const days = found.get(key) ?? new Map<number, bigint>()
      found.set(key, days.set(day, BigInt(quantity)))
    }
    return found
  }
}
