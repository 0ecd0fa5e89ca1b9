import type { Random } from '@meterline/shared/base/random.ts'
import { periodBounds, periodOf } from '../oracle/calendar.ts'
import type { PlannedAllowance } from '../oracle/planned-contract.ts'
import type { PlannedFee, PlannedPrice } from '../oracle/planned-price.ts'
import type { PlannedOffering, PlannedSubscription, TenantPlan } from '../oracle/tenant-plan.ts'
import { sometimes } from './draw-amount.ts'
import { drawTax } from './draw-billing.ts'
import { drawFees, statedQuantities } from './draw-fees.ts'
import { drawPrice } from './draw-price.ts'
import { deviceLabels } from './labels.ts'

/** What trackers may go over to. */
export const otherTracker = 'tracker-plus'
/** The first two of them need what they are named after. */
const addOns = ['dashboard', 'alarms'] as const

/** A meter of trackers with the quantity that a run comes to, and the name that prices of it begin with. */
type TrackerMeter = readonly [name: string, meter: string, expected: number]

/**
 * What some tenants have beside. They sell: in one of three another offering that trackers can go over to; in one of three services
 * without usage that depend on trackers and on one another; in one of three the first partner is paid for some usage only. In some a customer
 * goes to another seller as the month ends.
 */
export function withServices(
  random: Random,
  plan: TenantPlan,
  trackerMeters: readonly TrackerMeter[],
  startMs: number,
): TenantPlan {
  const wider = random.below(3) === 0 ? withOtherTracker(random, plan, trackerMeters, startMs) : plan
  const linked = random.below(3) === 0 ? withAddOns(random, wider) : wider
  const limited = random.below(3) === 0 ? withCondition(random, linked) : linked
  return random.below(3) === 0 ? withMove(random, limited, startMs) : limited
}

/** The same meters at other prices, with other fees, and twice as much included under the same names. */
function withOtherTracker(
  random: Random,
  plan: TenantPlan,
  trackerMeters: readonly TrackerMeter[],
  startMs: number,
): TenantPlan {
  const included = plan.offerings.find(({ id }) => id === 'tracker')?.allowances ?? []
  const prices = trackerMeters.map(([name, meter, expected]): PlannedPrice => {
    const splittable = included.some((each) => each.meter === meter)
    const price = drawPrice(random, `plus-${name}`, { meter, expected, startMs, splittable })
    return { ...price, ...drawTax(random, plan.taxCodes ?? []) }
  })
  const fees = drawFees(random, 'plus', true)
  const allowances = included.map((each): PlannedAllowance => ({ ...each, quantity: each.quantity * 2n }))
  const offering = {
    id: otherTracker,
    prices: [...prices, ...fees].map(({ id }) => id),
    ...(allowances.length === 0 ? {} : { allowances }),
  }
  return offered(random, { ...plan, prices: [...plan.prices, ...prices] }, offering, fees)
}

/** Services of fees by days or seconds for some of those who have trackers. */
function withAddOns(random: Random, plan: TenantPlan): TenantPlan {
  let wider = plan
  for (const name of addOns) wider = offered(random, wider, { id: name, prices: [] }, [drawServiceFee(random, name)])
  const trackers = plan.subscriptions.filter(({ offering }) => offering === 'tracker')
  const added = trackers.flatMap(({ id: tracker, account, from, subjects }) => {
    if (random.below(2) === 0) return []
    let needed = tracker
    return addOns.slice(0, 1 + random.below(addOns.length)).map((offering): PlannedSubscription => {
      const id = `${account}-${offering}`
      const service = {
        id,
        account,
        offering,
        from,
        quantities: statedQuantities,
        dependsOn: needed,
        ...(subjects === undefined ? {} : { subjects }),
        ...sometimes(random, 4, () => ({ whenPaused: 'stays' as const })),
      }
      needed = id
      return service
    })
  })
  return { ...wider, subscriptions: [...wider.subscriptions, ...added] }
}

function drawServiceFee(random: Random, id: string): PlannedFee {
  return {
    id: `${id}-fee`,
    model: 'recurring',
    amount: `${1 + random.below(40)}.${String(random.below(1000)).padStart(3, '0')}`,
    due: random.below(2) === 0 ? 'in-advance' : 'in-arrears',
    each: random.below(2) === 0 ? 'subscription' : { quantity: 'seats' },
    prorate: random.below(3) === 0 ? 'second' : 'day',
  }
}

function offered(random: Random, plan: TenantPlan, offering: PlannedOffering, fees: readonly PlannedFee[]): TenantPlan {
  const taxed = fees.map((fee) => ({ ...fee, ...drawTax(random, plan.taxCodes ?? []) }))
  const prices = [...new Set([...offering.prices, ...fees.map(({ id }) => id)])]
  return { ...plan, fees: [...plan.fees, ...taxed], offerings: [...plan.offerings, { ...offering, prices }] }
}

/** The first partner is due nothing for usage without the label, or with another value of it. */
function withCondition(random: Random, plan: TenantPlan): TenantPlan {
  const only: Record<string, string | readonly string[]> =
    random.below(2) === 0
      ? { region: deviceLabels.region[random.below(deviceLabels.region.length)] ?? 'eu' }
      : { apn: deviceLabels.apn.filter(() => random.below(2) === 0) }
  const isSome = Object.values(only).every((values) => values.length > 0)
  const subscriptions = plan.subscriptions.map((each) =>
    each.offering === 'roaming' && isSome ? { ...each, only } : each,
  )
  return { ...plan, subscriptions }
}

/**
 * A customer belongs to another seller from the next month on: only where everybody has calendar months, nobody agreed on
 * anything that a move would end, and nothing is left over that would stay behind.
 */
function withMove(random: Random, plan: TenantPlan, startMs: number): TenantPlan {
  const { accounts, cycles = [], contracts = [], offerings } = plan
  const isPlain =
    cycles.length === 0 && contracts.length === 0 && !offerings.some((each) => each.allowances !== undefined)
  const customers = accounts.filter(({ kind }) => kind === 'customer')
  const chosen = customers[random.below(customers.length)]
  const sellers = [plan.operator, ...accounts.filter(({ kind }) => kind === 'reseller').map(({ id }) => id)]
  const others = sellers.filter((id) => id !== chosen?.parent)
  const parent = others[random.below(Math.max(1, others.length))]
  if (!isPlain || chosen === undefined || parent === undefined) return plan
  const at = `${periodOf(periodBounds(periodOf(startMs)).endMs)}-01`
  const moved = accounts.map((each) => (each === chosen ? { ...each, moves: [{ at, parent }] } : each))
  return { ...plan, accounts: moved }
}
