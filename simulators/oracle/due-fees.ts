import { boundsOf, periodAfter } from './billing-cycles.ts'
import type { Bounds } from './billing-cycles.ts'
import { instantOf } from './calendar.ts'
import type { PlannedFee } from './planned-price.ts'
import { dividedBy, plus, rationalOf, roundHalfAway, times, whole, zero } from './rational.ts'
import type { Rational } from './rational.ts'
import { shareOfPeriod } from './period-share.ts'
import type { PlannedSubscription, TenantPlan } from './tenant-plan.ts'
import { feesAt, quantityAt, turningPoints } from './terms-in-force.ts'
import { feePartiesOf } from './who-owes-whom.ts'

const microsPerUnit = 1_000_000n

/** A fee that a subscription owes for a period. */
export interface DueFee {
  readonly fee: PlannedFee
  readonly period: string
  /** Null where a share of the period is owed, so that no single number says how many it is for. */
  readonly quantity: bigint | null
  readonly amountMicros: bigint
}

/** Who owes it, and how many subjects he is asked for where that is not how many he has now. */
export interface FeeBuyer {
  readonly plan: TenantPlan
  readonly subscription: PlannedSubscription
  readonly subjects?: bigint
}

/**
 * What a subscription owes for a period whatever it used: once in the one it begins in; in arrears and in advance for every
 * one in which it is in force at some time and does not pause. A whole fee is what the last such instant asks for, in
 * advance the first; one that goes by days or seconds is owed for as much of the period as there was anything to have.
 */
export function feesOfPeriod(buyer: FeeBuyer, period: string): readonly DueFee[] {
  const { plan, subscription } = buyer
  const bounds = boundsOf(plan, period)
  const beginsMs = instantOf(subscription.from)
  const had = shareOfPeriod(plan, subscription, period, 'second').flatMap(({ atMs }) => (atMs === null ? [] : [atMs]))
  const wholeOf = (atMs: number | undefined, is: (fee: PlannedFee) => boolean): readonly DueFee[] => {
    const fees = atMs === undefined ? [] : feesAt(plan, subscription, atMs).filter(is)
    return fees.map((fee) => {
      const quantity = countOf(buyer, fee, atMs ?? beginsMs)
      return { fee, period, quantity, amountMicros: microsOf(times(rationalOf(fee.amount), whole(quantity))) }
    })
  }
  const begins = beginsMs >= bounds.startMs && beginsMs < bounds.endMs
  const all = [
    ...wholeOf(begins ? beginsMs : undefined, ({ model }) => model === 'one-time'),
    ...wholeOf(had[0], (fee) => isWhole(fee) && fee.due !== 'in-arrears'),
    ...wholeOf(had.at(-1), (fee) => isWhole(fee) && fee.due === 'in-arrears'),
    ...sharedFees(buyer, period, bounds),
  ]
  return all.filter(({ amountMicros }) => amountMicros !== 0n)
}

/** What a bill of a period asks for: all of that period, and in advance what the next one does, of who has begun and goes on. */
export function feesOnBill(buyer: FeeBuyer, period: string): readonly DueFee[] {
  const { plan, subscription } = buyer
  const { startMs, endMs } = boundsOf(plan, period)
  const overMs = subscription.to === undefined ? Infinity : instantOf(subscription.to)
  if (instantOf(subscription.from) >= endMs || overMs <= startMs) return []
  const goesOn = overMs > endMs && !movesAfter(plan, subscription, period)
  const next = !goesOn ? [] : feesOfPeriod(buyer, periodAfter(plan, period))
  const inAdvance = next.filter(({ fee }) => fee.model === 'recurring' && fee.due !== 'in-arrears')
  return [...feesOfPeriod(buyer, period), ...inAdvance]
}

/** Whether somebody else bills or pays from the next period on: what is in advance for it then stands on the bill of that one. */
function movesAfter(plan: TenantPlan, subscription: PlannedSubscription, period: string): boolean {
  const now = feePartiesOf(plan, subscription, period)
  const then = feePartiesOf(plan, subscription, periodAfter(plan, period))
  return now?.seller !== then?.seller || now?.buyer !== then?.buyer
}

function isWhole({ model, prorate = 'none' }: PlannedFee): boolean {
  return model === 'recurring' && prorate === 'none'
}

/** Fees by days or seconds: each for the share of the period in which the subscription has it and does not pause. */
function sharedFees(buyer: FeeBuyer, period: string, bounds: Bounds): readonly DueFee[] {
  const { plan, subscription } = buyer
  const shared = plan.fees.filter((fee) => fee.model === 'recurring' && !isWhole(fee))
  return shared.flatMap((fee) => {
    const isHad = feesHadIn(buyer, bounds).has(fee.id)
    if (!isHad) return []
    const pieces = shareOfPeriod(plan, subscription, period, fee.prorate === 'day' ? 'day' : 'second')
    const length = pieces.reduce((sum, { weight }) => sum + weight, 0n)
    let owed: Rational = zero
    for (const { atMs, weight } of pieces) {
      if (atMs === null || !feesAt(plan, subscription, atMs).includes(fee)) continue
      const quantity = countOf(buyer, fee, atMs) * weight
      owed = plus(owed, times(rationalOf(fee.amount), whole(quantity)))
    }
    return [{ fee, period, quantity: null, amountMicros: microsOf(dividedBy(owed, length)) }]
  })
}

function feesHadIn({ plan, subscription }: FeeBuyer, bounds: Bounds): ReadonlySet<string> {
  const instants = turningPoints(plan, subscription, bounds)
  return new Set(instants.flatMap((atMs) => feesAt(plan, subscription, atMs).map(({ id }) => id)))
}

function countOf({ subscription, subjects }: FeeBuyer, { each = 'subscription' }: PlannedFee, atMs: number): bigint {
  if (each === 'subscription') return 1n
  if (each === 'subject') return subjects ?? BigInt(subscription.subjects?.length ?? 0)
  return quantityAt(subscription, each.quantity, atMs)
}

function microsOf(amount: Rational): bigint {
  return roundHalfAway(times(amount, whole(microsPerUnit)))
}
