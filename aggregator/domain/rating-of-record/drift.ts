import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import { largestSegmentMicros } from '@meterline/shared/rating/segment.ts'
import { usageBoundMicros } from '@meterline/shared/rating/usage-bound.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { legPlanOf } from '../catalogue/leg-index.ts'

/** Where pre-rating at the edge drifted: usage of one meter that was pre-rated with one snapshot. */
export interface DriftPlace {
  readonly periodKey: string
  readonly partition: string
  readonly seller: string
  readonly currency: string
  readonly meter: string
  /** Hash of the snapshot that was used, hexadecimal. */
  readonly snapshot: string
}

/** What records were pre-rated at, against what they are under the version of record. */
export interface Drift extends DriftPlace {
  /** How many records differ. */
  readonly records: number
  /** By how much the edge was below the bound of record, over the records where it was; micros. */
  readonly shortMicros: bigint
  /** By how much it was above it, over the others. */
  readonly excessMicros: bigint
}

/** Which snapshots of a batch are not of the catalogue it is rated with: their hashes (hexadecimal) by their places. */
export type OtherSnapshots = ReadonlyMap<number, string>

/**
 * Adds up the drift of the units of a batch: for units that name another snapshot than that of the catalogue they are
 * rated with, the bound of each record of the retail leg under the version of record, less what the edge made of it. A
 * record that has no bound on one of the sides is not compared, and one differs by at most what a segment may come to,
 * whatever its agent states. Pure.
 */
export class DriftTally {
  readonly #catalogue: Catalogue
  readonly #otherSnapshots: OtherSnapshots
  readonly #drifts = new Map<string, Drift>()

  constructor(catalogue: Catalogue, otherSnapshots: OtherSnapshots) {
    this.#catalogue = catalogue
    this.#otherSnapshots = otherSnapshots
  }

  /** Compares a unit that is charged. */
  note(unit: RatingUnit, periodKey: string): void {
    const snapshot = unit.snapshot === null ? undefined : this.#otherSnapshots.get(unit.snapshot)
    const subjectPlan = this.#catalogue.index.subjects.get(unit.subject)
    if (snapshot === undefined || subjectPlan === undefined) return
    for (const { meter, quantity, preratedMicros } of unit.records) {
      // The first leg is the retail one, the only one that snapshots tell of.
      const [leg] = legPlanOf(this.#catalogue, subjectPlan, meter, unit.timeMs).legs
      if (leg === undefined || preratedMicros === null) continue
      const bound = usageBoundMicros(leg.price, unit, quantity)
      if (bound === null || bound === preratedMicros) continue
      const { partition, seller, currency } = leg
      this.#add({ periodKey, partition, seller, currency, meter, snapshot }, heldMicros(bound - preratedMicros))
    }
  }

  /** What differed, sorted by place. */
  drifts(): readonly Drift[] {
    return [...this.#drifts].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, drift]) => drift)
  }

  #add(place: DriftPlace, micros: bigint): void {
    const key = driftKey(place)
    const before = this.#drifts.get(key) ?? { ...place, records: 0, shortMicros: 0n, excessMicros: 0n }
    this.#drifts.set(key, {
      ...before,
      records: before.records + 1,
      shortMicros: before.shortMicros + (micros > 0n ? micros : 0n),
      excessMicros: before.excessMicros + (micros < 0n ? -micros : 0n),
    })
  }
}

/** No larger than a segment may come to, on either side. */
function heldMicros(micros: bigint): bigint {
  if (micros > largestSegmentMicros) return largestSegmentMicros
  return micros < -largestSegmentMicros ? -largestSegmentMicros : micros
}

/** Names a place. No identifier holds a space. */
export function driftKey({ periodKey, partition, seller, currency, meter, snapshot }: DriftPlace): string {
  return `${periodKey} ${partition} ${seller} ${currency} ${meter} ${snapshot}`
}
