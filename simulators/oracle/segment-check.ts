import type { AggregatorFile } from './aggregator-file.ts'
import type { Findings } from './findings.ts'
import type { PlannedTerms } from './planned-price.ts'
import { openingMicros } from './segment-usage.ts'
import type { SegmentUsage } from './segment-usage.ts'

/** The charges of one segment that one rating made. */
export interface SegmentBlock {
  /** Log index of the entry that tells of that rating; undefined when none does. */
  readonly toldAt: number | undefined
  readonly quantity: bigint
  readonly amountMicros: bigint
  readonly charges: number
  /** Charges of the segment that stand after it: those that were not taken back. */
  readonly standing: number
  /** What all of the segment costs after it; undefined when nobody knows its price. */
  readonly totalMicros: bigint | undefined
}

/** All charges of one segment so far. */
export interface SegmentSums {
  readonly period: string
  readonly subscription: string
  readonly meter: string
  readonly seller: string
  readonly buyer: string
  /** The number of the model among those of the price; null where it has only one. */
  readonly model: number | null
  /** The price as it was when it charged here first; undefined when nobody knows which version of it did. */
  readonly terms: PlannedTerms | undefined
  /** What was charged as one of its models; undefined until it is known which. */
  usage: SegmentUsage | undefined
  quantity: bigint
  amountMicros: bigint
  charges: number
  /** In the order in which they were made. */
  readonly blocks: SegmentBlock[]
}

/** How many of a segment's blocks stood in the books before this place of the log. */
export function blocksBefore({ blocks }: SegmentSums, logIndex: number): number {
  return blocks.findLastIndex(({ toldAt }) => toldAt === undefined || toldAt < logIndex) + 1
}

/** Whether anything charged in a segment stood at this place of the log; where all was taken back it is as if never used. */
export function isUsedBefore(sums: SegmentSums, logIndex: number): boolean {
  return (sums.blocks[blocksBefore(sums, logIndex) - 1]?.standing ?? 0) > 0
}

/** What the price makes of everything charged in a segment, less what was due before the first of it. */
export function chargedMicros({ usage }: SegmentSums): bigint | undefined {
  return usage === undefined ? undefined : usage.totalMicros - openingMicros(usage.model)
}

/** I9: what the file says of these segments is the sum of their charges, and what their price makes of their records. */
export function checkSegments(
  findings: Findings,
  file: AggregatorFile,
  segments: ReadonlyMap<string, SegmentSums>,
  touched: ReadonlySet<string>,
): void {
  for (const { key, quantity, events, amount } of file.segments()) {
    const sums = segments.get(key)
    if (sums === undefined || !touched.has(key)) continue
    const demand = (holds: boolean, what: string): void => findings.demand(holds, 'I9', () => `segment ${key}: ${what}`)
    demand(BigInt(quantity) === sums.quantity, `holds ${quantity} units, its charges are ${sums.quantity}`)
    demand(BigInt(amount) === sums.amountMicros, `holds ${amount} micros, its charges are ${sums.amountMicros}`)
    demand(events === sums.charges, `counts ${events} events, its charges are ${sums.charges}`)
    const due = chargedMicros(sums)
    demand(
      due === sums.amountMicros,
      `${sums.quantity} units cost ${String(due)} micros, charged are ${sums.amountMicros}`,
    )
  }
}
