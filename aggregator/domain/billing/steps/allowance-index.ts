import type { Catalogue, CatalogueSubscription, SubscriptionVersion } from '../../catalogue/catalogue.ts'
import { versionsOf } from '../../catalogue/offering-definition.ts'
import type { Relation } from '../../ledger/templates.ts'

/** Who shares allowances with whom. */
export interface AllowanceIndex {
  /**
   * The subscriptions that share an allowance for a meter at some time, in the order of their ids; by `sharingKey`. Of a
   * subscription that was moved or migrated both what it was and what it is count.
   */
  readonly sharing: ReadonlyMap<string, readonly CatalogueSubscription[]>
}

const indexes = new WeakMap<Catalogue, AllowanceIndex | 'none'>()

/** The index of a catalogue, made when it is first asked for; null where no offering has any allowance. */
export function allowanceIndexOf(catalogue: Catalogue): AllowanceIndex | null {
  const known = indexes.get(catalogue) ?? madeIndex(catalogue)
  indexes.set(catalogue, known)
  return known === 'none' ? null : known
}

/** What the subscriptions that share allowances for a meter on one bill are found by. */
export function sharingKey({ seller, buyer, currency }: Relation, meter: string): string {
  return `${seller} ${buyer} ${currency} ${meter}`
}

/** Whether usage of a meter is sold in a relation under a version of a subscription. */
export function isSoldIn(relation: Relation, meter: string, version: SubscriptionVersion): boolean {
  const leg = version.legs.get(meter)
  return (
    leg !== undefined &&
    leg.buyer === relation.buyer &&
    leg.seller === relation.seller &&
    leg.currency === relation.currency
  )
}

function madeIndex(catalogue: Catalogue): AllowanceIndex | 'none' {
  const { offerings, subscriptions } = catalogue.file
  const withAny = offerings.filter((offering) => versionsOf(offering).some(({ allowances }) => allowances.length > 0))
  if (withAny.length === 0) return 'none'
  const shared = new Set(
    withAny
      .filter((offering) => versionsOf(offering).some(({ allowances }) => allowances.some(isShared)))
      .map(({ id }) => id),
  )
  const sharing = new Map<string, CatalogueSubscription[]>()
  if (shared.size === 0) return { sharing }
  for (const { id, offering, migrations } of subscriptions) {
    if (!shared.has(offering) && !migrations.some((migration) => shared.has(migration.offering ?? offering))) continue
    const subscription = catalogue.subscriptions.get(id)
    if (subscription !== undefined) addTo(sharing, subscription)
  }
  return { sharing }
}

function addTo(sharing: Map<string, CatalogueSubscription[]>, subscription: CatalogueSubscription): void {
  for (const { allowances, legs } of subscription.versions) {
    for (const allowance of allowances) {
      const leg = isShared(allowance) ? legs.get(allowance.meter) : undefined
      if (leg === undefined) continue
      const key = sharingKey(leg, allowance.meter)
      const members = sharing.get(key) ?? []
      sharing.set(key, members)
      if (members.at(-1) !== subscription) members.push(subscription)
    }
  }
}

function isShared({ pool }: { readonly pool: 'subscription' | 'subtree' }): boolean {
  return pool === 'subtree'
}
