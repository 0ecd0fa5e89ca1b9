import type { AggregatorFile } from './aggregator-file.ts'
import type { Findings } from './findings.ts'
import { chargedMicros } from './price.ts'
import type { PlannedPrice, TenantPlan } from './tenant-plan.ts'

/** All charges of one segment so far. */
export interface SegmentSums {
  readonly period: string
  readonly subscription: string
  readonly meter: string
  readonly seller: string
  readonly buyer: string
  quantity: bigint
  amountMicros: bigint
  charges: number
}

/** I9: what the file says of these segments is the sum of their charges, and what their price makes of their quantity. */
export function checkSegments(
  findings: Findings,
  file: AggregatorFile,
  segments: ReadonlyMap<string, SegmentSums>,
  touched: ReadonlySet<string>,
  plans: readonly TenantPlan[],
): void {
  for (const { key, quantity, events, amount } of file.segments()) {
    const sums = segments.get(key)
    if (sums === undefined || !touched.has(key)) continue
    const demand = (holds: boolean, what: string): void => findings.demand(holds, 'I9', () => `segment ${key}: ${what}`)
    demand(BigInt(quantity) === sums.quantity, `holds ${quantity} units, its charges are ${sums.quantity}`)
    demand(BigInt(amount) === sums.amountMicros, `holds ${amount} micros, its charges are ${sums.amountMicros}`)
    demand(events === sums.charges, `counts ${events} events, its charges are ${sums.charges}`)
    const price = priceOf(sums, plans)
    const due = price === undefined ? undefined : chargedMicros(price, sums.quantity)
    demand(
      due === sums.amountMicros,
      `${sums.quantity} units cost ${String(due)} micros, charged are ${sums.amountMicros}`,
    )
  }
}

/** The plan's price for a subscription's meter. */
function priceOf({ subscription, meter }: SegmentSums, plans: readonly TenantPlan[]): PlannedPrice | undefined {
  for (const plan of plans) {
    const offering = plan.subscriptions.find(({ id }) => id === subscription)?.offering
    const prices = plan.offerings.find(({ id }) => id === offering)?.prices
    const price = plan.prices.find((each) => each.meter === meter && prices?.includes(each.id))
    if (price !== undefined) return price
  }
  return undefined
}
