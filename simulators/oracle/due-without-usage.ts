import type { KnownBefore, Standing } from './due-charges.ts'
import { feesOfPeriod, feesOnBill } from './due-fees.ts'
import type { DueFee, FeeBuyer } from './due-fees.ts'
import { unusedIn } from './due-openings.ts'
import { isUsedBefore } from './segment-check.ts'
import { openingMicros } from './segment-usage.ts'
import type { PlannedSubscription } from './tenant-plan.ts'
import { feePartiesOf } from './who-owes-whom.ts'

/** Which period is looked at, and how. */
export interface DuePeriod {
  readonly period: string
  /** Whether the document is the bill of the period, rather than one that corrects it. */
  readonly isOwn: boolean
  /** Whether fees in advance for the next period are looked at as well. */
  readonly ahead: boolean
  readonly known: KnownBefore
}

/** In words: fees, and what prices ask for although nothing of their meter was used, that one owes another for a period. */
export function dueWithoutUsage(standing: Standing, { period, isOwn, ahead, known }: DuePeriod): readonly string[] {
  const { plan, seller, buyer } = standing
  return plan.subscriptions.flatMap((subscription) => {
    const unused = unusedOf(standing, subscription, period, known)
    const parties = feePartiesOf(plan, subscription, period)
    const isTheirs = parties?.seller === seller && parties.buyer === buyer
    const fees = isTheirs ? feesFor({ plan, subscription }, period, isOwn, known) : []
    const owed = fees.filter((fee) => ahead || fee.period === period)
    return [...unused, ...owed.map((fee) => feeText(subscription.id, fee.period, fee.amountMicros))]
  })
}

/** A fee in words. */
export function feeText(subscription: string, period: string, amountMicros: bigint): string {
  return `${subscription} fee for ${period} ${amountMicros}`
}

/** What is due for a meter without usage, in words. */
export function unusedText(subscription: string, meter: string, amountMicros: bigint): string {
  return `${subscription} ${meter} ${amountMicros}`
}

function unusedOf(
  { plan, segments, seller, buyer, logIndex }: Standing,
  subscription: PlannedSubscription,
  period: string,
  known: KnownBefore,
): readonly string[] {
  if (subscription.account === plan.operator) return []
  const isTheirs = (meter: string): boolean => {
    const parties = feePartiesOf(plan, subscription, period, meter)
    return parties?.seller === seller && parties.buyer === buyer
  }
  const used = new Set<string>()
  for (const sums of segments.values())
    if (sums.period === period && sums.subscription === subscription.id && isUsedBefore(sums, logIndex))
      used.add(sums.meter)
  return unusedIn(plan, subscription, period, used)
    .filter(({ meter }) => isTheirs(meter) && known.isOpeningDue(subscription.id, meter, period))
    .map(({ meter, model }) => unusedText(subscription.id, meter, openingMicros(model)))
}

function feesFor(buyer: FeeBuyer, period: string, isOwn: boolean, known: KnownBefore): readonly DueFee[] {
  if (isOwn) return feesOnBill(buyer, period)
  const subjects = known.subjects(buyer.subscription.id, period)
  return feesOfPeriod(subjects === undefined ? buyer : { ...buyer, subjects }, period)
}
