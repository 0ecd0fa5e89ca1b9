import type { Random } from '@meterline/shared/base/random.ts'
import type { PlannedPrice, TenantPlan } from '../oracle/tenant-plan.ts'
import { drawPrice } from './draw-price.ts'
import type { WorldTenant } from './tenant.ts'

/** The next version of a tenant file, and what a person would say about it. */
export interface CatalogueChange {
  readonly what: string
  readonly plan: TenantPlan
}

const mostChanges = 4

/**
 * What the operator changes while usage flows, each on top of the ones before: the latecomer is subscribed in any case,
 * prices change, devices move to another customer, a meter that nobody sold gets a price, a customer comes.
 */
export function drawCatalogueChanges(random: Random, { plan, latecomer }: WorldTenant): readonly CatalogueChange[] {
  const changes: CatalogueChange[] = []
  const count = 1 + random.below(mostChanges)
  const joinsAt = random.below(count)
  let inForce = plan
  for (let number = 0; number < count; number++) {
    const change = number === joinsAt ? subscribe(inForce, latecomer) : drawChange(random, inForce, number)
    changes.push(change)
    inForce = change.plan
  }
  return changes
}

function drawChange(random: Random, plan: TenantPlan, number: number): CatalogueChange {
  switch (random.below(5)) {
    case 0:
      return moveDevice(random, plan)
    case 1:
      return plan.prices.some(({ meter }) => meter === 'unsold.meter')
        ? changePrices(random, plan)
        : sellMore(random, plan)
    case 2:
      return newCustomer(random, plan, number)
    default:
      return changePrices(random, plan)
  }
}

/** Some prices cost something else from now on. Tiers begin again for usage that is rated after that. */
function changePrices(random: Random, plan: TenantPlan): CatalogueChange {
  const changed = new Set(plan.prices.filter(() => random.below(4) === 0).map(({ id }) => id))
  const again = (price: PlannedPrice): PlannedPrice =>
    changed.has(price.id) ? drawPrice(random, price.id, price.meter, 20_000) : price
  return { what: `changes the prices ${[...changed].join(', ')}`, plan: { ...plan, prices: plan.prices.map(again) } }
}

function subscribe(plan: TenantPlan, subject: string): CatalogueChange {
  const [first] = plan.subscriptions
  const account = first?.account ?? plan.operator
  const late = { id: 'late-tracker', account, offering: 'tracker', from: '2026-01-01', subjects: [subject] }
  return { what: `subscribes ${subject}`, plan: { ...plan, subscriptions: [...plan.subscriptions, late] } }
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
function sellMore(random: Random, plan: TenantPlan): CatalogueChange {
  const added: PlannedPrice[] = []
  const offerings = plan.offerings.map((offering) => {
    const isTracker = offering.id === 'tracker' || /^wholesale-(?!ai-)/.test(offering.id)
    if (!isTracker) return offering
    const price = drawPrice(random, `${offering.id}-unsold`, 'unsold.meter', 20)
    added.push(price)
    return { ...offering, prices: [...offering.prices, price.id] }
  })
  return { what: 'sells unsold.meter', plan: { ...plan, offerings, prices: [...plan.prices, ...added] } }
}

/** A customer of the operator comes, for one of the strangers that have been heard already. */
function newCustomer(random: Random, plan: TenantPlan, number: number): CatalogueChange {
  const subject = `stranger-${random.below(5)}`
  if (plan.subscriptions.some(({ subjects }) => subjects?.includes(subject) === true))
    return { what: 'writes the same again', plan: { ...plan } }
  const id = `newcomer-${number}`
  const accounts = [...plan.accounts, { id, kind: 'customer' as const, parent: plan.operator, payer: 'self' as const }]
  const own = { id: `${id}-trackers`, account: id, offering: 'tracker', from: '2026-01-01', subjects: [subject] }
  return { what: `subscribes ${subject}`, plan: { ...plan, accounts, subscriptions: [...plan.subscriptions, own] } }
}
