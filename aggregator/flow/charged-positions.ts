import type { DayUsage } from '@meterline/shared/rating/accumulate.ts'
import { advance } from '@meterline/shared/rating/dispatch.ts'
import { kindOfModel, type CompiledModel } from '@meterline/shared/rating/model.ts'
import { startPosition, type EarlyEvent, type EventOfRecord, type Position } from '@meterline/shared/rating/position.ts'
import type { StoredDay, StoredSegment } from '../store/books-rows.ts'

/** Stands for an event that is not known any more; what it would be among the earliest is then not compared. */
const unknownEvent: EventOfRecord = { timeMs: 0, source: '', eventId: null }

/** Where segments of event-atomic models stand, recomputed from charges and the events of their units. */
export class ChargedPositions {
  readonly #positions = new Map<string, Position>()
  readonly #unknown = new Set<string>()

  /** One charge; `event` is null when its batch's body was deleted. Gives what it adds to the segment's `exact`. */
  charge(segmentKey: string, model: CompiledModel, quantity: bigint, event: EventOfRecord | null): bigint {
    if (kindOfModel(model) === 'splittable') return 0n
    const before = this.#positions.get(segmentKey) ?? startPosition
    if (event === null) this.#unknown.add(segmentKey)
    const after = advance(model, before, quantity, event ?? unknownEvent)
    this.#positions.set(segmentKey, after)
    return after.exact - before.exact
  }

  /**
   * Where a segment stands by its charges, which make `quantity` and `events`. The earliest events are the stored ones:
   * `differs` says whether they are right.
   */
  of(segment: StoredSegment, quantity: bigint, events: number): Position {
    const exact = this.#positions.get(segment.key)?.exact ?? 0n
    return { quantity, events, exact, earliest: segment.earliest }
  }

  /** Whether a stored segment stands elsewhere than its charges put it, as far as that can be known. */
  differs({ key, exact, earliest }: StoredSegment): boolean {
    const position = this.#positions.get(key) ?? startPosition
    return exact !== position.exact || (!this.#unknown.has(key) && !areEqual(earliest, position.earliest))
  }
}

function areEqual(left: readonly EarlyEvent[], right: readonly EarlyEvent[]): boolean {
  if (left.length !== right.length) return false
  return left.every((one, place) => {
    const other = right[place]
    const sameEvent = one.timeMs === other?.timeMs && one.source === other.source && one.id === other.id
    return sameEvent && one.quantity === other.quantity
  })
}

/** What was used in segments per UTC day, recomputed from charges and the times of their units. */
export class ChargedDays {
  readonly #days = new Map<string, Map<number, DayUsage>>()
  readonly #unknown = new Set<string>()
  #daysAfter = -1
  #positionsAfter = -1

  /** Days are kept of what was decided after log entry `days`, and their records after `positions`. */
  keptAfter({ days, positions }: { readonly days: number; readonly positions: number }): void {
    this.#daysAfter = days
    this.#positionsAfter = positions
  }

  /** One charge of a decision, on a day in days since 1970-01-01; null: its time is not known any more. */
  use(logIndex: number, segmentKey: string, day: number | null, quantity: bigint, exact: bigint): void {
    if (logIndex <= this.#daysAfter) return
    const isCounted = logIndex > this.#positionsAfter
    if (quantity === 0n && !isCounted) return
    if (day === null) {
      this.#unknown.add(segmentKey)
      return
    }
    const days = this.#days.get(segmentKey) ?? new Map<number, DayUsage>()
    this.#days.set(segmentKey, days)
    const before = days.get(day) ?? { quantity: 0n, events: 0, exact: 0n }
    const events = before.events + (isCounted ? 1 : 0)
    days.set(day, { quantity: before.quantity + quantity, events, exact: before.exact + exact })
  }

  /** Whether these are the days of a segment, as far as they can be known. */
  areDaysOf(segmentKey: string, stored: readonly StoredDay[]): boolean {
    if (this.#unknown.has(segmentKey)) return true
    const days = this.#days.get(segmentKey) ?? new Map<number, DayUsage>()
    return (
      stored.length === days.size &&
      stored.every(({ day, quantity, events, exact }) => {
        const due = days.get(day)
        return due?.quantity === quantity && due.events === events && due.exact === exact
      })
    )
  }
}
