import type { Random } from '@meterline/shared/base/random.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { instantOf, periodBounds, periodOf } from '../oracle/calendar.ts'
import type { PlannedPrice } from '../oracle/planned-price.ts'
import type { PlannedSubscription, TenantPlan } from '../oracle/tenant-plan.ts'
import { drawPrice } from './draw-price.ts'

const usualQuantity = 20_000
const secondMs = 1000
const shortlyMs = 600_000

/** When a world begins and how long its storm blows. */
interface Times {
  readonly startMs: number
  readonly stormMs: number
}

/** An instant of the storm as people write it, or one shortly before; sometimes the beginning of the next month. */
export function instantText(random: Random, startMs: number, stormMs: number): string {
  const atMs = startMs + random.below(stormMs + shortlyMs) - shortlyMs
  if (random.below(6) === 0) return `${periodOf(periodBounds(periodOf(startMs)).endMs)}-01`
  return formatInstant(Math.floor(atMs / secondMs) * secondMs)
}

/**
 * An offering is sold with other prices from some instant on: those who have it keep theirs, but for some who go over to
 * the new ones then or later.
 */
export function newVersion(
  random: Random,
  plan: TenantPlan,
  number: number,
  { startMs, stormMs }: Times,
): { readonly what: string; readonly plan: TenantPlan } {
  const offering = plan.offerings[random.below(plan.offerings.length)]
  if (offering === undefined) return { what: 'writes the same again', plan: { ...plan } }
  const before = offering.versions?.at(-1)?.prices ?? offering.prices
  const from = instantText(random, startMs, stormMs)
  const added: PlannedPrice[] = []
  const prices = before.map((id) => {
    const price = plan.prices.find((each) => each.id === id)
    if (price === undefined || random.below(3) === 0) return id
    const again = drawPrice(random, `${id}-v${number}`, { meter: price.meter, expected: usualQuantity, startMs })
    added.push(again)
    return again.id
  })
  const versions = [...(offering.versions ?? []), { from, prices }]
  if (versions.some((each, place) => place < versions.length - 1 && instantOf(each.from) === instantOf(from)))
    return { what: 'writes the same again', plan: { ...plan } }
  const offerings = plan.offerings.map((each) => (each === offering ? { ...each, versions } : each))
  const sold = { ...plan, offerings, prices: [...plan.prices, ...added] }
  const subscriptions = plan.subscriptions.map((each) =>
    each.offering === offering.id && random.below(2) === 0 ? migrated(random, each, from, { startMs, stormMs }) : each,
  )
  return { what: `sells another ${offering.id} from ${from} on`, plan: { ...sold, subscriptions } }
}

/** A subscription goes over to another version of its offering, perhaps back to the first; null when none has several. */
export function newMigration(
  random: Random,
  plan: TenantPlan,
  times: Times,
): { readonly what: string; readonly plan: TenantPlan } | null {
  const several = plan.subscriptions.filter((each) => versionsOf(plan, each).length > 0)
  const chosen = several[random.below(Math.max(1, several.length))]
  if (chosen === undefined) return null
  const versions = ['first', ...versionsOf(plan, chosen)]
  const version = versions[random.below(versions.length)] ?? 'first'
  const subscriptions = plan.subscriptions.map((each) =>
    each === chosen ? migrated(random, each, version, times) : each,
  )
  return { what: `takes ${chosen.id} over to ${version}`, plan: { ...plan, subscriptions } }
}

function versionsOf(plan: TenantPlan, { offering }: PlannedSubscription): readonly string[] {
  return plan.offerings.find(({ id }) => id === offering)?.versions?.map(({ from }) => from) ?? []
}

function migrated(
  random: Random,
  subscription: PlannedSubscription,
  version: string,
  { startMs, stormMs }: Times,
): PlannedSubscription {
  const at = instantText(random, startMs, stormMs)
  const migrations = subscription.migrations ?? []
  const taken = [...migrations.map((each) => each.at), subscription.from].map(instantOf)
  if (taken.includes(instantOf(at)) || instantOf(at) <= instantOf(subscription.from)) return subscription
  return { ...subscription, migrations: [...migrations, { at, version }] }
}
