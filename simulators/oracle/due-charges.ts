import { boundsOf } from './billing-cycles.ts'
import { instantOf } from './calendar.ts'
import type { DuePart } from './due-contract.ts'
import { feesOfPeriod } from './due-fees.ts'
import { unusedIn } from './due-openings.ts'
import { includedIn } from './included-units.ts'
import type { Covered } from './included-units.ts'
import { costOfQuantity, isPerEvent } from './price.ts'
import { blocksBefore, isUsedBefore } from './segment-check.ts'
import type { SegmentSums } from './segment-check.ts'
import { microsOf, openingMicros } from './segment-usage.ts'
import type { PlannedSubscription, TenantPlan } from './tenant-plan.ts'
import { allowancesAt, priceAt, sameTerms, turningPoints } from './terms-in-force.ts'
import { feePartiesOf } from './who-owes-whom.ts'

/** Who sells to whom, and the books as they stood at some place of the log. */
export interface Standing {
  readonly plan: TenantPlan
  readonly seller: string
  readonly buyer: string
  readonly segments: ReadonlyMap<string, SegmentSums>
  readonly logIndex: number
}

/** What a correction counts of a subscription, and which of its openings without usage are due in it. */
export interface KnownBefore {
  /** Undefined: as many as there are. */
  subjects(subscription: string, period: string): bigint | undefined
  isOpeningDue(subscription: string, meter: string, period: string): boolean
}

/** What included units take off the usage of a meter. */
export interface DueAllowance {
  readonly subscription: string
  readonly allowance: string
  readonly meter: string
  readonly amountMicros: bigint
}

/** A segment as it stood. */
interface StandingSegment {
  readonly key: string
  readonly sums: SegmentSums
  readonly quantity: bigint
  readonly totalMicros: bigint
}

/** What was charged for a period, by section and meter, fees among it, less what is included. */
export function chargedParts(standing: Standing, period: string, known: KnownBefore): readonly DuePart[] {
  const { plan } = standing
  const parts: DuePart[] = []
  const accounts = new Map(plan.subscriptions.map(({ id, account }) => [id, account]))
  const used = new Map<string, Set<string>>()
  for (const { sums, totalMicros } of standingIn(standing, period)) {
    const { subscription, meter } = sums
    parts.push({ kind: 'usage', meter, account: accounts.get(subscription) ?? '', amountMicros: totalMicros })
    used.set(subscription, (used.get(subscription) ?? new Set()).add(meter))
  }
  for (const subscription of plan.subscriptions) {
    const { id, account } = subscription
    for (const { meter, model } of unusedIn(plan, subscription, period, used.get(id) ?? new Set()))
      if (isSoldIn(standing, subscription, period, meter) && known.isOpeningDue(id, meter, period))
        parts.push({ kind: 'usage', meter, account, amountMicros: openingMicros(model) })
    if (!isSoldIn(standing, subscription, period)) continue
    const count = known.subjects(id, period)
    for (const { amountMicros } of feesOfPeriod(
      { plan, subscription, ...(count === undefined ? {} : { subjects: count }) },
      period,
    ))
      parts.push({ kind: 'fee', meter: 'fee', account, amountMicros })
  }
  for (const { subscription, meter, amountMicros } of allowanceDues(standing, period))
    parts.push({ kind: 'allowance', meter, account: accounts.get(subscription) ?? '', amountMicros })
  return parts
}

/** What is included in the usage of a period, by allowance and subscription. */
export function allowanceDues(standing: Standing, period: string): readonly DueAllowance[] {
  const { plan, buyer } = standing
  if (!plan.offerings.some(hasAllowances)) return []
  const used = (subscription: string, meter: string, of: string): bigint =>
    coverable(standing, subscription, meter, of).reduce((sum, { quantity }) => sum + quantity, 0n)
  const dues: DueAllowance[] = []
  for (const meter of new Set(plan.meters.map(({ id }) => id))) {
    const own = subscriptionsOf(standing, period, meter)
    const sharing = own.filter((each) => sharesEver(plan, each, meter))
    const groups = [sharing, ...own.filter((each) => !sharing.includes(each)).map((each) => [each])]
    const covered = groups.flatMap((subscriptions) =>
      includedIn({ plan, buyer, meter, subscriptions, used: (id, of) => used(id, meter, of) }, period),
    )
    for (const subscription of own) {
      const draws = covered.filter((draw) => draw.subscription === subscription.id)
      dues.push(...takenOff(standing, subscription, meter, period, draws))
    }
  }
  return dues
}

