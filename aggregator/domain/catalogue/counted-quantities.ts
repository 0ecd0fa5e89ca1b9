import { versionsOf } from './offering-definition.ts'
import { termsOverTime } from './price-definition.ts'
import type { SubscriptionDefinition } from './subscription-definition.ts'
import type { TenantFile } from './tenant-file.ts'

/**
 * The quantities that mean something for a subscription: those it states already, and those that some fee or allowance counts,
 * also of offerings it does not have: it has to state them before it can change to one.
 */
export function countedQuantities(
  { prices, offerings }: Pick<TenantFile, 'prices' | 'offerings'>,
  { quantities, changes }: SubscriptionDefinition,
): ReadonlySet<string> {
  const names = new Set([...quantities.keys(), ...changes.flatMap((each) => [...each.quantities.keys()])])
  for (const { allowances } of offerings.flatMap(versionsOf)) {
    for (const { each } of allowances) if (typeof each === 'object') names.add(each.quantity)
  }
  for (const price of prices) {
    if (price.meter !== null) continue
    for (const { terms } of termsOverTime(price)) if (typeof terms.each === 'object') names.add(terms.each.quantity)
  }
  return names
}
