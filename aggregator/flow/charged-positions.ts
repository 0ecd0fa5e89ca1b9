import type { DayUsage } from '@meterline/shared/rating/accumulate.ts'
import { advance } from '@meterline/shared/rating/dispatch.ts'
import { kindOfModel, type CompiledModel } from '@meterline/shared/rating/model.ts'
import { startPosition, type EarlyEvent, type EventOfRecord, type Position } from '@meterline/shared/rating/position.ts'
import { withdraw } from '@meterline/shared/rating/withdraw.ts'
import type { StoredDay, StoredSegment } from '../store/books-rows.ts'

/** Stands for an event that is not known any more; what it would be among the earliest is then not compared. */
const unknownEvent: EventOfRecord = { timeMs: 0, source: '', eventId: null }

/** Where segments of event-atomic models stand, recomputed from charges and the events of their units. */
export class ChargedPositions {
  readonly #positions = new Map<string, Position>()
  readonly #unknown = new Set<string>()
  /** Segments whose earliest events do not follow from what was taken back, as another one may have moved up. */
  readonly #movedUp = new Set<string>()

  /** One charge; `event` is null when its batch's body was deleted. Gives what it adds to the segment's `exact`. */
  charge(segmentKey: string, model: CompiledModel, quantity: bigint, event: EventOfRecord | null): bigint {
    if (kindOfModel(model) === 'splittable') return 0n
    const before = this.#positions.get(segmentKey) ?? startPosition
    if (event === null) this.#unknown.add(segmentKey)
    const after = advance(model, before, quantity, event ?? unknownEvent)
    this.#positions.set(segmentKey, after)
    return after.exact - before.exact
  }

  /** A charge that is taken back; gives what it takes off the segment's `exact`. */
  takeBack(segmentKey: string, model: CompiledModel, quantity: bigint, event: EventOfRecord | null): bigint {
    if (kindOfModel(model) === 'splittable') return 0n
    const before = this.#positions.get(segmentKey) ?? startPosition
    const { exact } = advance(model, startPosition, quantity, event ?? unknownEvent)
    const wasCharged = before.events > 0 && before.quantity >= quantity
    const left = event === null || !wasCharged ? null : withdraw(model, before, quantity, event)
    if (left === null) this.#movedUp.add(segmentKey)
    this.#positions.set(segmentKey, {
      quantity: before.quantity - quantity,
      events: before.events - 1,
      exact: before.exact - exact,
      earliest: left?.earliest ?? before.earliest,
    })
    return exact
  }

  /** Where a segment stands by its charges so far; null: which events came first is not known any more. */
  standing(segmentKey: string): Position | null {
    if (this.#unknown.has(segmentKey) || this.#movedUp.has(segmentKey)) return null
    return this.#positions.get(segmentKey) ?? startPosition
  }

  /**
   * Where a segment stands by its charges, which make `quantity` and `events`. The earliest events are the stored ones:
   * `differs` says whether they are right.
   */
  of(segment: StoredSegment, quantity: bigint, events: number): Position {
    const exact = this.#positions.get(segment.key)?.exact ?? 0n
    return { quantity, events, exact, earliest: segment.earliest }
  }

  /**
   * Whether a stored segment stands elsewhere than its charges put it, as far as that can be known. `remake` puts it there
   * from its charges alone; null: some of their events are not known any more.
   */
  differs({ key, exact, earliest }: StoredSegment, remake: () => Position | null): boolean {
    const position = this.#positions.get(key) ?? startPosition
    if (exact !== position.exact) return true
    if (this.#unknown.has(key)) return false
    const due = this.#movedUp.has(key) ? remake() : position
    return due !== null && !areEqual(earliest, due.earliest)
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
    this.#add(logIndex, segmentKey, day, { quantity, events: 1, exact })
  }

  /** A charge that is taken back; `logIndex` is where it was decided, not where it is taken back. */
  takeBack(logIndex: number, segmentKey: string, day: number | null, quantity: bigint, exact: bigint): void {
    this.#add(logIndex, segmentKey, day, { quantity: -quantity, events: -1, exact: -exact })
  }

  #add(logIndex: number, segmentKey: string, day: number | null, { quantity, events: one, exact }: DayUsage): void {
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
    const events = before.events + (isCounted ? one : 0)
    days.set(day, { quantity: before.quantity + quantity, events, exact: before.exact + exact })
  }

  /** The days of a segment so far in their order; null: some of its charges are of a time that is not known any more. */
  of(segmentKey: string): readonly StoredDay[] | null {
    if (this.#unknown.has(segmentKey)) return null
    const days = this.#days.get(segmentKey) ?? new Map<number, DayUsage>()
    return [...days].map(([day, usage]) => ({ day, ...usage })).toSorted((left, right) => left.day - right.day)
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
