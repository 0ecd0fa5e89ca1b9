import { instantOf, periodBounds } from './calendar.ts'
import { feesOwed } from './due-fees.ts'
import type { PlannedModel } from './planned-price.ts'
import { isRouted } from './price-route.ts'
import type { SegmentSums } from './segment-check.ts'
import { openingMicros } from './segment-usage.ts'
import type { PlannedSubscription, TenantPlan } from './tenant-plan.ts'
import { pricesAt } from './terms-in-force.ts'
import type { Owing } from './who-owes-whom.ts'

/** What is due for a meter of a subscription although none of it was used. */
export interface UnusedMeter {
  readonly subscription: PlannedSubscription
  readonly meter: string
  readonly model: PlannedModel
}

/**
 * What is owed to partners for a closed period before any usage, once for each model of each version of a price that was
 * used, else at the price it is billed with, and their fees; they send documents of their own.
 */
export function partnerOpenings(
  plan: TenantPlan,
  period: string,
  segments: ReadonlyMap<string, SegmentSums>,
): readonly Owing[] {
  const sold = plan.subscriptions.filter(({ account }) => account === plan.operator)
  const owing = (subscription: PlannedSubscription, amountMicros: bigint): Owing => {
    return { seller: subscription.seller ?? '', buyer: plan.operator, amountMicros }
  }
  return sold.flatMap((subscription) => [
    ...usedIn(segments, period, subscription.id).map((model) => owing(subscription, openingMicros(model))),
    ...unusedIn(plan, subscription, period, segments).map(({ model }) => owing(subscription, openingMicros(model))),
    ...feesOwed(plan, subscription, period).map(({ amountMicros }) => owing(subscription, amountMicros)),
  ])
}

/**
 * The meters of a subscription that nothing was used of in a period, though something is due for them without usage: at the
 * last price that the period has for each. A price that asks for the kind of usage knows of nothing that is due without.
 */
export function unusedIn(
  plan: TenantPlan,
  subscription: PlannedSubscription,
  period: string,
  segments: ReadonlyMap<string, SegmentSums>,
): readonly UnusedMeter[] {
  const found = new Map<string, UnusedMeter | null>()
  for (const atMs of instantsIn(plan, subscription, period))
    for (const { price, terms } of pricesAt(plan, subscription, atMs))
      found.set(price.meter, isRouted(terms) ? null : { subscription, meter: price.meter, model: terms })
  const used = new Set(
    [...segments.values()]
      .filter((sums) => sums.period === period && sums.subscription === subscription.id)
      .map(({ meter }) => meter),
  )
  return [...found.values()].flatMap((each) =>
    each === null || used.has(each.meter) || openingMicros(each.model) === 0n ? [] : [each],
  )
}

/** The models by which a subscription was charged in a period. */
function usedIn(
  segments: ReadonlyMap<string, SegmentSums>,
  period: string,
  subscription: string,
): readonly PlannedModel[] {
  const used = [...segments.values()].filter((sums) => sums.period === period && sums.subscription === subscription)
  return used.flatMap(({ usage }) => (usage === undefined ? [] : [usage.model]))
}

/** Instants of a period from which on a subscription may have other prices than before, in their order. */
function instantsIn(plan: TenantPlan, subscription: PlannedSubscription, period: string): readonly number[] {
  const { startMs, endMs } = periodBounds(period)
  const fromMs = Math.max(startMs, instantOf(subscription.from))
  const toMs = subscription.to === undefined ? endMs : Math.min(endMs, instantOf(subscription.to))
  const changes = plan.prices.flatMap((price) => (price.changes ?? []).map(({ from }) => instantOf(from)))
  const migrations = (subscription.migrations ?? []).map(({ at }) => instantOf(at))
  const all = [fromMs, ...changes, ...migrations].filter((atMs) => atMs >= fromMs && atMs < toMs)
  return all.toSorted((a, b) => a - b)
}
