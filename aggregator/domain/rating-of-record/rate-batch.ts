import { assertThat } from '@meterline/shared/base/errors.ts'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import { noMeteringChanges, type MeteringChanges, type MeteringView } from '@meterline/shared/metering/state.ts'
import type { Accumulator, SegmentDays } from '@meterline/shared/rating/accumulate.ts'
import { noModel, partsOf, routeOf } from '@meterline/shared/rating/route.ts'
import { largestSegmentMicros } from '@meterline/shared/rating/segment.ts'
import { dayMs } from '@meterline/shared/units/civil.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import { largestQuantity } from '@meterline/shared/units/quantity.ts'
import type { Catalogue, Leg, SubjectPlan } from '../catalogue/catalogue.ts'
import { meetsCondition } from '../catalogue/label-condition.ts'
import { legPlanOf } from '../catalogue/leg-index.ts'
import { meterRecord, noteChange, type MeteringChange } from '../metering/meter-record.ts'
import { countsPerPeriod, statedUnit, type MeteringCode, type MeterRule } from '../metering/meter-rule.ts'
import { MeteringDraft } from '../metering/metering-draft.ts'
import { calendarMonths, periodAt } from '../periods/billing-cycle.ts'
import { ratedPartitions, type RatedPartition } from './rated-partitions.ts'
import { DriftTally, type Drift, type OtherSnapshots } from './drift.ts'
import { OpenSegments, type AccumulatorView } from './open-segments.ts'
import {
  largestBatchMicros,
  ordinarySegmentMicros,
  suspendedUnit,
  type SuspendedUnit,
  type SuspenseCode,
} from './suspended-unit.ts'
import { accumulatorAfter, appendCharge, daysOf, prepareCharge, type SegmentBuilder } from './segment-builder.ts'

/** A unit and its index in its batch. */
export interface IndexedUnit {
  readonly index: number
  readonly unit: RatingUnit
}

export interface RatingInput {
  readonly catalogue: Catalogue
  /** Log index of the batch. */
  readonly batchIndex: number
  /** In the order of their indexes; those already known as duplicates or conflicts are left out. */
  readonly units: Iterable<IndexedUnit>
  readonly accumulators: AccumulatorView
  /** What meters with a state have come to before the batch. */
  readonly metering: MeteringView
  /**
   * What a record came to before where it is rated once more, in the period of a key; null: it was not. Asked only of meters
   * with a state, which is another one by then. Left out: nothing was rated before.
   */
  readonly meteredBefore?: ((unit: RatingUnit, record: number, periodKey: string) => bigint | null) | undefined
  /** Left out where every unit was pre-rated with the snapshot of this catalogue. */
  readonly otherSnapshots?: OtherSnapshots | undefined
}

/** Everything that follows from rating one batch, as values to commit. */
export interface RatedBatch {
  /** Sorted by name; each is one ledger transaction. */
  readonly partitions: readonly RatedPartition[]
  /** New values of the segments that were charged in, by segment key. */
  readonly accumulators: ReadonlyMap<string, Accumulator>
  /** What was used in them per UTC day. */
  readonly days: SegmentDays
  /** What it changed in the state of meters that have one. */
  readonly metering: MeteringChanges
  /** What the edge, with an older snapshot, pre-rated in another way. */
  readonly drifts: readonly Drift[]
  readonly suspended: readonly SuspendedUnit[]
}

/** What rating one batch keeps at hand. */
interface Rating {
  readonly input: RatingInput
  readonly open: OpenSegments
  /** Null when there is nothing to compare. */
  readonly drift: DriftTally | null
  readonly suspended: SuspendedUnit[]
  /** The calendar month of the latest unit that was pre-rated with another snapshot. */
  month: Period
  /** The segments the unit at hand is charged in; each holds what it is charged there. Reused for every unit. */
  readonly segments: SegmentBuilder[]
  /** What charging the unit at hand changes in the state of its meters. */
  readonly changes: MeteringChange[]
  /** What the large charges of the batch so far come to, whichever way they go, and those of the unit at hand. */
  largeMicros: bigint
  unitLargeMicros: bigint
  /** The state of meters with the batch so far; made when the first record of such a meter comes. */
  metering: MeteringDraft | null
}

