import { decodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import { dayMs } from '@meterline/shared/units/civil.ts'
import type { TakenDay } from '../domain/rating-of-record/withdraw-charges.ts'
import type { DaysKeptAfter } from '../store/segment-day-table.ts'

/** The entries of a log. */
export interface LogEntries {
  /** The bytes of one; undefined behind the end. */
  entry(logIndex: number): Uint8Array | undefined
}

/**
 * Where the first ledger transaction of a batch's first rating stands, as far as it stands up to `lastIndex`; a place behind
 * that where it does not. Only books that were rated before days were kept need to know.
 */
export function firstRatedIndex(log: LogEntries, batchIndex: number, lastIndex: number): number {
  for (let at = batchIndex + 1; at <= lastIndex; at++) {
    const entry = decodeLogEntry(log.entry(at) ?? new Uint8Array(0))
    if (entry.ok && entry.value.kind === 'ledger' && entry.value.batchIndex === batchIndex) {
      if (entry.value.postings.length > 0) return at
    }
  }
  return lastIndex + 1
}

/**
 * In which day a charge was counted that was decided at log entry `decidedIndex`; null: in none, as days were not kept then,
 * or not of records that used nothing.
 */
export function countedDay(
  kept: DaysKeptAfter,
  decidedIndex: number,
  charge: { readonly timeMs: number; readonly quantity: bigint },
): TakenDay | null {
  const isRecordCounted = decidedIndex > kept.positions
  if (decidedIndex <= kept.days || (charge.quantity === 0n && !isRecordCounted)) return null
  return { day: Math.floor(charge.timeMs / dayMs), isRecordCounted }
}