/** Lays included units over the segments of a meter, first those whose price came first: they cost what the rest costs. */
function takenOff(
  standing: Standing,
  subscription: PlannedSubscription,
  meter: string,
  period: string,
  draws: readonly Covered[],
): readonly DueAllowance[] {
  const segments = inOrderOfPrices(standing, subscription, meter, period)
  const open = draws.map(({ allowance, quantity }) => ({ allowance, quantity }))
  const taken = new Map<string, bigint>()
  for (const { sums, quantity, totalMicros } of segments) {
    const model = sums.usage?.model
    if (model === undefined) continue
    let [rest, cost] = [quantity, totalMicros]
    while (rest > 0n) {
      const draw = open.find((each) => each.quantity > 0n)
      if (draw === undefined) break
      const units = draw.quantity < rest ? draw.quantity : rest
      draw.quantity -= units
      rest -= units
      const without = microsOf(model, costOfQuantity(model, rest))
      // Where less would cost more the line stays as it is.
      if (without >= cost) continue
      taken.set(draw.allowance, (taken.get(draw.allowance) ?? 0n) + without - cost)
      cost = without
    }
  }
  return [...taken].map(([allowance, amountMicros]) => {
    return { subscription: subscription.id, allowance, meter, amountMicros }
  })
}

function inOrderOfPrices(
  standing: Standing,
  subscription: PlannedSubscription,
  meter: string,
  period: string,
): readonly StandingSegment[] {
  const { plan } = standing
  const { startMs, endMs } = boundsOf(plan, period)
  const changes = plan.prices.flatMap((price) => (price.changes ?? []).map(({ from }) => instantOf(from)))
  const instants = [
    Math.max(startMs, instantOf(subscription.from)),
    ...changes.filter((atMs) => atMs > startMs && atMs < endMs),
    ...turningPoints(plan, subscription, { startMs, endMs }),
  ].toSorted((a, b) => a - b)
  const terms = instants.map((atMs) => priceAt(plan, subscription, meter, atMs)?.terms)
  const rank = ({ sums }: StandingSegment): number => {
    const place = terms.findIndex(
      (each) => each !== undefined && sums.terms !== undefined && sameTerms(each, sums.terms),
    )
    return place < 0 ? terms.length : place
  }
  return coverable(standing, subscription.id, meter, period).toSorted(
    (a, b) => rank(a) - rank(b) || (a.sums.model ?? 0) - (b.sums.model ?? 0) || (a.key < b.key ? -1 : 1),
  )
}

/** Segments whose total follows from their quantity. */
function coverable(
  standing: Standing,
  subscription: string,
  meter: string,
  period: string,
): readonly StandingSegment[] {
  return standingIn(standing, period).filter(({ sums }) => {
    const { usage } = sums
    return sums.subscription === subscription && sums.meter === meter && usage !== undefined && !isPerEvent(usage.model)
  })
}

function standingIn({ seller, buyer, segments, logIndex }: Standing, period: string): readonly StandingSegment[] {
  return [...segments].flatMap(([key, sums]) => {
    if (sums.period !== period || sums.seller !== seller || sums.buyer !== buyer) return []
    const blocks = sums.blocks.slice(0, blocksBefore(sums, logIndex))
    const totalMicros = blocks.at(-1)?.totalMicros
    if (totalMicros === undefined || !isUsedBefore(sums, logIndex)) return []
    return [{ key, sums, quantity: blocks.reduce((sum, { quantity }) => sum + quantity, 0n), totalMicros }]
  })
}

/** The subscriptions of which these two share a meter, in the order of their ids. */
function subscriptionsOf(standing: Standing, period: string, meter: string): readonly PlannedSubscription[] {
  const sold = standing.plan.subscriptions.filter((each) => isSoldIn(standing, each, period, meter))
  return sold.toSorted((a, b) => (a.id < b.id ? -1 : 1))
}

/** Whether a meter of a subscription, or without one its fees, is between these two. */
function isSoldIn(
  { plan, seller, buyer }: Standing,
  subscription: PlannedSubscription,
  period: string,
  meter?: string,
): boolean {
  const parties = feePartiesOf(plan, subscription, period, meter)
  return parties?.seller === seller && parties.buyer === buyer
}

function sharesEver(plan: TenantPlan, subscription: PlannedSubscription, meter: string): boolean {
  const instants = [subscription.from, ...(subscription.migrations ?? []).map(({ at }) => at)]
  return instants.some((at) =>
    allowancesAt(plan, subscription, instantOf(at)).allowances.some(
      (each) => each.pool === 'subtree' && each.meter === meter,
    ),
  )
}

function hasAllowances({ allowances = [], versions = [] }: TenantPlan['offerings'][number]): boolean {
  return allowances.length > 0 || versions.some((version) => (version.allowances ?? []).length > 0)
}
