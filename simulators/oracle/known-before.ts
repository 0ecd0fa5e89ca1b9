import type { BilledBook } from './billed-book.ts'
import type { KnownBefore } from './due-charges.ts'
import type { TenantPlan } from './tenant-plan.ts'
import { everSells } from './terms-in-force.ts'

/** Between whom, and which document billed a period first; undefined: none did. */
export interface BilledRelation {
  readonly seller: string
  readonly buyer: string
  readonly ordinaryOf: (period: string) => string | undefined
}

/**
 * What corrections of a period that is over go by, since nobody knows the dates of it: as many subjects as were billed, and
 * of what is due without usage only that of meters that had a price as the period was closed, or that was billed. `own` is
 * the period that a document bills itself, where neither counts; null for one that only corrects.
 */
export function knownBefore(
  book: BilledBook,
  { seller, buyer, ordinaryOf }: BilledRelation,
  own: string | null,
  planClosedWith: (period: string) => TenantPlan | undefined,
): KnownBefore {
  return {
    subjects: (subscription, period) => {
      if (period === own) return undefined
      const counted = book.ofSubscription(subscription, period).filter(({ unit }) => unit === 'subject')
      const most = counted.map(({ quantity }) => quantity).toSorted((a, b) => (a < b ? 1 : -1))[0]
      // Who was billed for none has none; nobody can say so where the bill, or all of its subjects, were taken back.
      if (most !== undefined) return most === 0n ? undefined : most
      const ordinary = ordinaryOf(period)
      const stands = book.between(seller, buyer, period).some(({ documents }) => documents.at(-1) === ordinary)
      return stands ? 0n : undefined
    },
    isOpeningDue: (subscription, meter, period) => {
      if (period === own) return true
      const isBilled = book.ofSubscription(subscription, period).some((each) => !each.isFee && each.meter === meter)
      const plan = planClosedWith(period)
      const sold = plan?.subscriptions.find(({ id }) => id === subscription)
      return isBilled || plan === undefined || sold === undefined || everSells(plan, sold, meter)
    },
  }
}
