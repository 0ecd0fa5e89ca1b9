import { assertThat } from '@meterline/shared/base/errors.ts'
import { chargeBlockLeaf, encodeChargeBlock, type Charge } from '@meterline/shared/model/charge.ts'
import type { Accumulator, DayUsage } from '@meterline/shared/rating/accumulate.ts'
import { advance, openingMicros, positionMicros } from '@meterline/shared/rating/dispatch.ts'
import type { CompiledModel } from '@meterline/shared/rating/model.ts'
import { startPosition, type EventOfRecord, type Position } from '@meterline/shared/rating/position.ts'
import { largestSegmentMicros } from '@meterline/shared/rating/segment.ts'
import { withdraw } from '@meterline/shared/rating/withdraw.ts'
import type { RatedBlock } from './segment-builder.ts'

/** A charge that is taken back. */
export interface TakenCharge {
  readonly unit: number
  readonly record: number
  /** Base units, as they were charged. */
  readonly quantity: bigint
  readonly event: EventOfRecord
  /** Where its usage is counted per day; null where it is in no day. */
  readonly day: TakenDay | null
}

/** In which day a charge was counted, in days since 1970-01-01, and whether its record and exact amount were too. */
export interface TakenDay {
  readonly day: number
  readonly isRecordCounted: boolean
}

/** One segment of which charges of one batch are taken back. */
export interface OpenWithdrawal {
  readonly segmentKey: string
  readonly legKey: string
  readonly batchIndex: number
  readonly model: CompiledModel
  readonly before: Accumulator
  /** Sorted by unit, then by record. */
  readonly taken: readonly TakenCharge[]
  /**
   * Where the records that stay put the segment, when that does not follow from where it stands; null: some of them are not
   * known any more.
   */
  readonly remake: () => Position | null
}

/** What taking charges of a segment back comes to. */
export interface Withdrawal {
  /** The charges with the sign of their quantities turned round, and what that makes of the segment's total. */
  readonly block: RatedBlock
  readonly after: Accumulator
  /** What it adds to the segment's days: nothing of it is above zero but where a price falls. */
  readonly days: ReadonlyMap<number, DayUsage>
}

/** Why charges cannot be taken back: records that stay are not known any more, or the rest would cost too much. */
export type WithdrawalFaultCode = 'batch_body_deleted' | 'amount_too_large'

/**
 * Takes charges of one segment and batch back, one after the other: the segment then stands where it would, had their
 * records never come, and each charge is the difference that makes to its rounded total. So all charges of the segment
 * still add up to that (I9), in whatever order usage comes and is taken back.
 */
export function withdrawCharges(open: OpenWithdrawal): Withdrawal | WithdrawalFaultCode {
  const { model, before, taken } = open
  const positions = positionsAfterEach(open)
  if (positions === null) return 'batch_body_deleted'
  const opening = openingMicros(model)
  const charges: Charge[] = []
  let chargedMicros = before.amountMicros
  for (const [place, { unit, record, quantity }] of taken.entries()) {
    const after = positionMicros(model, positions[place] ?? startPosition)
    // A volume price may be dearer for less.
    if (after > largestSegmentMicros) return 'amount_too_large'
    charges.push({ unit, record, quantity: -quantity, amountMicros: after - opening - chargedMicros })
    chargedMicros = after - opening
  }
  const last = positions.at(-1) ?? before
  return {
    block: blockOf(open, charges, chargedMicros - before.amountMicros),
    after: { ...last, amountMicros: chargedMicros },
    days: daysOf(model, taken),
  }
}

/** Where the segment stands after each of the charges is taken back; null: that cannot be known any more. */
function positionsAfterEach({ model, before, taken, remake }: OpenWithdrawal): readonly Position[] | null {
  const positions: Position[] = []
  let position: Position = positionOf(before)
  for (const { quantity, event } of taken) {
    const left = withdraw(model, position, quantity, event)
    if (left === null) return remadeAfterEach(model, taken, remake())
    positions.push(left)
    position = left
  }
  return positions
}

/** The same from its end: the records that stay, and before each step those that are still to be taken back. */
function remadeAfterEach(
  model: CompiledModel,
  taken: readonly TakenCharge[],
  rest: Position | null,
): readonly Position[] | null {
  if (rest === null) return null
  const backwards: Position[] = []
  let position = rest
  for (const { quantity, event } of taken.toReversed()) {
    backwards.push(position)
    position = advance(model, position, quantity, event)
  }
  return backwards.toReversed()
}

function positionOf({ quantity, events, exact, earliest }: Accumulator): Position {
  return { quantity, events, exact, earliest }
}

function blockOf(
  { segmentKey, legKey, batchIndex, taken }: OpenWithdrawal,
  charges: readonly Charge[],
  amountMicros: bigint,
): RatedBlock {
  assertThat(charges.length === taken.length && charges.length > 0, 'a block of charges holds at least one')
  const quantity = charges.reduce((sum, charge) => sum + charge.quantity, 0n)
  const own = { segmentKey, legKey, quantity, amountMicros }
  const bytes = encodeChargeBlock({ ...own, batchIndex, charges })
  return { ...own, chargeCount: charges.length, bytes, leaf: chargeBlockLeaf(bytes, amountMicros) }
}

function daysOf(model: CompiledModel, taken: readonly TakenCharge[]): ReadonlyMap<number, DayUsage> {
  const days = new Map<number, DayUsage>()
  for (const { quantity, event, day } of taken) {
    if (day === null) continue
    const before = days.get(day.day) ?? { quantity: 0n, events: 0, exact: 0n }
    // What one record adds to `exact` does not depend on where the segment stands.
    const { exact } = advance(model, startPosition, quantity, event)
    days.set(day.day, {
      quantity: before.quantity - quantity,
      events: before.events - (day.isRecordCounted ? 1 : 0),
      exact: before.exact - exact,
    })
  }
  return days
}
