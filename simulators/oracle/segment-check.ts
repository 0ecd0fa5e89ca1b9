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
  /** The price of the version that charged first; undefined when that version has none. */
  readonly price: PlannedPrice | undefined
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
): void {
  for (const { key, quantity, events, amount } of file.segments()) {
    const sums = segments.get(key)
    if (sums === undefined || !touched.has(key)) continue
    const demand = (holds: boolean, what: string): void => findings.demand(holds, 'I9', () => `segment ${key}: ${what}`)
    demand(BigInt(quantity) === sums.quantity, `holds ${quantity} units, its charges are ${sums.quantity}`)
    demand(BigInt(amount) === sums.amountMicros, `holds ${amount} micros, its charges are ${sums.amountMicros}`)
    demand(events === sums.charges, `counts ${events} events, its charges are ${sums.charges}`)
    const due = sums.price === undefined ? undefined : chargedMicros(sums.price, sums.quantity)
    demand(
      due === sums.amountMicros,
      `${sums.quantity} units cost ${String(due)} micros, charged are ${sums.amountMicros}`,
    )
  }
}

/** A version's price for a meter of a subscription; undefined when it sells none. */
export function priceIn(plan: TenantPlan, subscription: string, meter: string): PlannedPrice | undefined {
  const offering = plan.subscriptions.find(({ id }) => id === subscription)?.offering
  const prices = plan.offerings.find(({ id }) => id === offering)?.prices
  return plan.prices.find((each) => each.meter === meter && prices?.includes(each.id))
}

/** Whether two prices say the same, so that their usage belongs together. */
export function samePrice(left: PlannedPrice, right: PlannedPrice): boolean {
  const text = (price: PlannedPrice): string =>
    JSON.stringify({ ...price, id: '' }, (_key, each: unknown) => (typeof each === 'bigint' ? each.toString() : each))
  return left === right || text(left) === text(right)
}
