/** What a segment has come to so far. */
export interface Accumulator {
  /** Base units. */
  readonly quantity: bigint
  /** How many records were charged. */
  readonly events: number
  /** Sum of their charges; what is due before any usage (`openingMicros`) is not in it. */
  readonly amountMicros: bigint
}

/** A segment that nothing was charged in yet. */
export const emptyAccumulator: Accumulator = { quantity: 0n, events: 0, amountMicros: 0n }

/** The accumulator after one more record. */
export function accumulate(before: Accumulator, quantity: bigint, amountMicros: bigint): Accumulator {
  return {
    quantity: before.quantity + quantity,
    events: before.events + 1,
    amountMicros: before.amountMicros + amountMicros,
  }
}

/** What was used in segments per UTC day: base units by days since 1970-01-01, by segment key. */
export type SegmentDays = ReadonlyMap<string, ReadonlyMap<number, bigint>>
