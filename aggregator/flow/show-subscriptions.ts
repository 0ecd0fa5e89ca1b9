import { failed, ok, type Result } from '@meterline/shared/base/errors.ts'
import type { CatalogueSubscription } from '../domain/catalogue/catalogue.ts'
import { versionName } from '../domain/catalogue/offering-definition.ts'
import {
  resolvedMigrations,
  subscriptionJson,
  type SubscriptionDefinition,
} from '../domain/catalogue/subscription-definition.ts'
import { quantitiesJson, type Quantities } from '../domain/catalogue/subscription-quantities.ts'
import { subscriptionUnknown } from './change-subscription.ts'
import type {
  SubscriptionAnswer,
  SubscriptionEvent,
  SubscriptionFault,
  SubscriptionItem,
  SubscriptionPage,
  SubscriptionState,
} from './subscription-answers.ts'
import type { TenantService } from './tenant-service.ts'

/** No answer lists more subscriptions than this. */
const mostListed = 10_000

/** Subscriptions in the order of their ids, as they stand at an instant. */
export function listSubscriptions(
  { inForce }: TenantService,
  { account, after = '', limit, atMs = 0 }: SubscriptionPage,
): Result<readonly SubscriptionItem[], SubscriptionFault> {
  const items: SubscriptionItem[] = []
  for (const definition of inForce?.catalogue.file.subscriptions ?? []) {
    if (items.length >= Math.min(limit, mostListed)) break
    if (definition.id <= after || (account !== undefined && definition.account !== account)) continue
    const subscription = inForce?.catalogue.subscriptions.get(definition.id)
    if (subscription !== undefined) items.push(itemOf(subscription, definition, atMs))
  }
  return ok(items)
}

/** One subscription with everything that happens to it; `nowMs` decides what is still to come. */
export function showSubscription(
  { inForce, tenant }: TenantService,
  id: string,
  atMs: number,
  nowMs: number,
): Result<SubscriptionAnswer, SubscriptionFault> {
  const subscription = inForce?.catalogue.subscriptions.get(id)
  const definition = inForce?.catalogue.file.subscriptions.find((each) => each.id === id)
  if (subscription === undefined || definition === undefined) return failed(subscriptionUnknown(tenant, id))
  return ok({
    ...itemOf(subscription, definition, atMs),
    atMs,
    pauses: subscription.pauses.map(({ fromMs, toMs }) => ({ fromMs, toMs: toMs === Infinity ? null : toMs })),
    quantities: quantitiesJson(subscription.quantitiesAt(atMs)),
    subjects: subscription.subjects?.length ?? null,
    events: eventsOf(definition).map((event) => ({ ...event, isToCome: event.atMs > nowMs })),
    definition: subscriptionJson({ ...definition, subjects: null }),
  })
}

function itemOf(
  subscription: CatalogueSubscription,
  definition: SubscriptionDefinition,
  atMs: number,
): SubscriptionItem {
  const { id, account, fromMs, toMs } = definition
  const within = Math.max(fromMs, Math.min(atMs, (toMs ?? Infinity) - 1))
  const linked = subscription.pauses.flatMap((pause) => [pause.fromMs, pause.toMs])
  const next = [...eventsOf(definition).map((event) => event.atMs), ...linked]
    .filter((each) => each > atMs && each < Infinity)
    .toSorted((left, right) => left - right)[0]
  return {
    id,
    account,
    offering: subscription.versionAt(within)?.offering.id ?? definition.offering,
    state: stateAt(subscription, atMs),
    fromMs,
    toMs,
    nextMs: next ?? null,
  }
}

function stateAt({ fromMs, toMs, pauses }: CatalogueSubscription, atMs: number): SubscriptionState {
  if (atMs < fromMs) return 'to-come'
  if (atMs >= toMs) return 'ended'
  return pauses.some((pause) => pause.fromMs <= atMs && atMs < pause.toMs) ? 'paused' : 'active'
}

type UndatedEvent = Omit<SubscriptionEvent, 'isToCome'>

/** What happens to a subscription, in order of time. */
function eventsOf(definition: SubscriptionDefinition): readonly UndatedEvent[] {
  const { fromMs, toMs, offering, quantities, changes, pauses } = definition
  const begun = quantities.size === 0 ? offering : `${offering}, ${countWords(quantities)}`
  const events: UndatedEvent[] = [
    { atMs: fromMs, kind: 'begin', text: begun },
    ...resolvedMigrations(definition).map((migration): UndatedEvent => ({
      atMs: migration.atMs,
      kind: 'change',
      text: `${migration.offering}, version ${versionName({ fromMs: migration.versionFromMs })}`,
    })),
    ...changes.map((change): UndatedEvent => ({
      atMs: change.atMs,
      kind: 'quantity',
      text: countWords(change.quantities),
    })),
    ...pauses.flatMap((pause): readonly UndatedEvent[] => [
      { atMs: pause.fromMs, kind: 'pause', text: pause.reason ?? '' },
      ...(pause.toMs === null ? [] : [{ atMs: pause.toMs, kind: 'resume' as const, text: '' }]),
    ]),
    ...(toMs === null ? [] : [{ atMs: toMs, kind: 'cancel' as const, text: '' }]),
  ]
  return events.toSorted((left, right) => left.atMs - right.atMs)
}

function countWords(quantities: Quantities): string {
  return Object.entries(quantitiesJson(quantities))
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')
}
