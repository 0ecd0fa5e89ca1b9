import { sumRoot } from '@meterline/shared/integrity/merkle-sum.ts'
import { emptyAccumulator } from '@meterline/shared/rating/accumulate.ts'
import type { BillingContract } from '../domain/billing/billing-contract.ts'
import type { BilledLine } from '../domain/billing/due-line.ts'
import type { SegmentState } from '../domain/billing/due-lines.ts'
import type { BillingTables } from '../store/billing-tables.ts'

type SegmentTables = Pick<BillingTables, 'segments' | 'segmentDays'>

/**
 * What the segments of a contract have come to, by their keys, with what commits to those of their charges that stand on no
 * document. Every such charge block is read.
 */
export function segmentStates(
  { segments, segmentDays }: SegmentTables,
  { items }: BillingContract,
  billed: ReadonlyMap<string, BilledLine>,
): ReadonlyMap<string, SegmentState> {
  const found = new Map<string, SegmentState>()
  for (const { kind, segmentKey } of items) {
    if (kind === 'fee') continue
    const from = billed.get(segmentKey)?.chargeBlocks ?? 0
    const leaves = segments
      .leavesOf(segmentKey, from)
      .map(({ leaf, amountMicros }) => ({ hash: leaf, sum: amountMicros }))
    const chargeBlocks = from + leaves.length
    if (chargeBlocks === 0) continue
    const days = [...(segmentDays.daysOf(segmentKey).get(segmentKey) ?? [])].map(([day, usage]) => ({ day, ...usage }))
    const accumulator = segments.accumulator(segmentKey)
    found.set(segmentKey, { accumulator, chargesRoot: sumRoot(leaves).hash, chargeBlocks, days })
  }
  return found
}

/**
 * The same for amounts and quantities only, with no word of charges and days: what rules over several periods add up, and
 * what a bill would come to, have to be known without reading the charges of a long period again and again.
 */
export function segmentSums(
  { segments }: Pick<SegmentTables, 'segments'>,
  { items }: BillingContract,
): ReadonlyMap<string, SegmentState> {
  const found = new Map<string, SegmentState>()
  for (const { kind, segmentKey } of items) {
    const accumulator = kind === 'fee' ? emptyAccumulator : segments.accumulator(segmentKey)
    if (accumulator === emptyAccumulator) continue
    found.set(segmentKey, { accumulator, chargesRoot: new Uint8Array(0), chargeBlocks: 0, days: [] })
  }
  return found
}
