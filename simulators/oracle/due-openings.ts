import { boundsOf } from './billing-cycles.ts'
import { instantOf } from './calendar.ts'
import type { PlannedModel } from './planned-price.ts'
import { isRouted } from './price-route.ts'
import { openingMicros } from './segment-usage.ts'
import type { PlannedSubscription, TenantPlan } from './tenant-plan.ts'
import { pricesAt } from './terms-in-force.ts'

/** What is due for a meter of a subscription although none of it was used. */
export interface UnusedMeter {
  readonly subscription: PlannedSubscription
  readonly meter: string
  readonly model: PlannedModel
}

/**
 * The meters of a subscription that nothing was used of in a period, though something is due for them without usage: at the
 * last price that the period has for each. A price that asks for the kind of usage knows of nothing that is due without.
 * `used`: the meters that were used of it in the period.
 */
export function unusedIn(
  plan: TenantPlan,
  subscription: PlannedSubscription,
  period: string,
  used: ReadonlySet<string>,
): readonly UnusedMeter[] {
  const found = new Map<string, UnusedMeter | null>()
  for (const atMs of instantsIn(plan, subscription, period))
    for (const { price, terms } of pricesAt(plan, subscription, atMs))
      found.set(price.meter, isRouted(terms) ? null : { subscription, meter: price.meter, model: terms })
  return [...found.values()].flatMap((each) =>
    each === null || used.has(each.meter) || openingMicros(each.model) === 0n ? [] : [each],
  )
}

/** Instants of a period from which on a subscription may have other prices than before, in their order. */
function instantsIn(plan: TenantPlan, subscription: PlannedSubscription, period: string): readonly number[] {
  const { startMs, endMs } = boundsOf(plan, period)
  const fromMs = Math.max(startMs, instantOf(subscription.from))
  const toMs = subscription.to === undefined ? endMs : Math.min(endMs, instantOf(subscription.to))
  const changes = plan.prices.flatMap((price) => (price.changes ?? []).map(({ from }) => instantOf(from)))
  const migrations = (subscription.migrations ?? []).map(({ at }) => instantOf(at))
  const all = [fromMs, ...changes, ...migrations].filter((atMs) => atMs >= fromMs && atMs < toMs)
  return all.toSorted((a, b) => a - b)
}