/**
 * Rates a batch: each record is charged on every leg of its subject and meter, in the segment of the model that the leg's
 * price has for it, by the difference it makes to the segment's rounded total; a record that a price divides is charged in
 * several. A unit is charged whole or suspended whole. The same input gives the same bytes in any process.
 */
export function rateBatch(input: RatingInput): RatedBatch {
  const rating = openRating(input)
  let previous = -1
  for (const { index, unit } of input.units) {
    assertThat(index > previous, 'the units of a batch come in the order of their indexes')
    previous = index
    const code = prepareUnit(rating, unit)
    if (code === null) chargeUnit(rating, index, unit)
    else rating.suspended.push(suspendedUnit(input.catalogue, index, unit, code))
  }
  const segments = rating.open.charged()
  const drifts = rating.drift?.drifts() ?? []
  return {
    partitions: ratedPartitions(segments, input.batchIndex, drifts),
    accumulators: new Map(segments.map((builder) => [builder.segmentKey, accumulatorAfter(builder)])),
    metering: rating.metering?.changes() ?? noMeteringChanges,
    days: new Map(segments.map((builder) => [builder.segmentKey, daysOf(builder)])),
    drifts,
    suspended: rating.suspended,
  }
}

function openRating(input: RatingInput): Rating {
  return {
    input,
    open: new OpenSegments(input.accumulators),
    drift: input.otherSnapshots === undefined ? null : new DriftTally(input.catalogue, input.otherSnapshots),
    suspended: [],
    month: { key: '', startMs: 0, endMs: 0 },
    segments: [],
    changes: [],
    largeMicros: 0n,
    unitLargeMicros: 0n,
    metering: null,
  }
}

/** Finds the segments of all records and what they would come to; nothing is charged until every record has passed. */
function prepareUnit(rating: Rating, unit: RatingUnit): SuspenseCode | null {
  const { catalogue } = rating.input
  const subjectPlan = catalogue.index.subjects.get(unit.subject)
  if (subjectPlan === undefined) return 'unknown_subject'
  rating.segments.length = 0
  rating.changes.length = 0
  rating.unitLargeMicros = 0n
  const stated = statedUnit(unit.labels)
  for (let record = 0; record < unit.records.length; record++) {
    const code = prepareRecord(rating, subjectPlan, unit, record, stated)
    if (code !== null) return code
  }
  return null
}

function prepareRecord(
  rating: Rating,
  subjectPlan: SubjectPlan,
  unit: RatingUnit,
  record: number,
  stated: string | null,
): SuspenseCode | null {
  const reported = unit.records[record]
  assertThat(reported !== undefined, 'a record is one of its unit')
  const plan = legPlanOf(rating.input.catalogue, subjectPlan, reported.meter, unit.timeMs)
  const { rule } = plan
  if (plan.code !== null || rule === null) return plan.code
  if (rule.metering.kind === 'sum' && stated === null) {
    return prepareLegs(rating, plan.legs, unit, record, reported.quantity)
  }
  const groups = countsPerPeriod(rule) ? legsByCycle(plan.legs.filter((leg) => isFor(leg, unit))) : [plan.legs]
  for (const legs of groups) {
    const periodKey = periodKeyOf(rating, legs, unit.timeMs)
    const quantity =
      rating.input.meteredBefore?.(unit, record, periodKey) ??
      meteredQuantity(rating, rule, unit, reported.quantity, stated, periodKey)
    if (typeof quantity === 'string') return quantity
    const code = prepareLegs(rating, legs, unit, record, quantity)
    if (code !== null) return code
  }
  return null
}

/** Legs whose periods are the same: what a meter counts per period is counted for each of them apart. */
function legsByCycle(legs: readonly Leg[]): Iterable<readonly Leg[]> {
  const isOne = legs.every(({ cycle }) => cycle === legs[0]?.cycle)
  return isOne ? [legs] : Map.groupBy(legs, ({ cycle }) => cycle).values()
}

function periodKeyOf({ open }: Rating, [first]: readonly Leg[], timeMs: number): string {
  assertThat(first !== undefined, 'a plan without a reason has at least one leg')
  return open.periodOf(first, timeMs).key
}

