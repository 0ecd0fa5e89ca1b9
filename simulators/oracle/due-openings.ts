import { startOfDayText } from './calendar.ts'
import { totalMicros } from './price.ts'
import type { SegmentSums } from './segment-check.ts'
import type { PlannedPrice, PlannedSubscription, TenantPlan } from './tenant-plan.ts'
import type { Owing } from './who-owes-whom.ts'

/**
 * What is owed to partners for a closed period before any usage, once for each version of a price that was used, else
 * at the price it is billed with; they send documents of their own.
 */
export function partnerOpenings(
  plan: TenantPlan,
  period: string,
  segments: ReadonlyMap<string, SegmentSums>,
): readonly Owing[] {
  const sold = plan.subscriptions.filter(({ account }) => account === plan.operator)
  return sold.flatMap((subscription) =>
    pricesOf(plan, subscription.offering).flatMap((price) => {
      const used = usedIn(segments, period, subscription.id, price.meter)
      const due = used.length > 0 ? used : isIn(subscription, period) ? [price] : []
      return due.map((each) => {
        return { seller: subscription.seller ?? '', buyer: plan.operator, amountMicros: totalMicros(each, 0n) }
      })
    }),
  )
}

/** The prices at which a meter of a subscription was used in a period. */
export function usedIn(
  segments: ReadonlyMap<string, SegmentSums>,
  period: string,
  subscription: string,
  meter: string,
): readonly PlannedPrice[] {
  const used = [...segments.values()].filter(
    (sums) => sums.period === period && sums.subscription === subscription && sums.meter === meter,
  )
  return used.flatMap(({ price }) => (price === undefined ? [] : [price]))
}

/** Whether a subscription is in force at some time of a period. */
export function isIn({ from, to }: PlannedSubscription, period: string): boolean {
  return from.slice(0, 7) <= period && (to === undefined || startOfDayText(to) > startOfDayText(`${period}-01`))
}

/** The prices of an offering. */
export function pricesOf(plan: TenantPlan, offeringId: string): readonly PlannedPrice[] {
  const offering = plan.offerings.find(({ id }) => id === offeringId)
  return plan.prices.filter(({ id }) => offering?.prices.includes(id))
}
