import { assertThat } from '@meterline/shared/base/errors.ts'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import { noMeteringChanges, type MeteringChanges, type MeteringView } from '@meterline/shared/metering/state.ts'
import type { Accumulator, SegmentDays } from '@meterline/shared/rating/accumulate.ts'
import { dayMs } from '@meterline/shared/units/civil.ts'
import { monthPeriodOf, type Period } from '@meterline/shared/units/period.ts'
import { largestQuantity } from '@meterline/shared/units/quantity.ts'
import type { Catalogue, Leg, LegFaultCode, SubjectPlan } from '../catalogue/catalogue.ts'
import { legFault, legPlanOf } from '../catalogue/leg-index.ts'
import { meterRecord, noteChange, type MeteringChange } from '../metering/meter-record.ts'
import {
  inReadingUnit,
  statedUnit,
  unitFaultMessage,
  type MeteringCode,
  type MeterRule,
  type UnitCode,
} from '../metering/meter-rule.ts'
import { MeteringDraft } from '../metering/metering-draft.ts'
import { ratedPartitions, type RatedPartition } from './rated-partitions.ts'
import {
  accumulatorAfter,
  appendCharge,
  chargedWith,
  dayQuantities,
  keyOf,
  openSegment,
  type SegmentBuilder,
} from './segment-builder.ts'

/**
 * The most one segment may come to: a hundred thousand million currency units. Far above any real usage, and low enough
 * that the sums over all segments fit the 64-bit integers of stores and formats.
 */
export const largestSegmentMicros = 10n ** 17n

/** Why a unit is kept in suspense instead of being charged. */
export type SuspenseCode = LegFaultCode | MeteringCode | 'period_closed'

/** A unit of the batch that was not charged, and why. */
export interface SuspendedUnit {
  readonly unit: number
  readonly code: SuspenseCode
  readonly message: string
}

/** A unit and its index in its batch. */
export interface IndexedUnit {
  readonly index: number
  readonly unit: RatingUnit
}

/** What segments have come to before the batch. */
export interface AccumulatorView {
  get(segmentKey: string): Accumulator | undefined
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
  /** Keys of periods that were closed; their usage goes to suspense. */
  readonly closedPeriods: ReadonlySet<string>
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
  readonly suspended: readonly SuspendedUnit[]
}

/** What rating one batch keeps at hand. */
interface Rating {
  readonly input: RatingInput
  /** The segments of each leg, found by the leg itself, which saves building and hashing a key for every charge. */
  readonly builders: Map<Leg, SegmentBuilder>
  readonly suspended: SuspendedUnit[]
  period: Period
  periodClosed: boolean
  /** The segments the unit at hand is charged in, record by record, and what each would come to. Reused for every unit. */
  readonly segments: SegmentBuilder[]
  readonly charged: bigint[]
  /** How many of `segments` belong to each record of the unit at hand. */
  readonly segmentsOfRecord: number[]
  /** The usage each record of the unit at hand makes. */
  readonly quantities: bigint[]
  /** What charging the unit at hand changes in the state of its meters. */
  readonly changes: MeteringChange[]
  /** The state of meters with the batch so far; made when the first record of such a meter comes. */
  metering: MeteringDraft | null
}

/**
 * Rates a batch: each record is charged on every leg of its subject and meter, by the difference its quantity makes to the
 * rounded total of the leg's segment. A unit is charged whole or suspended whole. The same input gives the same bytes in
 * any process.
 */
export function rateBatch(input: RatingInput): RatedBatch {
  const rating = openRating(input)
  let previous = -1
  for (const { index, unit } of input.units) {
    assertThat(index > previous, 'the units of a batch come in the order of their indexes')
    previous = index
    const code = prepareUnit(rating, unit)
    if (code === null) chargeUnit(rating, index, unit)
    else rating.suspended.push(suspendedUnit(input, index, unit, code))
  }
  const segments = segmentsOf(rating)
  return {
    partitions: ratedPartitions(segments, input.batchIndex),
    accumulators: new Map(segments.map((builder) => [builder.segmentKey, accumulatorAfter(builder)])),
    metering: rating.metering?.changes() ?? noMeteringChanges,
    days: new Map(segments.map((builder) => [builder.segmentKey, dayQuantities(builder)])),
    suspended: rating.suspended,
  }
}

function openRating(input: RatingInput): Rating {
  return {
    input,
    builders: new Map(),
    suspended: [],
    period: { key: '', startMs: 0, endMs: 0 },
    periodClosed: false,
    segments: [],
    charged: [],
    segmentsOfRecord: [],
    quantities: [],
    changes: [],
    metering: null,
  }
}

/** Finds the segments of all records and what they would come to; nothing is charged until every record has passed. */
function prepareUnit(rating: Rating, unit: RatingUnit): SuspenseCode | null {
  const { catalogue } = rating.input
  const subjectPlan = catalogue.index.subjects.get(unit.subject)
  if (subjectPlan === undefined) return 'unknown_subject'
  const timeMs = unit.timeMs
  if (timeMs < rating.period.startMs || timeMs >= rating.period.endMs) enterPeriod(rating, timeMs)
  if (rating.periodClosed) return 'period_closed'
  rating.segments.length = 0
  rating.charged.length = 0
  rating.segmentsOfRecord.length = 0
  rating.quantities.length = 0
  rating.changes.length = 0
  const stated = statedUnit(unit.labels)
  for (const { meter, quantity } of unit.records) {
    const code = prepareRecord(rating, subjectPlan, unit, meter, quantity, stated)
    if (code !== null) return code
  }
  return null
}

