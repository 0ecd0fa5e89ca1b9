import type { Random } from '@meterline/shared/base/random.ts'
import { periodOf } from '../oracle/calendar.ts'
import type { PlannedPrice } from '../oracle/planned-price.ts'
import type { PlannedOffering, TenantPlan } from '../oracle/tenant-plan.ts'
import { instantText, newMigration, newVersion } from './draw-versions.ts'
import { includes } from './draw-contracts.ts'
import { changeSubscription } from './draw-commands.ts'
import { drawPrice, drawTerms } from './draw-price.ts'
import { statedQuantities } from './draw-fees.ts'
import { otherTracker } from './draw-services.ts'
import type { WorldTenant } from './tenant.ts'

/** The next version of a tenant file, and what a person would say about it. */
export interface CatalogueChange {
  readonly what: string
  readonly plan: TenantPlan
}

const mostChanges = 4
const usualQuantity = 20_000
const strangers = 5

/** When the world of a change begins, and how long its storm blows. */
export interface ChangingTimes {
  readonly startMs: number
  readonly stormMs: number
}

/**
 * What the operator changes while usage flows, each on top of the ones before: the latecomer is subscribed in any case,
 * prices change on dates, offerings get versions and subscriptions go over to them, devices move to another customer, a
 * meter that nobody sold gets a price, a customer comes.
 */
export function drawCatalogueChanges(
  random: Random,
  { plan, latecomer, startMs }: WorldTenant,
  stormMs: number,
): readonly CatalogueChange[] {
  const changes: CatalogueChange[] = []
  const count = 1 + random.below(mostChanges)
  const joinsAt = random.below(count)
  let inForce = plan
  for (let number = 0; number < count; number++) {
    const times = { startMs, stormMs }
    const change =
      number === joinsAt ? subscribe(random, inForce, latecomer, times) : drawChange(random, inForce, number, times)
    changes.push(change)
    inForce = change.plan
  }
  return changes
}

function drawChange(random: Random, plan: TenantPlan, number: number, times: ChangingTimes): CatalogueChange {
  switch (random.below(10)) {
    case 0:
      return moveDevice(random, plan)
    case 1:
      return plan.prices.some(({ meter }) => meter === 'unsold.meter')
        ? changePrices(random, plan, times)
        : sellMore(random, plan, times)
    case 2:
      return newCustomer(random, plan, number, times)
    case 3:
    case 4:
      return newVersion(random, plan, number, times)
    case 5:
      return newMigration(random, plan, times) ?? changePrices(random, plan, times)
    case 6:
    case 7:
      return changeSubscription(random, plan, times)
    case 8:
      if (!plan.offerings.some(({ id }) => id === otherTracker)) return changePrices(random, plan, times)
      return newMigration(random, plan, times) ?? changePrices(random, plan, times)
    default:
      return changePrices(random, plan, times)
  }
}

/** Some prices cost something else from some instant on, which may lie behind; what was charged stays as it is. */
function changePrices(random: Random, plan: TenantPlan, { startMs, stormMs }: ChangingTimes): CatalogueChange {
  const changed = new Set(plan.prices.filter(() => random.below(4) === 0).map(({ id }) => id))
  const again = (price: PlannedPrice): PlannedPrice => {
    if (!changed.has(price.id)) return price
    const from = instantText(random, startMs, stormMs)
    if (price.changes?.some((change) => change.from === from) === true) return price
    const terms = drawTerms(random, {
      meter: price.meter,
      expected: usualQuantity,
      startMs,
      splittable: includes(plan, price),
    })
    return { ...price, changes: [...(price.changes ?? []), { from, ...terms }] }
  }
  return { what: `changes the prices ${[...changed].join(', ')}`, plan: { ...plan, prices: plan.prices.map(again) } }
}

function subscribe(random: Random, plan: TenantPlan, subject: string, { startMs }: ChangingTimes): CatalogueChange {
  const [first] = plan.subscriptions
  const account = first?.account ?? plan.operator
  const from = drawBeginning(random, startMs)
  const late = {
    id: 'late-tracker',
    account,
    offering: 'tracker',
    from,
    subjects: [subject],
    quantities: statedQuantities,
  }
  return { what: `subscribes ${subject}`, plan: { ...plan, subscriptions: [...plan.subscriptions, late] } }
}

/** Since the year began, with the month in which the world does, or on some earlier day of it. */
function drawBeginning(random: Random, startMs: number): string {
  const month = periodOf(startMs)
  const day = 1 + random.below(12)
  return ['2026-01-01', `${month}-01`, `${month}-${String(day).padStart(2, '0')}`][random.below(3)] ?? '2026-01-01'
}

/** A tracker belongs to somebody else from the next rating on. */
function moveDevice(random: Random, plan: TenantPlan): CatalogueChange {
  const sold = plan.subscriptions.filter(({ offering, subjects }) => offering === 'tracker' && subjects !== undefined)
  const from = sold[random.below(sold.length)]
  const to = sold[random.below(sold.length)]
  const subject = from?.subjects?.[random.below(from.subjects.length)]
  if (from === undefined || to === undefined || from === to || subject === undefined || from.subjects?.length === 1)
    return { what: 'writes the same again', plan: { ...plan } }
  const subscriptions = plan.subscriptions.map((each) => {
    if (each === from) return { ...each, subjects: each.subjects?.filter((other) => other !== subject) ?? [] }
    return each === to ? { ...each, subjects: [...(each.subjects ?? []), subject] } : each
  })
  return { what: `moves ${subject} from ${from.id} to ${to.id}`, plan: { ...plan, subscriptions } }
}

/** What waits in suspense for want of a price can be released then: every seller on the way has one. */
function sellMore(random: Random, plan: TenantPlan, { startMs }: ChangingTimes): CatalogueChange {
  const added: PlannedPrice[] = []
  const offerings = plan.offerings.map((offering): PlannedOffering => {
    const isTracker = offering.id === 'tracker' || /^wholesale-(?!ai-)/.test(offering.id)
    if (!isTracker) return offering
    const price = drawPrice(random, `${offering.id}-unsold`, { meter: 'unsold.meter', expected: 20, startMs })
    added.push(price)
    const versions = offering.versions?.map((each) => ({ ...each, prices: [...each.prices, price.id] }))
    return { ...offering, prices: [...offering.prices, price.id], ...(versions === undefined ? {} : { versions }) }
  })
  return { what: 'sells unsold.meter', plan: { ...plan, offerings, prices: [...plan.prices, ...added] } }
}

/** A customer of the operator comes, for one of the strangers that have been heard already. */
function newCustomer(random: Random, plan: TenantPlan, number: number, { startMs }: ChangingTimes): CatalogueChange {
  const subject = `stranger-${random.below(strangers)}`
  if (plan.subscriptions.some(({ subjects }) => subjects?.includes(subject) === true))
    return { what: 'writes the same again', plan: { ...plan } }
  const id = `newcomer-${number}`
  const accounts = [...plan.accounts, { id, kind: 'customer' as const, parent: plan.operator, payer: 'self' as const }]
  const from = drawBeginning(random, startMs)
  const own = {
    id: `${id}-trackers`,
    account: id,
    offering: 'tracker',
    from,
    subjects: [subject],
    quantities: statedQuantities,
  }
  return { what: `subscribes ${subject}`, plan: { ...plan, accounts, subscriptions: [...plan.subscriptions, own] } }
}
