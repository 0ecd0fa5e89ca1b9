import { assertThat } from '@meterline/shared/base/errors.ts'
import type { Accumulator, DayUsage } from '@meterline/shared/rating/accumulate.ts'

/** A charge block as it lies in the file. */
export interface StoredBlock {
  readonly segmentKey: string
  readonly amountMicros: bigint
  readonly leaf: Uint8Array
  readonly block: Uint8Array
}

/** A ledger entry as it lies in the file; amounts as text, so that any difference shows. */
export interface StoredLedgerEntry {
  readonly entity: string
  readonly asset: string
  readonly account: string
  readonly debitMicros: string
  readonly creditMicros: string
}

/** A segment's accumulator as it lies in the file. */
export interface StoredSegment extends Accumulator {
  readonly key: string
}

/** What was used in a segment on one UTC day, in days since 1970-01-01. */
export interface StoredDay extends DayUsage {
  readonly day: number
}

/** A batch row with its body, if that was not deleted. */
export interface StoredBatch {
  readonly agent: string
  readonly epoch: number
  readonly seq: number
  readonly batchHash: Uint8Array
  readonly body: Uint8Array | null
}

/** What became of a suspended unit as it lies in the file. */
export interface StoredDecision {
  readonly batchIndex: number
  readonly unit: number
  readonly kind: string
  readonly decidedBy: string
  readonly reason: string | null
}

/** Reads an amount or quantity that is stored as text; damage in it is an error that says where it is. */
export function storedInteger(text: string, place: string): bigint {
  assertThat(/^-?\d+$/.test(text), `${place} holds ${JSON.stringify(text)} where a whole number stands`)
  return BigInt(text)
}

/** The row of a charge block in batch `batchIndex`. */
export function blockOf(
  row: Omit<StoredBlock, 'amountMicros'> & { amountMicros: string },
  batchIndex: number,
): StoredBlock {
  const place = `a charge block of segment ${row.segmentKey} in batch ${batchIndex}`
  return { ...row, amountMicros: storedInteger(row.amountMicros, place) }
}
