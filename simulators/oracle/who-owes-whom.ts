import { boundsOf } from './billing-cycles.ts'
import { instantOf } from './calendar.ts'
import type { PlannedPrice, PlannedTerms } from './planned-price.ts'
import type { StoredUnit } from './stored-batch.ts'
import type { PlannedAccount, PlannedSubscription, TenantPlan } from './tenant-plan.ts'
import { everSells, inForce, priceAt } from './terms-in-force.ts'

/** An amount one party owes another. */
export interface Owing {
  readonly seller: string
  readonly buyer: string
  readonly amountMicros: bigint
}

/** One debt that a record causes: who owes whom, under which subscription, at which price. */
export interface Debt {
  readonly seller: string
  readonly buyer: string
  readonly subscription: string
  readonly price: PlannedPrice
  /** As they are at the time of use. */
  readonly terms: PlannedTerms
}

/** Why a record causes no debts but stays in suspense. */
export type NoDebtReason = 'unknown_subject' | 'unknown_meter' | 'no_price' | 'subscription_not_active'

/** The debts of a record, retail first; or the reason why there are none. */
export type Owed =
  { readonly debts: readonly Debt[]; readonly reason: null } | { readonly debts: null; readonly reason: NoDebtReason }

/**
 * Walks the plan's tree for one quantity of one meter of a unit: the subscription that lists the subject, then what every reseller
 * on the way up buys, then what partners sell to the operator. It goes over the plain lists each time and remembers
 * nothing, because here only being right counts.
 */
export function owedFor(
  plan: TenantPlan,
  { subject, labels }: Pick<StoredUnit, 'subject' | 'labels'>,
  meter: string,
  timeMs: number,
): Owed {
  const listed = plan.subscriptions.filter((subscription) => subscription.subjects?.includes(subject) === true)
  if (listed.length === 0) return { debts: null, reason: 'unknown_subject' }
  if (!plan.meters.some(({ id }) => id === meter)) return { debts: null, reason: 'unknown_meter' }
  const selling = listed.filter((subscription) => everSells(plan, subscription, meter))
  if (selling.length === 0) return { debts: null, reason: 'no_price' }
  const active = selling.filter((subscription) => inForce(subscription, timeMs))
  if (active.length === 0) return { debts: null, reason: 'subscription_not_active' }
  const retail = active.find((subscription) => priceAt(plan, subscription, meter, timeMs) !== undefined)
  const owed = retail === undefined ? undefined : debtOf(plan, retail, meter, timeMs)
  if (retail === undefined || owed === undefined) return { debts: null, reason: 'no_price' }

  const debts = [owed]
  for (const above of ancestors(plan, retail.account, timeMs)) {
    if (above.kind !== 'reseller') continue
    const purchase = plan.subscriptions.find(
      (subscription) =>
        subscription.account === above.id &&
        inForce(subscription, timeMs) &&
        priceAt(plan, subscription, meter, timeMs) !== undefined,
    )
    const debt = purchase === undefined ? undefined : debtOf(plan, purchase, meter, timeMs)
    if (debt === undefined) return { debts: null, reason: 'no_price' }
    debts.push(debt)
  }
  for (const cost of plan.subscriptions) {
    if (cost.account !== plan.operator || !inForce(cost, timeMs) || !isMeant(cost, labels)) continue
    const debt = debtOf(plan, cost, meter, timeMs)
    if (debt !== undefined) debts.push(debt)
  }
  return { debts, reason: null }
}

/** Whether a partner is due something for usage with these labels: all that he names are there, with a value he names. */
function isMeant({ only = {} }: PlannedSubscription, labels: ReadonlyMap<string, string>): boolean {
  return Object.entries(only).every(([label, values]) => [values].flat().includes(labels.get(label) ?? ''))
}

/**
 * Who sells to whom what a subscription is due for besides usage, or for usage of a meter before there is any; undefined for
 * what partners sell.
 */
export function feePartiesOf(
  plan: TenantPlan,
  { account, seller: partner }: PlannedSubscription,
  period: string,
  meter?: string,
): { readonly seller: string; readonly buyer: string } | undefined {
  if (partner !== undefined) return undefined
  // Nobody moves in the middle of a period.
  const { startMs } = boundsOf(plan, period)
  const buyer = meter === undefined ? payerOf(plan, account, startMs) : payerOfMeter(plan, account, meter, startMs)
  return { seller: sellerAbove(plan, account, startMs), buyer }
}

function sellerAbove(plan: TenantPlan, account: string, atMs: number): string {
  return ancestors(plan, account, atMs).find(({ kind }) => kind === 'reseller')?.id ?? plan.operator
}

/** Undefined when nothing is sold of the meter at that time. */
function debtOf(plan: TenantPlan, subscription: PlannedSubscription, meter: string, timeMs: number): Debt | undefined {
  const found = priceAt(plan, subscription, meter, timeMs)
  if (found === undefined) return undefined
  if (subscription.account === plan.operator) {
    if (subscription.seller === undefined) throw new Error(`${subscription.id} names no partner`)
    return { seller: subscription.seller, buyer: plan.operator, subscription: subscription.id, ...found }
  }
  const seller = sellerAbove(plan, subscription.account, timeMs)
  const buyer = payerOfMeter(plan, subscription.account, meter, timeMs)
  return { seller, buyer, subscription: subscription.id, ...found }
}

/** Who gets the documents on which usage of a meter stands: where the parent pays for it, whoever pays for him. */
function payerOfMeter(plan: TenantPlan, id: string, meter: string, atMs: number): string {
  const account = plan.accounts.find((each) => each.id === id)
  const isOwn = account?.payer !== 'parent' && account?.parentPays?.meters?.includes(meter) !== true
  return isOwn || account === undefined ? id : payerOfMeter(plan, parentAt(account, atMs), meter, atMs)
}

/** Who pays for the parent of an account in a period; undefined for an account that its seller is the parent of. */
export function payerAbove(plan: TenantPlan, id: string, period: string): string | undefined {
  const { startMs } = boundsOf(plan, period)
  const own = plan.accounts.find((each) => each.id === id)
  const above = plan.accounts.find((each) => own !== undefined && each.id === parentAt(own, startMs))
  return above === undefined || above.kind === 'reseller' ? undefined : payerOf(plan, above.id, startMs)
}

/** The account itself, or the first one up that pays for itself. */
function payerOf(plan: TenantPlan, id: string, atMs: number): string {
  const account = plan.accounts.find((each) => each.id === id)
  return account?.payer === 'parent' ? payerOf(plan, parentAt(account, atMs), atMs) : id
}

/** The accounts strictly above at an instant, nearest first, without the operator. */
function ancestors(plan: TenantPlan, id: string, atMs: number): readonly PlannedAccount[] {
  const own = plan.accounts.find((each) => each.id === id)
  const parent = plan.accounts.find((each) => own !== undefined && each.id === parentAt(own, atMs))
  return parent === undefined ? [] : [parent, ...ancestors(plan, parent.id, atMs)]
}

/** Where an account hangs at an instant. */
function parentAt({ parent, moves = [] }: PlannedAccount, atMs: number): string {
  const begun = moves.filter(({ at }) => instantOf(at) <= atMs).toSorted((a, b) => instantOf(a.at) - instantOf(b.at))
  return begun.at(-1)?.parent ?? parent
}
