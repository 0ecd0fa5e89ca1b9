import { boundsOf, midnightsIn } from './billing-cycles.ts'
import { isActive } from './pauses.ts'
import type { PlannedSubscription, TenantPlan } from './tenant-plan.ts'
import { inForce, turningPoints } from './terms-in-force.ts'

/** A piece of a period, how much it counts, and an instant that says what is had in it; null when nothing is. */
export interface Piece {
  readonly atMs: number | null
  readonly weight: bigint
}

/**
 * A period in pieces in which a subscription has the same all the time: by seconds from each turning point to the next one,
 * by days each for what is had first on it.
 */
export function shareOfPeriod(
  plan: TenantPlan,
  subscription: PlannedSubscription,
  period: string,
  by: 'day' | 'second',
): readonly Piece[] {
  const bounds = boundsOf(plan, period)
  const points = turningPoints(plan, subscription, bounds)
  const isHad = (atMs: number): boolean => inForce(subscription, atMs) && isActive(plan, subscription, atMs)
  if (by === 'second') {
    return points.map((atMs, index) => {
      const untilMs = points[index + 1] ?? bounds.endMs
      return { atMs: isHad(atMs) ? atMs : null, weight: BigInt(untilMs - atMs) }
    })
  }
  const days = midnightsIn(plan, period)
  return days.map((startMs, index) => {
    const endMs = days[index + 1] ?? bounds.endMs
    const within = [startMs, ...points.filter((atMs) => atMs > startMs && atMs < endMs)]
    return { atMs: within.find(isHad) ?? null, weight: 1n }
  })
}
