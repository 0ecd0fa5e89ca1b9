import type { Catalogue } from '../../catalogue/catalogue.ts'
import type { Relation } from '../../ledger/templates.ts'
import { calendarMonths, type BillingCycle } from '../../periods/billing-cycle.ts'

/** Whose periods the bills of a relation are for: those of its buyer. */
export function cycleOfBuyer(catalogue: Catalogue, { buyer }: Relation): BillingCycle {
  return catalogue.tree.accounts.get(buyer)?.cycle ?? calendarMonths
}
