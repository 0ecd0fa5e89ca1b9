import { seededRandom } from '@meterline/shared/base/random.ts'
import { boundsOf, periodAfter, periodIn } from '../oracle/billing-cycles.ts'
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
  closeInTheStorm(world, parts, tenant, stormMs)
  takeBack(world, parts, stormMs)
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

/**
 * Whenever a period of anybody's ends during the storm, someone may well close it in the middle of everything, or ask for
 * that again; now and then somebody closes one that still runs. Afterwards what changed is billed at some moment.
 */
function closeInTheStorm(
  { seed, queue, trace }: Surroundings,
  { operator }: World,
  { plan }: WorldTenant,
  stormMs: number,
): void {
  const random = seededRandom(`${seed} closings`)
  const endMs = queue.nowMs + stormMs
  const close = (atMs: number, period: string, force: boolean): void => {
    queue.at(atMs, 'operator', `closes ${period}`, () =>
      operator.closePeriod(period, () => trace.note(queue.nowMs, 'operator', `${period} was to be closed`), force),
    )
  }
  for (const cycle of [undefined, ...(plan.cycles ?? [])]) {
    const isHasty = random.below(8) === 0
    for (let period = periodIn(cycle, queue.nowMs); ; period = periodAfter(plan, period)) {
      const nextMs = boundsOf(plan, period).endMs
      if (nextMs >= endMs) {
        if (isHasty) close(queue.nowMs + random.below(stormMs), period, true)
        break
      }
      for (let times = random.below(4); times > 0; times--)
        close(nextMs + random.below(Math.min(endMs - nextMs, closingDaysMs)), period, false)
    }
  }
  for (let times = random.below(3); times > 0; times--)
    queue.at(queue.nowMs + random.below(stormMs), 'operator', 'bills what changed', () =>
      operator.issueCorrections(() => trace.note(queue.nowMs, 'operator', 'what changed is billed')),
    )
}

/** Somebody finds that what was charged should not have been. */
function takeBack({ seed, queue }: Surroundings, { operator }: World, stormMs: number): void {
  const random = seededRandom(`${seed} voids`)
  for (let times = random.below(4); times > 0; times--)
    queue.at(queue.nowMs + random.below(stormMs), 'operator', 'takes usage back', () =>
      operator.voidSome(1 + random.below(3)),
    )
}
