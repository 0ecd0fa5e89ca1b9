import { instantOf, periodBounds, periodOf } from './calendar.ts'
import type { PlannedFee } from './planned-price.ts'
import { rationalOf, roundHalfAway, times, whole } from './rational.ts'
import type { PlannedSubscription, TenantPlan } from './tenant-plan.ts'
import { feesAt } from './terms-in-force.ts'

const microsPerUnit = 1_000_000n

/** A fee that a subscription owes with the bill of a period. */
export interface DueFee {
  readonly fee: PlannedFee
  /** What it is for; in advance, that is the period after. */
  readonly period: string
  readonly quantity: bigint
  readonly amountMicros: bigint
}

/**
 * What a subscription owes whatever it used: once when it begins, in arrears for every period it is in force in, in advance
 * for the next one and the one it begins in. Whole amounts, as the last instant in question has them.
 */
export function feesOwed(plan: TenantPlan, subscription: PlannedSubscription, period: string): readonly DueFee[] {
  const { startMs, endMs } = periodBounds(period)
  const beginsMs = instantOf(subscription.from)
  const overMs = subscription.to === undefined ? Infinity : instantOf(subscription.to)
  if (beginsMs >= endMs || overMs <= startMs) return []
  const owed = (atMs: number, forPeriod: string, is: (fee: PlannedFee) => boolean): readonly DueFee[] =>
    feesAt(plan, subscription, atMs)
      .filter(is)
      .map((fee) => dueFee(subscription, fee, forPeriod))
  const isInAdvance = ({ model, due }: PlannedFee): boolean => model === 'recurring' && due !== 'in-arrears'
  const isInArrears = ({ model, due }: PlannedFee): boolean => model === 'recurring' && due === 'in-arrears'
  const begins = beginsMs >= startMs
  const all = [
    ...(begins ? owed(beginsMs, period, ({ model }) => model === 'one-time') : []),
    ...(begins ? owed(beginsMs, period, isInAdvance) : []),
    ...owed(Math.min(overMs, endMs) - 1, period, isInArrears),
    ...(overMs > endMs ? owed(endMs, periodOf(endMs), isInAdvance) : []),
  ]
  return all.filter(({ amountMicros }) => amountMicros !== 0n)
}

function dueFee({ subjects = [], quantities = {} }: PlannedSubscription, fee: PlannedFee, period: string): DueFee {
  const { amount, each = 'subscription' } = fee
  const count = each === 'subscription' ? 1 : each === 'subject' ? subjects.length : (quantities[each.quantity] ?? 0)
  const quantity = BigInt(count)
  const amountMicros = roundHalfAway(times(rationalOf(amount), whole(quantity * microsPerUnit)))
  return { fee, period, quantity, amountMicros }
}
