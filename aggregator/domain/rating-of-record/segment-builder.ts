import { assertThat } from '@meterline/shared/base/errors.ts'
import { chargeBlockLeaf, encodeChargeBlock, type Charge } from '@meterline/shared/model/charge.ts'
import type { SumNode } from '@meterline/shared/integrity/merkle-sum.ts'
import { emptyAccumulator, type Accumulator } from '@meterline/shared/rating/accumulate.ts'
import { openingMicros, totalMicros } from '@meterline/shared/rating/dispatch.ts'
import { segmentKey } from '@meterline/shared/rating/segment.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { Leg } from '../catalogue/catalogue.ts'

const noDay = -1

/** The charges of one segment in one batch, encoded once: these bytes are stored, hashed and proven. */
export interface RatedBlock {
  readonly segmentKey: string
  readonly legKey: string
  /** Base units. */
  readonly quantity: bigint
  readonly amountMicros: bigint
  readonly chargeCount: number
  /** The charge block of docs/formats.md. */
  readonly bytes: Uint8Array
  /** Its leaf in the Merkle-sum trees of the posting and of the invoice line. */
  readonly leaf: SumNode
}

/** One segment while a batch is rated: where it stands, and the charges so far. */
export interface SegmentBuilder {
  readonly leg: Leg
  readonly segmentKey: string
  readonly period: Period
  /** The segment of the same leg in another period that this batch also has usage of. */
  readonly other: SegmentBuilder | null
  readonly before: Accumulator
  readonly charges: Charge[]
  /** Cumulative quantity in base units, and R of it less R(0) in micros: one R for each charge, not two. */
  position: bigint
  chargedMicros: bigint
  readonly openingMicros: bigint
  /** The UTC day of the latest charge, in days since 1970-01-01, and the position at which it began to be that day. */
  day: number
  dayStart: bigint
  /** Quantities of the days before it, by day. */
  readonly days: Map<number, bigint>
}

/** Opens a segment at the position its accumulator states. */
export function openSegment(
  leg: Leg,
  period: Period,
  before: Accumulator | undefined,
  other: SegmentBuilder | null,
): SegmentBuilder {
  const state = before ?? emptyAccumulator
  const opening = openingMicros(leg.price)
  const charged = totalMicros(leg.price, state.quantity) - opening
  const key = keyOf(leg, period)
  assertThat(charged === state.amountMicros, `the charges of segment ${key} do not add up to its total (I9)`)
  return {
    leg,
    segmentKey: key,
    period,
    other,
    before: state,
    charges: [],
    position: state.quantity,
    chargedMicros: state.amountMicros,
    openingMicros: opening,
    day: noDay,
    dayStart: state.quantity,
    days: new Map(),
  }
}

/** The key of the segment a leg's usage falls into. */
export function keyOf(leg: Leg, period: Period): string {
  return segmentKey(leg.subscription, leg.priceId, leg.meter, period.key)
}

/** What the segment's charges would come to with this much more: R(Q + q) − R(0) in micros. */
export function chargedWith(builder: SegmentBuilder, quantity: bigint): bigint {
  return totalMicros(builder.leg.price, builder.position + quantity) - builder.openingMicros
}

/** Takes in one record whose `chargedWith` the caller worked out; `day` is the UTC day of its event. */
export function appendCharge(
  builder: SegmentBuilder,
  day: number,
  unit: number,
  record: number,
  quantity: bigint,
  charged: bigint,
): void {
  if (day !== builder.day) enterDay(builder, day)
  builder.charges.push({ unit, record, quantity, amountMicros: charged - builder.chargedMicros })
  builder.position += quantity
  builder.chargedMicros = charged
}

/** What was charged in the batch per UTC day, base units by days since 1970-01-01; days that nothing was used on are left out. */
export function dayQuantities(builder: SegmentBuilder): ReadonlyMap<number, bigint> {
  enterDay(builder, noDay)
  return builder.days
}

// The usage of a batch comes in long runs of one day, so a day is added up when it ends and not charge by charge.
function enterDay(builder: SegmentBuilder, day: number): void {
  const quantity = builder.position - builder.dayStart
  if (quantity > 0n) builder.days.set(builder.day, (builder.days.get(builder.day) ?? 0n) + quantity)
  builder.day = day
  builder.dayStart = builder.position
}

/** The accumulator after the batch. */
export function accumulatorAfter(builder: SegmentBuilder): Accumulator {
  return {
    quantity: builder.position,
    events: builder.before.events + builder.charges.length,
    amountMicros: builder.chargedMicros,
  }
}

/** Encodes the charges of a segment; called once, when the batch is complete. */
export function finishBlock(builder: SegmentBuilder, batchIndex: number): RatedBlock {
  const { leg, before, charges } = builder
  const quantity = builder.position - before.quantity
  const amountMicros = builder.chargedMicros - before.amountMicros
  const own = { segmentKey: builder.segmentKey, legKey: leg.legKey, quantity, amountMicros }
  const bytes = encodeChargeBlock({ ...own, batchIndex, charges })
  return { ...own, chargeCount: charges.length, bytes, leaf: chargeBlockLeaf(bytes, amountMicros) }
}
