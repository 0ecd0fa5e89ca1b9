import type { Accumulator } from '@meterline/shared/rating/accumulate.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { Leg } from '../catalogue/catalogue.ts'
import { periodAt, type BillingCycle } from '../periods/billing-cycle.ts'
import { keyOf, openSegment, type SegmentBuilder } from './segment-builder.ts'

/** What segments have come to before the batch. */
export interface AccumulatorView {
  get(segmentKey: string): Accumulator | undefined
}

/**
 * The segments that are open while a batch is rated. The latest one of each leg is found by the leg itself, which saves
 * building and hashing a key for every charge; two legs of one subscription share a segment where its versions have the
 * same price.
 */
export class OpenSegments {
  readonly #accumulators: AccumulatorView
  readonly #byKey = new Map<string, SegmentBuilder>()
  /** Of prices with one model. */
  readonly #sole = new Map<Leg, SegmentBuilder>()
  /** Of prices that choose among several, by the place of the model: of thousands of rows a leg uses a few in a batch. */
  readonly #routed = new Map<Leg, Map<number, SegmentBuilder>>()

  /** The latest period of each cycle. */
  readonly #periods = new Map<BillingCycle, Period>()

  constructor(accumulators: AccumulatorView) {
    this.#accumulators = accumulators
  }

  /** The segment of a leg whose price has one model, in the period of its cycle that an instant lies in. */
  sole(leg: Leg, timeMs: number): SegmentBuilder {
    const latest = this.#sole.get(leg)
    if (latest !== undefined && isIn(latest.period, timeMs)) return latest
    const found = this.#find(leg, 0, timeMs)
    this.#sole.set(leg, found)
    return found
  }

  /** The segment of one of the models that a leg's price chooses among, in the same way. */
  routed(leg: Leg, place: number, timeMs: number): SegmentBuilder {
    let places = this.#routed.get(leg)
    if (places === undefined) {
      places = new Map()
      this.#routed.set(leg, places)
    }
    const latest = places.get(place)
    if (latest !== undefined && isIn(latest.period, timeMs)) return latest
    const found = this.#find(leg, place, timeMs)
    places.set(place, found)
    return found
  }

  /** Those with charges, in the order of their keys. A unit that was suspended may have opened some without. */
  charged(): readonly SegmentBuilder[] {
    return [...this.#byKey.values()]
      .filter(({ charges }) => charges.length > 0)
      .sort((left, right) => (left.segmentKey < right.segmentKey ? -1 : 1))
  }

  /** The period of a leg's cycle that an instant lies in. */
  periodOf({ cycle }: Leg, timeMs: number): Period {
    const latest = this.#periods.get(cycle)
    if (latest !== undefined && isIn(latest, timeMs)) return latest
    const found = periodAt(cycle, timeMs)
    this.#periods.set(cycle, found)
    return found
  }

  #find(leg: Leg, place: number, timeMs: number): SegmentBuilder {
    const period = this.periodOf(leg, timeMs)
    const key = keyOf(leg, place, period)
    const open = this.#byKey.get(key)
    if (open !== undefined) return open
    const opened = openSegment(leg, place, period, key, this.#accumulators.get(key))
    this.#byKey.set(key, opened)
    return opened
  }
}

function isIn({ startMs, endMs }: Period, timeMs: number): boolean {
  return timeMs >= startMs && timeMs < endMs
}
