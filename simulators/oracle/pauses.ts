import { instantOf } from './calendar.ts'
import type { PlannedSubscription, TenantPlan } from './tenant-plan.ts'

const deepest = 20

/**
 * Whether a subscription does not pause at an instant: by itself, or because it goes along with another one that does.
 * Pauses are half open.
 */
export function isActive(plan: TenantPlan, subscription: PlannedSubscription, atMs: number): boolean {
  return !pausesAt(plan, subscription, atMs, deepest)
}

/** Instants at which pauses that touch a subscription begin or end. */
export function pauseEdges(plan: TenantPlan, subscription: PlannedSubscription): readonly number[] {
  const edges: number[] = []
  let each: PlannedSubscription | undefined = subscription
  for (let depth = 0; each !== undefined && depth < deepest; depth++) {
    for (const { from, to } of each.pauses ?? [])
      edges.push(instantOf(from), ...(to === undefined ? [] : [instantOf(to)]))
    each = followed(plan, each)
  }
  return edges
}

function pausesAt(plan: TenantPlan, subscription: PlannedSubscription, atMs: number, depth: number): boolean {
  const own = (subscription.pauses ?? []).some(
    ({ from, to }) => instantOf(from) <= atMs && (to === undefined || atMs < instantOf(to)),
  )
  const other = followed(plan, subscription)
  return own || (other !== undefined && depth > 0 && pausesAt(plan, other, atMs, depth - 1))
}

function followed({ subscriptions }: TenantPlan, { dependsOn, whenPaused = 'pause' }: PlannedSubscription) {
  return dependsOn === undefined || whenPaused === 'stays'
    ? undefined
    : subscriptions.find(({ id }) => id === dependsOn)
}
