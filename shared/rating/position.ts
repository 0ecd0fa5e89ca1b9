/** An event that a price with free events may leave free: the earliest ones are, whatever order they arrive in. */
export interface EarlyEvent {
  readonly timeMs: number
  readonly source: string
  /** Empty when the event has none. */
  readonly id: string
  /** Base units. */
  readonly quantity: bigint
}

/** Where a segment stands: all that its total depends on, the same in whatever order its records came. */
export interface Position {
  /** Base units. */
  readonly quantity: bigint
  /** How many records were charged. */
  readonly events: number
  /**
   * What the records cost each by itself, summed up: a numerator over the denominator of an event-atomic model; 0n for
   * splittable models, whose total follows from the quantity.
   */
  readonly exact: bigint
  /** The earliest events of a price with free ones, in their order and at most as many as it leaves free; else empty. */
  readonly earliest: readonly EarlyEvent[]
}

/** What `advance` needs to know of the event a record belongs to. */
export interface EventOfRecord {
  readonly timeMs: number
  readonly source: string
  readonly eventId: string | null
}

const noEvents: readonly EarlyEvent[] = []

/** A segment that nothing was charged in yet. */
export const startPosition: Position = { quantity: 0n, events: 0, exact: 0n, earliest: noEvents }

/** Where a segment of a splittable model stands; such a model looks at the quantity only. */
export function positionAt(quantity: bigint): Position {
  return { quantity, events: 0, exact: 0n, earliest: noEvents }
}
