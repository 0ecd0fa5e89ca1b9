import type { Bounds } from './billing-cycles.ts'
import { instantOf } from './calendar.ts'
import { pauseEdges } from './pauses.ts'
import type { MatrixReference, PlannedFee, PlannedPrice, PlannedRow, PlannedTerms } from './planned-price.ts'
import type { PlannedAllowance } from './planned-contract.ts'
import type { PlannedOffering, PlannedSubscription, TenantPlan } from './tenant-plan.ts'

/** What stands beside the terms of a price, or of a change of it. */
const besideTerms = ['id', 'meter', 'tax', 'changes', 'from']

/** A price as it is at some instant. */
export interface PriceInForce {
  readonly price: PlannedPrice
  readonly terms: PlannedTerms
}

interface Sold {
  readonly offering: string
  readonly version: Pick<PlannedOffering, 'prices' | 'allowances'>
}

/** Whether a subscription is in force at an instant. */
export function inForce({ from, to }: PlannedSubscription, atMs: number): boolean {
  return atMs >= instantOf(from) && (to === undefined || atMs < instantOf(to))
}

/** The price of a meter that a subscription has at an instant; undefined when it has none. */
export function priceAt(
  plan: TenantPlan,
  subscription: PlannedSubscription,
  meter: string,
  atMs: number,
): PriceInForce | undefined {
  const ids = idsAt(plan, subscription, atMs)
  const price = plan.prices.find((each) => each.meter === meter && ids.includes(each.id))
  return price === undefined ? undefined : { price, terms: termsAt(plan, price, atMs) }
}

/** The prices that a subscription has at an instant, with their terms. */
export function pricesAt(plan: TenantPlan, subscription: PlannedSubscription, atMs: number): readonly PriceInForce[] {
  const ids = idsAt(plan, subscription, atMs)
  const prices = plan.prices.filter(({ id }) => ids.includes(id))
  return prices.map((price) => ({ price, terms: termsAt(plan, price, atMs) }))
}

/** The fees that a subscription has at an instant. */
export function feesAt(plan: TenantPlan, subscription: PlannedSubscription, atMs: number): readonly PlannedFee[] {
  const ids = idsAt(plan, subscription, atMs)
  return plan.fees.filter(({ id }) => ids.includes(id))
}

/** The allowances that a subscription has at an instant, and the offering they are of. */
export function allowancesAt(
  plan: TenantPlan,
  subscription: PlannedSubscription,
  atMs: number,
): { readonly offering: string; readonly allowances: readonly PlannedAllowance[] } {
  const sold = soldAt(plan, subscription, atMs)
  return { offering: sold?.offering ?? '', allowances: sold?.version.allowances ?? [] }
}

/** How many of something a subscription has at an instant; none where it states nothing of the kind. */
export function quantityAt(subscription: PlannedSubscription, name: string, atMs: number): bigint {
  const stated = (subscription.changes ?? []).filter(({ quantities }) => name in quantities)
  const change = lastBefore(stated, ({ at }) => at, atMs)
  return BigInt(change?.quantities[name] ?? subscription.quantities?.[name] ?? 0)
}

/** The beginning of a period and the instants in it at which what a subscription has may become something else. */
export function turningPoints(
  plan: TenantPlan,
  subscription: PlannedSubscription,
  { startMs, endMs }: Bounds,
): readonly number[] {
  const { from, to, migrations = [], changes = [] } = subscription
  const said = [from, ...(to === undefined ? [] : [to]), ...[...migrations, ...changes].map(({ at }) => at)]
  const all = [startMs, ...said.map(instantOf), ...pauseEdges(plan, subscription)]
  return [...new Set(all.filter((atMs) => atMs >= startMs && atMs < endMs))].toSorted((a, b) => a - b)
}

/** Whether a subscription has a price for a meter at any time at all. */
export function everSells(plan: TenantPlan, subscription: PlannedSubscription, meter: string): boolean {
  const named = [subscription.offering, ...(subscription.migrations ?? []).map(({ offering }) => offering)]
  const ids = plan.offerings
    .filter(({ id }) => named.includes(id))
    .flatMap(({ prices, versions = [] }) => [...prices, ...versions.flatMap((version) => version.prices)])
  return plan.prices.some((each) => each.meter === meter && ids.includes(each.id))
}

