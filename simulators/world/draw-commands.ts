import type { Random } from '@meterline/shared/base/random.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { PlannedSubscription, TenantPlan } from '../oracle/tenant-plan.ts'
import { choicesOf, migrated } from './draw-versions.ts'

const dayMs = 86_400_000
const hourMs = 3_600_000
/** Periods of the storm are over within so much time after it. */
const comingDays = 20
const longestPauseDays = 12
const mostSeats = 12

/** When a world begins and how long its storm blows. */
interface Times {
  readonly startMs: number
  readonly stormMs: number
}

/** What a person would say about a change, and the tenant with it. */
interface Change {
  readonly what: string
  readonly plan: TenantPlan
}

/**
 * A dated change of one subscription that takes effect some days after the storm: another quantity or plan, a pause, an end. In
 * time for the bills of the periods that the storm lies in, and too late for its usage.
 */
export function changeSubscription(random: Random, plan: TenantPlan, times: Times): Change {
  const sold = plan.subscriptions.filter(({ subjects, to }) => subjects !== undefined && to === undefined)
  const chosen = sold[random.below(Math.max(1, sold.length))]
  if (chosen === undefined) return { what: 'writes the same again', plan: { ...plan } }
  const atMs = laterMs(random, times)
  const { what, changed } = dated(random, plan, chosen, atMs)
  const subscriptions = plan.subscriptions.map((each) => (each === chosen ? changed : each))
  return { what: `${what} ${chosen.id} at ${formatInstant(atMs)}`, plan: { ...plan, subscriptions } }
}

function dated(
  random: Random,
  plan: TenantPlan,
  subscription: PlannedSubscription,
  atMs: number,
): { readonly what: string; readonly changed: PlannedSubscription } {
  const at = formatInstant(atMs)
  const choices = choicesOf(plan, subscription)
  switch (random.below(choices.length > 1 ? 6 : 4)) {
    case 0:
      return { what: 'ends', changed: { ...subscription, to: at } }
    case 1: {
      const { pauses = [] } = subscription
      if (pauses.length > 0) return { what: 'leaves', changed: subscription }
      const toMs = atMs + (1 + random.below(longestPauseDays)) * dayMs + random.below(24) * hourMs
      const to = random.below(4) === 0 ? {} : { to: formatInstant(toMs) }
      return { what: 'pauses', changed: { ...subscription, pauses: [{ from: at, ...to, reason: 'nobody is there' }] } }
    }
    case 2:
    case 3: {
      const { changes = [], quantities } = subscription
      if (quantities === undefined || changes.some((each) => each.at === at))
        return { what: 'leaves', changed: subscription }
      const change = { at, quantities: { seats: random.below(mostSeats) } }
      return { what: 'counts anew', changed: { ...subscription, changes: [...changes, change] } }
    }
    default: {
      const to = choices[random.below(choices.length)]
      const changed = to === undefined ? subscription : migrated(subscription, to, at)
      return { what: `goes over to ${to?.version ?? 'nothing'} of ${to?.offering ?? 'nothing'} with`, changed }
    }
  }
}

/** Some time in the days after the storm, on the hour; now and then as a day begins. */
function laterMs(random: Random, { startMs, stormMs }: Times): number {
  const fromMs = startMs + stormMs + dayMs
  const atMs = fromMs + random.below(comingDays * dayMs)
  const unitMs = random.below(3) === 0 ? dayMs : hourMs
  return Math.ceil(atMs / unitMs) * unitMs
}