function prepareLegs(
  rating: Rating,
  legs: readonly Leg[],
  unit: RatingUnit,
  record: number,
  quantity: bigint,
): SuspenseCode | null {
  for (const leg of legs) {
    if (!isFor(leg, unit)) continue
    const code =
      leg.price.router === null
        ? preparePart(rating, rating.open.sole(leg, unit.timeMs), unit, record, quantity)
        : prepareRouted(rating, leg, unit, record, quantity)
    if (code !== null) return code
  }
  return null
}

/** A partner's cost may be one of some usage only. */
function isFor({ only }: Leg, { labels }: RatingUnit): boolean {
  return only === null || meetsCondition(only, labels)
}

/** A price that depends on the kind of usage: one of its models is charged, or several that divide the record. */
function prepareRouted(
  rating: Rating,
  leg: Leg,
  unit: RatingUnit,
  record: number,
  quantity: bigint,
): SuspenseCode | null {
  const { open } = rating
  if (!leg.price.divides) {
    const place = routeOf(leg.price, unit)
    if (place === noModel) return 'no_price_row'
    return preparePart(rating, open.routed(leg, place, unit.timeMs), unit, record, quantity)
  }
  const parts = partsOf(leg.price, unit, quantity)
  if (parts.length === 0) return 'no_price_row'
  for (const part of parts) {
    const code = preparePart(rating, open.routed(leg, part.model, unit.timeMs), unit, record, part.quantity)
    if (code !== null) return code
  }
  return null
}

function preparePart(
  rating: Rating,
  builder: SegmentBuilder,
  unit: RatingUnit,
  record: number,
  quantity: bigint,
): SuspenseCode | null {
  const charged = prepareCharge(builder, record, quantity, unit)
  const before = builder.chargedMicros
  const isLarge = isBeyondOrdinary(charged) || isBeyondOrdinary(before)
  if (isLarge && !hasRoomFor(rating, charged, before)) return 'amount_too_large'
  if (builder.quantity + quantity > largestQuantity || builder.opensTooLarge) return 'amount_too_large'
  rating.segments.push(builder)
  return null
}

function isBeyondOrdinary(micros: bigint): boolean {
  return micros > ordinarySegmentMicros || micros < -ordinarySegmentMicros
}

/** Whether a segment may come to that, and its batch to what it is charged for it. */
function hasRoomFor(rating: Rating, charged: bigint, before: bigint): boolean {
  const micros = charged - before
  rating.unitLargeMicros += micros < 0n ? -micros : micros
  return charged <= largestSegmentMicros && rating.largeMicros + rating.unitLargeMicros <= largestBatchMicros
}

function meteredQuantity(
  rating: Rating,
  rule: MeterRule,
  unit: RatingUnit,
  reported: bigint,
  stated: string | null,
  periodKey: string,
): bigint | MeteringCode {
  rating.metering ??= new MeteringDraft(rating.input.metering)
  const metered = meterRecord(rating.metering, rule, unit, reported, stated, periodKey)
  if (typeof metered === 'string') return metered
  if (metered.change !== null) rating.changes.push(metered.change)
  return metered.quantity
}

/**
 * Charges what `prepareUnit` found. Meters are unique in a unit, legs in a record and models in the parts of a leg, so no
 * segment occurs twice and what was worked out before still holds here.
 */
function chargeUnit(rating: Rating, index: number, unit: RatingUnit): void {
  const day = Math.floor(unit.timeMs / dayMs)
  for (const builder of rating.segments) appendCharge(builder, day, index)
  if (rating.unitLargeMicros > 0n) rating.largeMicros += rating.unitLargeMicros
  for (const change of rating.changes) {
    if (rating.metering !== null) noteChange(rating.metering, change)
  }
  if (rating.drift !== null) noteDrift(rating, rating.drift, unit)
}

// Drift is told by calendar months, whatever cycles buyers have: it is about what agents knew, and stands on no bill.
function noteDrift(rating: Rating, drift: DriftTally, unit: RatingUnit): void {
  const { timeMs } = unit
  if (timeMs < rating.month.startMs || timeMs >= rating.month.endMs) rating.month = periodAt(calendarMonths, timeMs)
  drift.note(unit, rating.month.key)
}
