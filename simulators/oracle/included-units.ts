import { boundsOf, cycleOf, periodAfter, periodIn } from './billing-cycles.ts'
import { instantOf } from './calendar.ts'
import { shareOfPeriod } from './period-share.ts'
import type { PlannedAllowance } from './planned-contract.ts'
import { dividedBy, plus, roundHalfAway, times, whole, zero } from './rational.ts'
import { shareOut } from './share-out.ts'
import type { PlannedSubscription, TenantPlan } from './tenant-plan.ts'
import { allowancesAt, inForce, quantityAt, turningPoints } from './terms-in-force.ts'
import { isActive } from './pauses.ts'

/** Base units of a meter that an allowance covers of a subscription's usage. */
export interface Covered {
  readonly allowance: string
  readonly subscription: string
  readonly quantity: bigint
}

/** Of whom and of what. All subscriptions are of one buyer and ordered by id. */
export interface Including {
  readonly plan: TenantPlan
  readonly buyer: string
  readonly meter: string
  readonly subscriptions: readonly PlannedSubscription[]
  /** Base units that a subscription used in a period. */
  used(subscription: string, period: string): bigint
}

/** Units that can be used up: who may, until when, and how many. */
interface Lot {
  readonly allowance: PlannedAllowance
  readonly source: string
  readonly members: readonly string[]
  /** How many more periods it can be used in after this one. */
  readonly lasts: number
  readonly quantity: bigint
}

/**
 * What of the usage in a period is included, in the order in which it is used up: by priority, then what expires first, own
 * units before shared ones. What earlier periods left over is found by going through all of them again.
 */
export function includedIn(of: Including, period: string): readonly Covered[] {
  let carried: readonly Lot[] = []
  for (
    let past = firstPeriod(of);
    past !== null && isBefore(of.plan, past, period);
    past = periodAfter(of.plan, past)
  ) {
    const { left } = useUp(of, [...current(of, carried, past), ...newLots(of, past)], past)
    carried = carriedOver(left)
  }
  return useUp(of, [...current(of, carried, period), ...newLots(of, period)], period).covered
}

function firstPeriod({ plan, buyer, subscriptions }: Including): string | null {
  const beginnings = subscriptions.map(({ from }) => instantOf(from))
  return beginnings.length === 0 ? null : periodIn(cycleOf(plan, buyer), Math.min(...beginnings))
}

function isBefore(plan: TenantPlan, left: string, right: string): boolean {
  return boundsOf(plan, left).startMs < boundsOf(plan, right).startMs
}

/** What a pool left over belongs to whoever is in it by then. */
function current(of: Including, carried: readonly Lot[], period: string): readonly Lot[] {
  const fresh = newLots(of, period)
  return carried.map((lot) =>
    lot.allowance.pool === 'subtree'
      ? { ...lot, members: fresh.find((each) => isSame(each, lot))?.members ?? [] }
      : lot,
  )
}

function newLots(of: Including, period: string): readonly Lot[] {
  const lots: Lot[] = []
  for (const subscription of of.subscriptions) {
    for (const { allowance, offering, quantity } of broughtIn(of, subscription, period)) {
      const source = allowance.pool === 'subtree' ? `of all ${offering}` : `of ${subscription.id}`
      const own: Lot = {
        allowance,
        source,
        members: [subscription.id],
        lasts: allowance.rollover?.periods ?? 0,
        quantity,
      }
      const place = lots.findIndex((each) => isSame(each, own))
      const known = lots[place]
      if (known === undefined) lots.push(own)
      else {
        // Whoever has two plans in a period brings both, and used his usage once.
        const members = [...new Set([...known.members, subscription.id])]
        lots[place] = { ...own, members, quantity: known.quantity + quantity }
      }
    }
  }
  return lots
}

function isSame(left: Lot, right: Lot): boolean {
  return left.source === right.source && left.allowance.id === right.allowance.id
}

interface Brought {
  readonly allowance: PlannedAllowance
  readonly offering: string
  readonly quantity: bigint
}

