import type { AccountDefinition } from '../accounts/account-tree.ts'
import type { Draft, Placed } from './draft.ts'
import { offeringMeters, pricesDuring } from './offering-meters.ts'
import { problem, type Problem } from './problem.ts'
import type { SubscriptionDefinition } from './subscription-definition.ts'

/**
 * Every reseller buys what is sold through it. Usage that a reseller has no price for would go to suspense one event at a
 * time; a file that can only lead there is refused instead. A price of zero says "free" and is a price.
 */
export function checkResale(draft: Draft): readonly Problem[] {
  const accounts = new Map(draft.accounts.map((account) => [account.value.id, account]))
  const metersOf = offeringMeters(draft)
  const purchases = purchasesByReseller(draft, accounts)
  const reported = new Set<string>()
  const problems: Problem[] = []
  for (const { value: sale } of draft.subscriptions) {
    const meters = metersOf.get(sale.offering)?.all
    const account = accounts.get(sale.account)
    if (meters === undefined || account === undefined) continue
    for (const reseller of resellersAbove(account, accounts)) {
      const bought = purchases.get(reseller.value.id) ?? []
      for (const meter of meters) {
        const subject = `${reseller.value.id} ${meter}`
        if (reported.has(subject)) continue
        if (bought.some((purchase) => pricesDuring(purchase, meter, sale, metersOf))) continue
        reported.add(subject)
        const message = `is ${reseller.value.id}, which sells ${meter} (subscription ${sale.id}) but buys it from nobody`
        const suggestion = `add a subscription with account: ${reseller.value.id} to an offering with a price for ${meter}`
        problems.push(problem(['accounts', reseller.index, 'id'], message, suggestion))
      }
    }
  }
  return problems
}

function purchasesByReseller(
  draft: Draft,
  accounts: ReadonlyMap<string, Placed<AccountDefinition>>,
): ReadonlyMap<string, readonly SubscriptionDefinition[]> {
  const purchases = new Map<string, SubscriptionDefinition[]>()
  for (const { value } of draft.subscriptions) {
    if (accounts.get(value.account)?.value.kind !== 'reseller') continue
    const known = purchases.get(value.account)
    if (known === undefined) purchases.set(value.account, [value])
    else known.push(value)
  }
  return purchases
}

/** The resellers strictly above an account; stops where the tree is broken, which is reported elsewhere. */
function resellersAbove(
  account: Placed<AccountDefinition>,
  accounts: ReadonlyMap<string, Placed<AccountDefinition>>,
): readonly Placed<AccountDefinition>[] {
  const found: Placed<AccountDefinition>[] = []
  const seen = new Set([account.value.id])
  let above = accounts.get(account.value.parent)
  while (above !== undefined && !seen.has(above.value.id)) {
    seen.add(above.value.id)
    if (above.value.kind === 'reseller') found.push(above)
    above = accounts.get(above.value.parent)
  }
  return found
}
