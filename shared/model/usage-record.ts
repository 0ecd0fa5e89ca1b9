import type { SyncState } from '../base/clock.ts'

/** What a record took from a lease at the edge: an amount of an asset (a currency in micros, or a unit). */
export interface Spend {
  readonly leaseId: string
  readonly asset: string
  readonly amount: bigint
}

/** One quantity of one meter out of an event, with what the edge already decided about it. */
export interface UsageRecord {
  readonly meter: string
  readonly quantity: bigint
  /** The bound of the charge as rated at the edge, in micros of the price's currency; null: no price was known there. */
  readonly preratedMicros: bigint | null
  /** In the order they were taken. */
  readonly spends: readonly Spend[]
}

/** One reading of an agent's clocks. Monotonic time counts inside one boot of the operating system. */
export interface ClockReading {
  /** 32 lower-case hexadecimal digits. */
  readonly bootId: string
  readonly monotonicMs: number
  readonly wallMs: number
  readonly syncState: SyncState
}

/**
 * A reading that the units of a batch refer to. The wall time at which a unit was received is
 * `anchor.wallMs + (receivedMonotonicMs − anchor.monotonicMs)`.
 */
export type ClockAnchor = ClockReading

/** All records of one event: rated whole or suspended whole, and the leaf of a batch's Merkle tree. */
export interface RatingUnit {
  readonly eventId: string | null
  readonly source: string
  readonly subject: string
  /** Event time, epoch milliseconds. */
  readonly timeMs: number
  /** When the agent took the event, on its monotonic clock. */
  readonly receivedMonotonicMs: number
  /** Index into the batch's `tables.anchors`. */
  readonly anchor: number
  /** Index into the batch's `tables.snapshots`; null: no snapshot was known. */
  readonly snapshot: number | null
  readonly labels: readonly (readonly [string, string])[]
  readonly facts: readonly (readonly [string, bigint])[]
  readonly records: readonly UsageRecord[]
}

/** What the units of one batch share. Strings, snapshots and leases are unique. */
export interface BatchTables {
  readonly strings: readonly string[]
  /** Content hashes, 32 bytes each. */
  readonly snapshots: readonly Uint8Array[]
  readonly anchors: readonly ClockAnchor[]
  readonly leases: readonly string[]
}

/** When the agent received a unit, on its wall clock (epoch ms), from the anchor the unit refers to. */
export function receivedWallMs(unit: RatingUnit, anchor: ClockAnchor): number {
  return anchor.wallMs + (unit.receivedMonotonicMs - anchor.monotonicMs)
}
