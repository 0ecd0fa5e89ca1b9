import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { Catalogue, CatalogueSubscription, SubscriptionVersion } from '../catalogue/catalogue.ts'
import { subscriptionJson, type SubscriptionDefinition } from '../catalogue/subscription-definition.ts'
import { quantitiesJson, sameQuantities } from '../catalogue/subscription-quantities.ts'
import { allowanceJson } from '../contract/allowance-definition.ts'
import type { TimeSpan } from '../contract/time-span.ts'
import { periodKeyParts, periodOfKey } from '../periods/billing-cycle.ts'
import type { ChargedRelation } from '../rating-of-record/rated-partitions.ts'
import { changedOfferings } from './changed-offerings.ts'
import { feesOfPeriod, feeSegmentKey } from './fees-due.ts'
import { touchedByContracts } from './touched-contracts.ts'

/**
 * In which of some periods (by their keys: those that are billed) another version of a catalogue changes what subscriptions
 * owe beside usage: because when they begin, end, pause or change is something else than before, or their fees are; and in
 * which contracts promise or take off something else. Each relation once, those of subscriptions in the order of periods, then
 * those of contracts. Subjects have no dates, and change nothing in a period that is billed.
 */
export function touchedRelations(
  before: Catalogue,
  after: Catalogue,
  periodKeys: readonly string[],
): readonly ChargedRelation[] {
  if (periodKeys.length === 0) return []
  const candidates = changedSubscriptions(before, after)
  const touched = new Map<string, ChargedRelation>()
  for (const key of periodKeys) {
    const period = periodOfKey(after.cycles, key)
    if (!period.ok) continue
    for (const { earlier, later, fromMs } of candidates) {
      if (fromMs >= period.value.endMs) continue
      if (heldIn(earlier, period.value) === heldIn(later, period.value)) continue
      for (const relation of [...relationsIn(earlier, period.value), ...relationsIn(later, period.value)]) {
        touched.set(Object.values(relation).join(' '), relation)
      }
    }
  }
  for (const relation of touchedByContracts(before, after, periodKeys)) {
    touched.set(Object.values(relation).join(' '), relation)
  }
  return [...touched.values()]
}

/** A subscription that may owe something else, before (null: it is new) and after, from an instant on. */
interface Candidate {
  readonly earlier: CatalogueSubscription | null
  readonly later: CatalogueSubscription
  readonly fromMs: number
}

/** Those that may owe something else: by their own terms, by what they depend on, or by the fees of their offerings. */
function changedSubscriptions(before: Catalogue, after: Catalogue): readonly Candidate[] {
  const definitions = new Map(before.file.subscriptions.map((definition) => [definition.id, definition]))
  const offerings = changedOfferings(before.file, after.file)
  return after.file.subscriptions.flatMap((definition): readonly Candidate[] => {
    const known = definitions.get(definition.id)
    const isSame = known !== undefined && sameTerms(known, definition)
    if (isSame && offerings.size === 0 && definition.dependsOn === null) return []
    const [earlier, later] = [before.subscriptions.get(definition.id) ?? null, after.subscriptions.get(definition.id)]
    if (later === undefined) return []
    const isOwn = !isSame || !samePauses(earlier?.pauses ?? [], later.pauses)
    const fromMs = isOwn ? -Infinity : Math.min(...offeringsOf(definition).map((id) => offerings.get(id) ?? Infinity))
    return fromMs === Infinity ? [] : [{ earlier, later, fromMs }]
  })
}

function offeringsOf({ offering, migrations }: SubscriptionDefinition): readonly string[] {
  return [offering, ...migrations.flatMap((migration) => migration.offering ?? [])]
}

function samePauses(left: readonly TimeSpan[], right: readonly TimeSpan[]): boolean {
  if (left.length !== right.length) return false
  return left.every(({ fromMs, toMs }, index) => fromMs === right[index]?.fromMs && toMs === right[index].toMs)
}

/** Whether two versions of a subscription say the same but for their subjects; nearly all do, and have no dated terms. */
function sameTerms(left: SubscriptionDefinition, right: SubscriptionDefinition): boolean {
  if (left.fromMs !== right.fromMs || left.toMs !== right.toMs || left.offering !== right.offering) return false
  if (isPlain(left) && isPlain(right)) return sameQuantities(left.quantities, right.quantities)
  const text = (definition: SubscriptionDefinition): string =>
    canonicalJson(subscriptionJson({ ...definition, subjects: null }))
  return text(left) === text(right)
}

function isPlain({ changes, migrations, pauses, dependsOn }: SubscriptionDefinition): boolean {
  return changes.length + migrations.length + pauses.length === 0 && dependsOn === null
}

/** What a subscription has and owes in a period beside usage, as a text that tells two of them apart. */
function heldIn(subscription: CatalogueSubscription | null, period: Period): string {
  if (subscription === null) return ''
  const { startMs, endMs } = period
  const active = subscription.activeBetween(startMs, endMs)
  const cycle = active[0]?.version.account.payer.cycle
  if (cycle === undefined || cycle.id !== periodKeyParts(period.key).cycle) return ''
  const spans: string[] = []
  let lastMs = -Infinity
  for (const { fromMs, toMs, version, quantities } of active) {
    const held = canonicalJson([version.offering.id, quantitiesJson(quantities), version.allowances.map(allowanceJson)])
    // Spans are cut wherever a price changes, which is no difference by itself.
    if (lastMs !== fromMs || spans.at(-1) !== held) spans.push(String(lastMs), String(fromMs), held)
    lastMs = toMs
  }
  const fees = feesOfPeriod(subscription, period, cycle, 1n).map(
    (due) => `${feeSegmentKey(subscription.id, due)} ${due.amountMicros} ${due.quantity}`,
  )
  return [...spans, String(lastMs), ...fees].join('\n')
}

/** Between whom a subscription can owe something in a period, in which currencies. */
function relationsIn(subscription: CatalogueSubscription | null, period: Period): readonly ChargedRelation[] {
  const versions = subscription?.versionsBetween(period.startMs, period.endMs) ?? []
  const { cycle } = periodKeyParts(period.key)
  return versions.flatMap((version) => [
    ...feeRelations(version, period.key, cycle),
    ...legRelations(version, period.key, cycle),
  ])
}

function feeRelations(
  { fees, seller, account }: SubscriptionVersion,
  period: string,
  cycle: string,
): readonly ChargedRelation[] {
  const { payer } = account
  if (payer.cycle.id !== cycle) return []
  return fees.map(({ currency }) => ({ period, seller: seller.id, buyer: payer.id, currency }))
}

function legRelations({ legs }: SubscriptionVersion, period: string, cycle: string): readonly ChargedRelation[] {
  return [...legs.values()]
    .filter((leg) => leg.cycle.id === cycle)
    .map(({ seller, buyer, currency }) => ({ period, seller, buyer, currency }))
}
