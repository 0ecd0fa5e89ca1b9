import { assertThat } from '@meterline/shared/base/errors.ts'
import { chargeBlockLeaf, encodeChargeBlock, type Charge } from '@meterline/shared/model/charge.ts'
import type { SumNode } from '@meterline/shared/integrity/merkle-sum.ts'
import { emptyAccumulator, type Accumulator, type DayUsage } from '@meterline/shared/rating/accumulate.ts'
import { advance, openingMicros, positionMicros, totalMicros } from '@meterline/shared/rating/dispatch.ts'
import { kindOfModel, type CompiledModel } from '@meterline/shared/rating/model.ts'
import type { EventOfRecord, Position } from '@meterline/shared/rating/position.ts'
import { largestSegmentMicros, segmentKey } from '@meterline/shared/rating/segment.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { Leg } from '../catalogue/catalogue.ts'

const noDay = -1

/** The charges of one segment in one batch, encoded once: these bytes are stored, hashed and proven. */
export interface RatedBlock {
  readonly segmentKey: string
  readonly legKey: string
  /** Base units. */
  readonly quantity: bigint
  /** Negative where the total of a volume price fell. */
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
  /** The one of the leg's models that this segment is charged by. */
  readonly model: CompiledModel
  readonly segmentKey: string
  readonly period: Period
  readonly before: Accumulator
  readonly charges: Charge[]
  readonly openingMicros: bigint
  /** Charges take off at most the opening, so none is below the range of amounts where this is false. */
  readonly opensTooLarge: boolean
  /** Cumulative quantity in base units, and its total less the opening in micros: one total for each charge, not two. */
  quantity: bigint
  chargedMicros: bigint
  /** Where an event-atomic model stands; null for a splittable one, which looks at the quantity only. */
  atomic: Position | null
  /** The record that is only prepared, and what it brings `chargedMicros` and `atomic` to; nothing before the first one. */
  preparedRecord: number
  preparedQuantity: bigint
  preparedMicros: bigint
  preparedAtomic: Position | null
  /** The UTC day of the latest charge, in days since 1970-01-01, and where the segment stood when it began to be that day. */
  day: number
  dayStartQuantity: bigint
  dayStartCharges: number
  dayStartExact: bigint
  /** What was used on the days before it, by day. */
  readonly days: Map<number, DayUsage>
}

/** Opens a segment of one of a leg's models, under its key, at the position its accumulator states. */
export function openSegment(
  leg: Leg,
  place: number,
  period: Period,
  key: string,
  before: Accumulator | undefined,
): SegmentBuilder {
  const model = leg.price.models[place]
  assertThat(model !== undefined, `the price ${leg.priceId} has a model ${place}`)
  const state = before ?? emptyAccumulator
  const opening = openingMicros(model)
  const charged = positionMicros(model, state) - opening
  assertThat(charged === state.amountMicros, `the charges of segment ${key} do not add up to its total (I9)`)
  return {
    leg,
    model,
    segmentKey: key,
    period,
    before: state,
    charges: [],
    openingMicros: opening,
    opensTooLarge: opening > largestSegmentMicros,
    quantity: state.quantity,
    chargedMicros: state.amountMicros,
    atomic: kindOfModel(model) === 'splittable' ? null : positionOf(state),
    preparedRecord: 0,
    preparedQuantity: 0n,
    preparedMicros: 0n,
    preparedAtomic: null,
    day: noDay,
    dayStartQuantity: state.quantity,
    dayStartCharges: 0,
    dayStartExact: state.exact,
    days: new Map(),
  }
}

function positionOf({ quantity, events, exact, earliest }: Accumulator): Position {
  return { quantity, events, exact, earliest }
}

/** The key of the segment that usage of a leg falls into at one of its price's models. */
export function keyOf({ subscription, priceId, meter, price }: Leg, place: number, period: Period): string {
  return segmentKey(subscription, priceId, meter, period.key, price.router === null ? null : place)
}

/**
 * Works out what the segment's charges come to with one more record: its total less its opening, in micros, which it
 * returns. Nothing is charged before `appendCharge`; another record that is prepared takes the place of this one.
 */
export function prepareCharge(builder: SegmentBuilder, record: number, quantity: bigint, event: EventOfRecord): bigint {
  const { model, atomic, openingMicros: opening } = builder
  builder.preparedRecord = record
  builder.preparedQuantity = quantity
  if (atomic === null) builder.preparedMicros = totalMicros(model, builder.quantity + quantity) - opening
  else {
    const next = advance(model, atomic, quantity, event)
    builder.preparedAtomic = next
    builder.preparedMicros = positionMicros(model, next) - opening
  }
  return builder.preparedMicros
}

/** Takes in the record that was prepared last; `unit` is its unit in the batch, and `day` the UTC day of its event. */
export function appendCharge(builder: SegmentBuilder, day: number, unit: number): void {
  if (day !== builder.day) enterDay(builder, day)
  const { preparedRecord: record, preparedQuantity: quantity, preparedMicros } = builder
  builder.charges.push({ unit, record, quantity, amountMicros: preparedMicros - builder.chargedMicros })
  builder.quantity += quantity
  builder.chargedMicros = preparedMicros
  if (builder.atomic !== null) builder.atomic = builder.preparedAtomic
}

/** What was charged in the batch per UTC day, by days since 1970-01-01. */
export function daysOf(builder: SegmentBuilder): ReadonlyMap<number, DayUsage> {
  enterDay(builder, noDay)
  return builder.days
}

// The usage of a batch comes in long runs of one day, so a day is added up when it ends and not charge by charge.
function enterDay(builder: SegmentBuilder, day: number): void {
  const exact = builder.atomic === null ? builder.dayStartExact : builder.atomic.exact
  const events = builder.charges.length - builder.dayStartCharges
  if (events > 0) {
    const before = builder.days.get(builder.day)
    builder.days.set(builder.day, {
      quantity: builder.quantity - builder.dayStartQuantity + (before?.quantity ?? 0n),
      events: events + (before?.events ?? 0),
      exact: exact - builder.dayStartExact + (before?.exact ?? 0n),
    })
  }
  builder.day = day
  builder.dayStartQuantity = builder.quantity
  builder.dayStartCharges = builder.charges.length
  builder.dayStartExact = exact
}

/** The accumulator after the batch. */
export function accumulatorAfter({ before, charges, quantity, atomic, chargedMicros }: SegmentBuilder): Accumulator {
  return {
    quantity,
    events: before.events + charges.length,
    exact: atomic?.exact ?? 0n,
    earliest: atomic?.earliest ?? before.earliest,
    amountMicros: chargedMicros,
  }
}

/** Encodes the charges of a segment; called once, when the batch is complete. */
export function finishBlock(builder: SegmentBuilder, batchIndex: number): RatedBlock {
  const { leg, before, charges } = builder
  const quantity = builder.quantity - before.quantity
  const amountMicros = builder.chargedMicros - before.amountMicros
  const own = { segmentKey: builder.segmentKey, legKey: leg.legKey, quantity, amountMicros }
  const bytes = encodeChargeBlock({ ...own, batchIndex, charges })
  return { ...own, chargeCount: charges.length, bytes, leaf: chargeBlockLeaf(bytes, amountMicros) }
}
