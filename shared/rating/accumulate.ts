import { advance, openingMicros, positionMicros } from './dispatch.ts'
import type { CompiledModel } from './model.ts'
import { startPosition, type EventOfRecord, type Position } from './position.ts'

/** What a segment has come to so far. */
export interface Accumulator extends Position {
  /** Sum of the charges; what is due before any usage (`openingMicros`) is not in it. Negative where a volume price fell. */
  readonly amountMicros: bigint
}

/** A segment that nothing was charged in yet. */
export const emptyAccumulator: Accumulator = { ...startPosition, amountMicros: 0n }

/**
 * The accumulator after one more record of `quantity` base units. Its charge is what `amountMicros` rose by, or fell where
 * it is negative.
 */
export function accumulate(
  model: CompiledModel,
  before: Accumulator,
  quantity: bigint,
  event: EventOfRecord,
): Accumulator {
  const after = advance(model, before, quantity, event)
  return {
    quantity: after.quantity,
    events: after.events,
    exact: after.exact,
    earliest: after.earliest,
    amountMicros: positionMicros(model, after) - openingMicros(model),
  }
}

/** What was used in a segment on one UTC day: that day's part of the position. */
export interface DayUsage {
  /** Base units. */
  readonly quantity: bigint
  readonly events: number
  /** As `Position.exact`. */
  readonly exact: bigint
}

/** What was used in segments per UTC day: by days since 1970-01-01, by segment key. */
export type SegmentDays = ReadonlyMap<string, ReadonlyMap<number, DayUsage>>
