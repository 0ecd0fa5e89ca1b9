import { parseSegmentKey } from '@meterline/shared/rating/segment.ts'
import type { BilledLine } from '../domain/billing/due-line.ts'

/** A period that documents are out of: how many subjects were billed is on them. */
export interface CorrectedPeriod {
  readonly billed: ReadonlyMap<string, BilledLine>
  /** Number of the ordinary document. */
  readonly document: string | null
}

/**
 * How many subjects a subscription is billed for in a period whose documents are out, because lists of subjects have no
 * dates: as many as its lines say, on whatever document they stand by now. None where the ordinary document stands without
 * such a line. Undefined where no document counts them: there is none, it was taken back, or what it billed was.
 */
export function subjectsBilled({ billed, document }: CorrectedPeriod, subscription: string): bigint | undefined {
  let most: bigint | undefined
  let stands = false
  for (const { kind, unit, key, quantity, document: own } of billed.values()) {
    stands ||= own === document
    const counts = kind === 'fee' && unit === 'subject' && parseSegmentKey(key).subscription === subscription
    if (counts && quantity > (most ?? -1n)) most = quantity
  }
  if (most !== undefined) return most === 0n ? undefined : most
  return stands ? 0n : undefined
}
