import type { Random } from '@meterline/shared/base/random.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { instantOf, periodBounds, periodOf } from '../oracle/calendar.ts'
import type { PlannedPrice } from '../oracle/planned-price.ts'
import type { PlannedOffering, PlannedSubscription, TenantPlan } from '../oracle/tenant-plan.ts'
import { includes } from './draw-contracts.ts'
import { drawPrice } from './draw-price.ts'
import { otherTracker } from './draw-services.ts'

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
    const again = drawPrice(random, `${id}-v${number}`, {
      meter: price.meter,
      expected: usualQuantity,
      startMs,
      splittable: includes(plan, price),
    })
    added.push(again)
    return again.id
  })
  const versions = [...(offering.versions ?? []), { from, prices, ...allowancesOf(random, offering) }]
  if (versions.some((each, place) => place < versions.length - 1 && instantOf(each.from) === instantOf(from)))
    return { what: 'writes the same again', plan: { ...plan } }
  const offerings = plan.offerings.map((each) => (each === offering ? { ...each, versions } : each))
  const sold = { ...plan, offerings, prices: [...plan.prices, ...added] }
  const to = { offering: offering.id, version: from }
  const subscriptions = plan.subscriptions.map((each) =>
    lastOffering(each) === offering.id && random.below(2) === 0
      ? migrated(each, to, instantText(random, startMs, stormMs))
      : each,
  )
  return { what: `sells another ${offering.id} from ${from} on`, plan: { ...sold, subscriptions } }
}

/** What the next version of an offering includes: the same, or half as much. */
function allowancesOf(random: Random, { allowances }: PlannedOffering): Pick<PlannedOffering, 'allowances'> {
  if (allowances === undefined) return {}
  if (random.below(2) === 0) return { allowances }
  return { allowances: allowances.map((each) => ({ ...each, quantity: each.quantity / 2n + 1n })) }
}

/**
 * A subscription goes over to another version of its offering, perhaps back to the first, or to another offering of the same
 * meters; null when none has a choice.
 */
export function newMigration(
  random: Random,
  plan: TenantPlan,
  { startMs, stormMs }: Times,
): { readonly what: string; readonly plan: TenantPlan } | null {
  const several = plan.subscriptions.filter((each) => choicesOf(plan, each).length > 1)
  const chosen = several[random.below(Math.max(1, several.length))]
  if (chosen === undefined) return null
  const choices = choicesOf(plan, chosen)
  const to = choices[random.below(choices.length)] ?? choices[0]
  if (to === undefined) return null
  const changed = migrated(chosen, to, instantText(random, startMs, stormMs))
  const subscriptions = plan.subscriptions.map((each) => (each === chosen ? changed : each))
  return { what: `takes ${chosen.id} over to ${to.version} of ${to.offering}`, plan: { ...plan, subscriptions } }
}

/** What a subscription may go over to: a version of an offering, by when it is sold from. */
interface Choice {
  readonly offering: string
  readonly version: string
}

/** All versions of the offering that a subscription began with, and of what is sold in its place. */
export function choicesOf(plan: TenantPlan, { offering: first }: PlannedSubscription): readonly Choice[] {
  const ids = first === 'tracker' ? [first, otherTracker] : [first]
  return plan.offerings
    .filter(({ id }) => ids.includes(id))
    .flatMap(({ id, versions = [] }) =>
      ['first', ...versions.map(({ from }) => from)].map((version) => ({ offering: id, version })),
    )
}

/** The offering of the last migration, or the one that a subscription began with. */
function lastOffering({ offering, migrations = [] }: PlannedSubscription): string {
  return migrations.toSorted((a, b) => instantOf(a.at) - instantOf(b.at)).at(-1)?.offering ?? offering
}

/** The subscription with one more migration, unless it has one at that instant. Migrations name offerings once they differ. */
export function migrated(subscription: PlannedSubscription, to: Choice, at: string): PlannedSubscription {
  const { offering: first, migrations = [] } = subscription
  const taken = [...migrations.map((each) => each.at), subscription.from].map(instantOf)
  if (taken.includes(instantOf(at)) || instantOf(at) <= instantOf(subscription.from)) return subscription
  const all = [...migrations.map((each) => ({ offering: first, ...each })), { at, ...to }]
  const isPlain = all.every(({ offering }) => offering === first)
  const written = isPlain ? all.map((each) => ({ at: each.at, version: each.version })) : all
  return { ...subscription, migrations: written }
}
