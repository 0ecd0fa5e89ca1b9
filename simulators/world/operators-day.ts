import { seededRandom } from '@meterline/shared/base/random.ts'
import { periodOf, startOfDay } from '../oracle/calendar.ts'
import { lookAfterAgent } from './agent-keeper.ts'
import { drawCatalogueChanges } from './catalogue-changes.ts'
import type { Surroundings } from './surroundings.ts'
import type { WorldTenant } from './tenant.ts'
import type { World } from './world.ts'

/** Somebody closes a month within so much time after its end. */
const closingDaysMs = 3 * 86_400_000

/** What the people who run the tenant do while the storm blows, each thing at its own moment. */
export function planOperatorsDay(world: Surroundings, parts: World, tenant: WorldTenant, stormMs: number): void {
  changeCatalogue(world, parts, tenant, stormMs)
  lookAfterSuspense(world, parts, stormMs)
  closeMonths(world, parts, stormMs)
}

/** Prices, subscriptions and accounts change while usage flows. */
function changeCatalogue(
  { seed, queue }: Surroundings,
  { operator }: World,
  tenant: WorldTenant,
  stormMs: number,
): void {
  const random = seededRandom(`${seed} changes`)
  const changes = drawCatalogueChanges(random, tenant, stormMs)
  const startMs = queue.nowMs
  const moments = changes.map(() => random.below(stormMs)).toSorted((a, b) => a - b)
  for (const [index, { what, plan }] of changes.entries()) {
    queue.at(startMs + (moments[index] ?? 0), 'operator', what, () => {
      // What came of a stranger before is mostly charged once he is subscribed, but for what somebody gave up.
      operator.discardSuspended('unknown_subject', 1)
      operator.apply(plan)
    })
  }
}

/** Now and then somebody rates again what is in suspense, and gives up some of what cannot be charged. */
function lookAfterSuspense(world: Surroundings, { operator, agents }: World, stormMs: number): void {
  const { seed, queue } = world
  const random = seededRandom(`${seed} suspense`)
  const startMs = queue.nowMs
  for (let left = 1 + random.below(4); left > 0; left--) {
    queue.at(startMs + random.below(stormMs), 'operator', 'replays the suspense', () => operator.replaySuspense())
  }
  for (const agent of agents) {
    const discards = 1 + random.below(3)
    queue.at(startMs + random.below(stormMs), agent.agent, 'has its suspense looked after', () =>
      lookAfterAgent(world, agent, discards),
    )
  }
  const code = ['event_conflict', 'no_price'][random.below(2)] ?? ''
  const discards = 1 + random.below(3)
  queue.at(startMs + random.below(stormMs), 'operator', `discards some ${code}`, () =>
    operator.discardSuspended(code, discards),
  )
}

/** Whenever a month ends during the storm, someone may well close it in the middle of everything. */
function closeMonths({ seed, queue, trace }: Surroundings, { operator }: World, stormMs: number): void {
  const random = seededRandom(`${seed} closings`)
  const endMs = queue.nowMs + stormMs
  for (let nextMs = nextMonth(queue.nowMs); nextMs < endMs; nextMs = nextMonth(nextMs)) {
    const period = periodOf(nextMs - 1)
    const atMs = nextMs + random.below(Math.min(endMs - nextMs, closingDaysMs))
    if (random.below(4) === 0) continue
    queue.at(atMs, 'operator', `closes ${period}`, () =>
      operator.closePeriod(period, () => trace.note(queue.nowMs, 'operator', `${period} is closed`)),
    )
  }
}

/** When the month after an instant begins. */
function nextMonth(atMs: number): number {
  const [year = 0, month = 0] = periodOf(atMs).split('-').map(Number)
  return startOfDay(year, month + 1, 1)
}
