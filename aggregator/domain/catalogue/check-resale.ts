import { parentAt, type AccountDefinition } from '../accounts/account-definition.ts'
import type { Draft, Placed } from './draft.ts'
import { metersEverPriced, offeringMeters, pricesDuring } from './offering-meters.ts'
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
    const meters = metersEverPriced(sale, metersOf)
    const account = accounts.get(sale.account)
    if (account === undefined) continue
    for (const { reseller, ...time } of resellersAbove(account, sale, accounts)) {
      const bought = purchases.get(reseller.value.id) ?? []
      for (const meter of meters) {
        const subject = `${reseller.value.id} ${meter}`
        if (reported.has(subject)) continue
        if (bought.some((purchase) => pricesDuring(purchase, meter, time, metersOf))) continue
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

/** A reseller and for how long he is above a subscription's account. */
interface ResellerAbove {
  readonly reseller: Placed<AccountDefinition>
  readonly fromMs: number
  /** Exclusive; null: no end. */
  readonly toMs: number | null
}

/** The resellers strictly above an account while a subscription of it runs, from move to move of what is above. */
function resellersAbove(
  account: Placed<AccountDefinition>,
  { fromMs: startMs, toMs }: SubscriptionDefinition,
  accounts: ReadonlyMap<string, Placed<AccountDefinition>>,
): readonly ResellerAbove[] {
  const found: ResellerAbove[] = []
  const endMs = toMs ?? Infinity
  for (let fromMs = startMs; fromMs < endMs;) {
    const way = wayUp(account, fromMs, accounts)
    const moments = way.flatMap(({ value }) => value.moves.map(({ atMs }) => atMs)).filter((atMs) => atMs > fromMs)
    const untilMs = moments.reduce((first, atMs) => Math.min(first, atMs), endMs)
    const span = { fromMs, toMs: untilMs === Infinity ? null : untilMs }
    for (const above of way.slice(1)) if (above.value.kind === 'reseller') found.push({ reseller: above, ...span })
    fromMs = untilMs
  }
  return found
}

/** An account and those above it at an instant; stops where the tree is broken, which is reported elsewhere. */
function wayUp(
  account: Placed<AccountDefinition>,
  timeMs: number,
  accounts: ReadonlyMap<string, Placed<AccountDefinition>>,
): readonly Placed<AccountDefinition>[] {
  const way = new Set<Placed<AccountDefinition>>()
  for (let each: Placed<AccountDefinition> | undefined = account; each !== undefined && !way.has(each);) {
    way.add(each)
    each = accounts.get(parentAt(each.value, timeMs))
  }
  return [...way]
}
