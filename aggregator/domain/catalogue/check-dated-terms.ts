import { formatInstant } from '@meterline/shared/units/instant.ts'
import { pausesInOrder, type Pause } from '../contract/pauses.ts'
import { sameInstants } from './check-prices.ts'
import { namesOf, unknownName } from './check-references.ts'
import type { Draft, Placed } from './draft.ts'
import { problem, type Problem } from './problem.ts'
import type { SubscriptionDefinition } from './subscription-definition.ts'

type PlacedSubscription = Placed<SubscriptionDefinition>

/** Subscriptions that need one another may stand this many deep. */
const mostLinks = 16

/** What changes a subscription within its time does so in its time and one after the other, and what it needs is there. */
export function checkDatedTerms(draft: Draft): readonly Problem[] {
  // There may be a million subscriptions, of which few have any of this.
  const concerned = draft.subscriptions.filter(({ value: { changes, pauses, dependsOn, whenPaused } }) => {
    return changes.length > 0 || pauses.length > 0 || dependsOn !== null || whenPaused !== 'pause'
  })
  if (concerned.length === 0) return []
  const ids = namesOf(draft.declared.subscriptions)
  const byId = new Map(draft.subscriptions.map((subscription) => [subscription.value.id, subscription.value]))
  return concerned.flatMap((subscription) => {
    const { changes, pauses, dependsOn } = subscription.value
    return [
      ...(changes.length === 0 ? [] : checkChanges(subscription)),
      ...(pauses.length === 0 ? [] : checkPauses(subscription)),
      ...(dependsOn === null ? checkUnlinked(subscription) : checkLink(subscription, dependsOn, ids, byId)),
    ]
  })
}

function checkChanges({ value, index }: PlacedSubscription): readonly Problem[] {
  const path = ['subscriptions', index, 'changes']
  const problems = value.changes.flatMap(({ atMs }, place) => {
    if (atMs <= value.fromMs) {
      return [problem([...path, place, 'at'], 'is not after from; write under quantities what it begins with')]
    }
    if (value.toMs === null || atMs < value.toMs) return []
    return [problem([...path, place, 'at'], `is not before to (${formatInstant(value.toMs)})`, 'remove it')]
  })
  const dates = value.changes.map(({ atMs }) => atMs)
  return [...problems, ...sameInstants(dates, (place) => [...path, place, 'at'], 'change')]
}

function checkPauses({ value, index }: PlacedSubscription): readonly Problem[] {
  const path = ['subscriptions', index, 'pauses']
  const problems = value.pauses.flatMap((pause, place) => checkPause(value, pause, [...path, place]))
  const places = new Map(value.pauses.map((pause, place) => [pause, place]))
  let earlier: Pause | null = null
  for (const pause of pausesInOrder(value.pauses)) {
    if (earlier !== null && (earlier.toMs === null || earlier.toMs > pause.fromMs)) {
      const ends = earlier.toMs === null ? 'has no end' : `lasts until ${formatInstant(earlier.toMs)}`
      const message = `begins in the pause from ${formatInstant(earlier.fromMs)}, which ${ends}`
      problems.push(problem([...path, places.get(pause) ?? 0, 'from'], message, 'let one end before the other begins'))
    }
    earlier = pause
  }
  return problems
}

function checkPause(
  { fromMs, toMs }: SubscriptionDefinition,
  pause: Pause,
  path: readonly (string | number)[],
): readonly Problem[] {
  if (pause.toMs !== null && pause.toMs <= pause.fromMs) {
    return [problem([...path, 'to'], 'is not after from; the end is exclusive')]
  }
  if (pause.fromMs < fromMs) {
    return [problem([...path, 'from'], `is before the subscription begins (${formatInstant(fromMs)})`)]
  }
  if (toMs === null || pause.fromMs < toMs) return []
  return [problem([...path, 'from'], `is not before the subscription ends (${formatInstant(toMs)})`, 'remove it')]
}

function checkUnlinked({ value, index }: PlacedSubscription): readonly Problem[] {
  if (value.whenPaused === 'pause') return []
  const message = 'says what happens while another subscription is paused, but there is no dependsOn'
  return [problem(['subscriptions', index, 'whenPaused'], message, 'add dependsOn: with its id, or remove it')]
}

function checkLink(
  { value, index }: PlacedSubscription,
  dependsOn: string,
  ids: ReadonlySet<string>,
  byId: ReadonlyMap<string, SubscriptionDefinition>,
): readonly Problem[] {
  const path = ['subscriptions', index, 'dependsOn']
  const unknown = unknownName(dependsOn, ids, 'subscription', path)
  if (unknown.length > 0) return unknown
  const chain = [value.id]
  for (let next: string | null = dependsOn; next !== null; next = byId.get(next)?.dependsOn ?? null) {
    if (next === value.id) {
      return [problem(path, `makes ${value.id} depend on itself: ${[...chain, next].join(' → ')}`)]
    }
    chain.push(next)
    if (chain.length > mostLinks + 1) {
      return [problem(path, `has more than ${mostLinks} subscriptions above it that depend on one another`)]
    }
  }
  return []
}