/** Whole ones as the last active instant has them; those by days or seconds for as long as there were any. */
function broughtIn({ plan, meter }: Including, subscription: PlannedSubscription, period: string): readonly Brought[] {
  const bounds = boundsOf(plan, period)
  const active = turningPoints(plan, subscription, bounds).filter(
    (atMs) => inForce(subscription, atMs) && isActive(plan, subscription, atMs),
  )
  const last = active.at(-1)
  if (last === undefined) return []
  const count = (each: PlannedAllowance['each'], atMs: number): bigint =>
    each === undefined || each === 'subscription' ? 1n : quantityAt(subscription, each.quantity, atMs)
  const had = new Map<string, Brought>()
  for (const atMs of active) {
    const { offering, allowances } = allowancesAt(plan, subscription, atMs)
    for (const allowance of allowances) {
      if (allowance.meter !== meter) continue
      const { id, each, prorate = 'none' } = allowance
      if (prorate === 'none') {
        if (atMs === last)
          had.set(`${offering} ${id}`, { allowance, offering, quantity: allowance.quantity * count(each, last) })
        continue
      }
      const pieces = shareOfPeriod(plan, subscription, period, prorate)
      const length = pieces.reduce((sum, { weight }) => sum + weight, 0n)
      let units = zero
      for (const piece of pieces) {
        const isHad = piece.atMs !== null && allowancesAt(plan, subscription, piece.atMs).allowances.includes(allowance)
        if (isHad && piece.atMs !== null)
          units = plus(units, times(whole(allowance.quantity * count(each, piece.atMs)), whole(piece.weight)))
      }
      had.set(`${offering} ${id}`, { allowance, offering, quantity: roundHalfAway(dividedBy(units, length)) })
    }
  }
  return [...had.values()]
}

function useUp(
  of: Including,
  lots: readonly Lot[],
  period: string,
): { readonly covered: readonly Covered[]; readonly left: readonly Lot[] } {
  const open = new Map(of.subscriptions.map(({ id }) => [id, of.used(id, period)]))
  const covered: Covered[] = []
  const left: Lot[] = []
  for (const lot of lots.toSorted(inOrderOfUse)) {
    const wants = lot.members.map((id) => open.get(id) ?? 0n)
    const wanted = wants.reduce((sum, each) => sum + each, 0n)
    const given = wanted < lot.quantity ? wanted : lot.quantity
    for (const [place, quantity] of shareOut(given, wants).entries()) {
      const subscription = lot.members[place] ?? ''
      if (quantity === 0n) continue
      open.set(subscription, (wants[place] ?? 0n) - quantity)
      covered.push({ allowance: lot.allowance.id, subscription, quantity })
    }
    if (given < lot.quantity) left.push({ ...lot, quantity: lot.quantity - given })
  }
  return { covered, left }
}

function inOrderOfUse(a: Lot, b: Lot): number {
  const shared = ({ allowance }: Lot): number => (allowance.pool === 'subtree' ? 1 : 0)
  const byPriority = (a.allowance.priority ?? 0) - (b.allowance.priority ?? 0)
  return (
    byPriority ||
    a.lasts - b.lasts ||
    shared(a) - shared(b) ||
    byText(a.allowance.id, b.allowance.id) ||
    byText(a.source, b.source)
  )
}

function byText(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1
}

/** What does not expire with the period, of each source no more than its cap: what lasts longest is kept first. */
function carriedOver(left: readonly Lot[]): readonly Lot[] {
  const lasting = left.filter(({ lasts }) => lasts > 0).toSorted((a, b) => b.lasts - a.lasts)
  const kept: Lot[] = []
  for (const lot of lasting) {
    const newest = lasting.find((each) => isSame(each, lot))?.allowance.rollover?.cap
    const already = kept.filter((each) => isSame(each, lot)).reduce((sum, { quantity }) => sum + quantity, 0n)
    const room = newest === undefined ? lot.quantity : newest - already
    const quantity = room < lot.quantity ? room : lot.quantity
    if (quantity > 0n) kept.push({ ...lot, lasts: lot.lasts, quantity })
  }
  return kept.map((lot) => ({ ...lot, lasts: lot.lasts - 1 }))
}
