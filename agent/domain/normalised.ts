import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import type { MappingCode } from './mapping/mapping-codes.ts'
import type { NormaliseCode } from './payload/rejection.ts'

/** A payload, or one event of it, that goes to suspense. */
export interface RejectedEvent {
  /** Position in the array; 0 for a payload that is no array or was refused as a whole. */
  readonly index: number
  readonly eventId: string | null
  readonly code: NormaliseCode | MappingCode
  readonly message: string
  /** The bytes to keep as evidence, exactly as they came: the event, or the whole payload (cut at its size limit). */
  readonly fragment: Uint8Array
}

/** What became of a payload: every event of it is in one of the two lists, but for those that a mapping rule leaves out. */
export interface Normalised {
  readonly events: readonly UsageEvent[]
  readonly rejected: readonly RejectedEvent[]
  /**
   * The place of each event in its payload, counted like `RejectedEvent.index`; left out: the places that `rejected` does
   * not name, in order.
   */
  readonly positions?: readonly number[]
}
