import type { AggregatorFile } from './aggregator-file.ts'
import type { Findings } from './findings.ts'
import type { PlannedTerms } from './planned-price.ts'
import { openingMicros } from './segment-usage.ts'
import type { SegmentUsage } from './segment-usage.ts'

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