function prepareRecord(
  rating: Rating,
  subjectPlan: SubjectPlan,
  unit: RatingUnit,
  meter: string,
  reported: bigint,
  stated: string | null,
): SuspenseCode | null {
  const plan = legPlanOf(rating.input.catalogue, subjectPlan, meter, unit.timeMs)
  const { rule } = plan
  if (plan.code !== null || rule === null) return plan.code
  const isPlain = rule.metering.kind === 'sum' && stated === null
  const quantity = isPlain ? reported : meteredQuantity(rating, rule, unit, reported, stated)
  if (typeof quantity === 'string') return quantity
  rating.quantities.push(quantity)
  for (const leg of plan.legs) {
    const builder = builderOf(rating, leg)
    const charged = chargedWith(builder, quantity)
    if (charged > largestSegmentMicros || builder.position + quantity > largestQuantity) return 'amount_too_large'
    rating.segments.push(builder)
    rating.charged.push(charged)
  }
  rating.segmentsOfRecord.push(plan.legs.length)
  return null
}

function meteredQuantity(
  rating: Rating,
  rule: MeterRule,
  unit: RatingUnit,
  reported: bigint,
  stated: string | null,
): bigint | MeteringCode {
  rating.metering ??= new MeteringDraft(rating.input.metering)
  const metered = meterRecord(rating.metering, rule, unit, reported, stated, rating.period.key)
  if (typeof metered === 'string') return metered
  if (metered.change !== null) rating.changes.push(metered.change)
  return metered.quantity
}

/**
 * Charges what `prepareUnit` found. Meters are unique in a unit and legs in a record, so no segment occurs twice and what
 * was worked out before still holds here.
 */
function chargeUnit(rating: Rating, index: number, unit: RatingUnit): void {
  const day = Math.floor(unit.timeMs / dayMs)
  let next = 0
  for (let record = 0; record < unit.records.length; record++) {
    const quantity = rating.quantities[record] ?? 0n
    const end = next + (rating.segmentsOfRecord[record] ?? 0)
    for (; next < end; next++) {
      const builder = rating.segments[next]
      const charged = rating.charged[next]
      assertThat(builder !== undefined && charged !== undefined, 'every charge of a prepared unit has its segment')
      appendCharge(builder, day, index, record, quantity, charged)
    }
  }
  for (const change of rating.changes) {
    if (rating.metering !== null) noteChange(rating.metering, change)
  }
}

function builderOf(rating: Rating, leg: Leg): SegmentBuilder {
  const first = rating.builders.get(leg) ?? null
  const period = rating.period
  for (let builder = first; builder !== null; builder = builder.other) {
    if (builder.period.startMs === period.startMs) return builder
  }
  const opened = openSegment(leg, period, rating.input.accumulators.get(keyOf(leg, period)), first)
  rating.builders.set(leg, opened)
  return opened
}

function enterPeriod(rating: Rating, timeMs: number): void {
  rating.period = monthPeriodOf(timeMs)
  rating.periodClosed = rating.input.closedPeriods.has(rating.period.key)
}

/** The segments with charges, in the order of their keys. A unit that was suspended may have opened some without. */
function segmentsOf(rating: Rating): readonly SegmentBuilder[] {
  const found: SegmentBuilder[] = []
  for (const first of rating.builders.values()) {
    for (let builder: SegmentBuilder | null = first; builder !== null; builder = builder.other) {
      if (builder.charges.length > 0) found.push(builder)
    }
  }
  return found.toSorted((left, right) => (left.segmentKey < right.segmentKey ? -1 : 1))
}

function suspendedUnit(input: RatingInput, index: number, unit: RatingUnit, code: SuspenseCode): SuspendedUnit {
  return { unit: index, code, message: messageOf(input.catalogue, unit, code) }
}

function messageOf(catalogue: Catalogue, unit: RatingUnit, code: SuspenseCode): string {
  switch (code) {
    case 'period_closed':
      return `the period ${monthPeriodOf(unit.timeMs).key} is closed: this usage needs a correcting document`
    case 'amount_too_large':
      return `its usage takes a segment above ${largestSegmentMicros} micros or ${largestQuantity} units: check the device`
    case 'unit_mismatch':
    case 'unit_inexact':
      return unitMessage(catalogue, unit, code)
    default:
      return legFault(code, unit.subject, meterAtFault(catalogue, unit, code)).message
  }
}

function unitMessage(catalogue: Catalogue, unit: RatingUnit, code: UnitCode): string {
  const stated = statedUnit(unit.labels) ?? ''
  for (const { meter, quantity } of unit.records) {
    const rule = catalogue.meterRules.get(meter)
    if (rule === undefined || inReadingUnit(rule, quantity, stated) !== code) continue
    return unitFaultMessage(code, rule, stated)
  }
  assertThat(false, 'a unit that is suspended for the unit of a quantity has such a quantity')
}

/** The first meter of a unit that cannot be charged; looked up again, since suspended units are few. */
function meterAtFault(catalogue: Catalogue, unit: RatingUnit, code: LegFaultCode): string {
  const subjectPlan = catalogue.index.subjects.get(unit.subject)
  const found = unit.records.find(
    ({ meter }) => subjectPlan !== undefined && legPlanOf(catalogue, subjectPlan, meter, unit.timeMs).code === code,
  )
  return found?.meter ?? ''
}