/** All terms that a price ever has. */
export function allTermsOf(plan: TenantPlan, price: PlannedPrice): readonly PlannedTerms[] {
  const starts = (price.changes ?? []).map(({ from }) => instantOf(from))
  return [-Infinity, ...starts].map((atMs) => termsAt(plan, price, atMs))
}

/** Whether two prices say the same about a meter, so that their usage belongs together. */
export function sameTerms(left: PlannedTerms, right: PlannedTerms): boolean {
  return left === right || termsText(left) === termsText(right)
}

/** Terms as text, the same for the same ones whatever order they are written in. */
export function termsText(terms: PlannedTerms): string {
  return JSON.stringify(terms, (_key, each: unknown) => {
    if (typeof each === 'bigint') return each.toString()
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return each
    const members = Object.entries(each).filter(([, value]) => value !== null && value !== undefined)
    return Object.fromEntries(members.toSorted(([a], [b]) => (a < b ? -1 : 1)))
  })
}

function idsAt(plan: TenantPlan, subscription: PlannedSubscription, atMs: number): readonly string[] {
  return soldAt(plan, subscription, atMs)?.version.prices ?? []
}

/**
 * What a subscription has: of the version of its offering that was sold when it began, until it goes over to
 * another one.
 */
function soldAt(plan: TenantPlan, subscription: PlannedSubscription, atMs: number): Sold | undefined {
  const migration = lastBefore(subscription.migrations ?? [], ({ at }) => at, atMs)
  const sold = migration?.offering ?? offeringBefore(subscription, atMs)
  const offering = plan.offerings.find(({ id }) => id === sold)
  if (offering === undefined) return undefined
  const versions = offering.versions ?? []
  if (migration?.version === 'first') return { offering: offering.id, version: offering }
  const version =
    migration === undefined
      ? lastBefore(versions, ({ from }) => from, instantOf(subscription.from))
      : versions.find(({ from }) => instantOf(from) === instantOf(migration.version))
  return { offering: offering.id, version: version ?? offering }
}

/** The offering that the last migration but one named, or the first one: a migration that names none keeps it. */
function offeringBefore({ offering, migrations = [] }: PlannedSubscription, atMs: number): string {
  const named = migrations.filter((each) => each.offering !== undefined)
  return lastBefore(named, ({ at }) => at, atMs)?.offering ?? offering
}

function termsAt(plan: TenantPlan, price: PlannedPrice, atMs: number): PlannedTerms {
  const change = lastBefore(price.changes ?? [], ({ from }) => from, atMs)
  const said = Object.entries(change ?? price).filter(([name]) => !besideTerms.includes(name))
  // What is left of a price or a change of it are its terms.
  return written(plan, price.meter, Object.fromEntries(said) as unknown as PlannedTerms | MatrixReference)
}

/** Terms in full where they name a matrix of the tenant: its rows with an amount for the meter. */
function written(plan: TenantPlan, meter: string, terms: PlannedTerms | MatrixReference): PlannedTerms {
  if (!('matrix' in terms)) return terms
  const matrix = plan.matrices.find(({ id }) => id === terms.matrix)
  if (matrix === undefined) throw new Error(`there is no matrix ${terms.matrix}`)
  const { per, fact } = matrix
  const rows = matrix.rows.flatMap(({ when, amounts, above = [] }): readonly PlannedRow[] => {
    const amount = amounts[meter]
    if (amount === undefined) return []
    const bands = above.flatMap((each) => {
      const ofBand = each.amounts[meter]
      return ofBand === undefined ? [] : [{ above: each.above, amount: ofBand }]
    })
    if (bands.length === 0) return [{ when, model: 'per-unit', amount, per }]
    return [{ when, model: 'request-threshold', fact, amount, per, above: bands }]
  })
  return { model: 'matrix', dimensions: matrix.dimensions, rows }
}

/** The last of several, in whatever order they are written, that has begun. */
function lastBefore<Begun>(all: readonly Begun[], from: (each: Begun) => string, atMs: number): Begun | undefined {
  return all
    .filter((each) => instantOf(from(each)) <= atMs)
    .toSorted((a, b) => instantOf(from(a)) - instantOf(from(b)))
    .at(-1)
}
