import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { Pause } from '../contract/pauses.ts'
import { versionAt, versionName, versionsOf, type OfferingDefinition } from './offering-definition.ts'
import { resolvedMigrations, withShortNames, type SubscriptionDefinition } from './subscription-definition.ts'
import type { Quantities } from './subscription-quantities.ts'
import { undone, type UndoFault, type UndoneKind } from './subscription-undo.ts'

/** What somebody decides about one subscription from an instant (epoch milliseconds) on. */
export type SubscriptionCommand = { readonly atMs: number } & (
  | {
      readonly kind: 'change'
      /** Null: the offering that it has then. */
      readonly offering: string | null
      /** The version by the date it is sold from, `first` for the first one; null: the one that is sold at the instant. */
      readonly version: number | 'first' | null
    }
  | { readonly kind: 'quantity'; readonly quantities: Quantities }
  | { readonly kind: 'pause'; readonly toMs: number | null; readonly reason: string | null }
  | { readonly kind: 'resume' }
  | { readonly kind: 'cancel' }
  | {
      readonly kind: 'undo'
      /** What of several things at the same instant is meant; null: the only one. */
      readonly what: UndoneKind | null
    }
)

export type SubscriptionCommandFault = UndoFault | Fault<'taken_effect' | 'offering_unknown' | 'not_paused'>

type Commanded = Result<SubscriptionDefinition, SubscriptionCommandFault>

/**
 * A subscription as it is after a command; the same content when that says what is so already. What was to happen at the
 * same instant is corrected while it is still to come. Whether all of it fits together is left to the checks of a file.
 */
export function commanded(
  subscription: SubscriptionDefinition,
  command: SubscriptionCommand,
  offerings: ReadonlyMap<string, OfferingDefinition>,
  nowMs: number,
): Commanded {
  switch (command.kind) {
    case 'change':
      return migrated(subscription, command, offerings, nowMs)
    case 'quantity':
      return counted(subscription, command.atMs, command.quantities, nowMs)
    case 'pause':
      return paused(subscription, { fromMs: command.atMs, toMs: command.toMs, reason: command.reason }, nowMs)
    case 'resume':
      return resumed(subscription, command.atMs, nowMs)
    case 'cancel':
      return cancelled(subscription, command.atMs, nowMs)
    default:
      return undone(subscription, command.atMs, command.what, nowMs)
  }
}

function migrated(
  subscription: SubscriptionDefinition,
  { atMs, offering, version }: Extract<SubscriptionCommand, { kind: 'change' }>,
  offerings: ReadonlyMap<string, OfferingDefinition>,
  nowMs: number,
): Commanded {
  const migrations = resolvedMigrations(subscription)
  const hadBefore = migrations.findLast((each) => each.atMs < atMs)?.offering ?? subscription.offering
  const named = offering ?? hadBefore
  const definition = offerings.get(named)
  if (definition === undefined) {
    return failed(fault('offering_unknown', `There is no offering ${named}; "catalogue show" lists those there are.`))
  }
  const sold = version === null ? (versionAt(versionsOf(definition), atMs)?.fromMs ?? null) : version
  const wanted = { atMs, offering: named, versionFromMs: sold === 'first' ? null : sold }
  const there = migrations.find((each) => each.atMs === atMs)
  if (there?.offering === wanted.offering && there.versionFromMs === wanted.versionFromMs) return ok(subscription)
  if (there !== undefined && atMs <= nowMs) return tookEffect('a change of plan', subscription.id, atMs)
  if (there === undefined && hasAlready(subscription, wanted, offerings)) return ok(subscription)
  return ok({
    ...subscription,
    migrations: withShortNames(subscription, [...migrations.filter((each) => each !== there), wanted]),
  })
}

/** Whether a subscription has a version at an instant without being migrated to it then. */
function hasAlready(
  subscription: SubscriptionDefinition,
  wanted: { readonly atMs: number; readonly offering: string; readonly versionFromMs: number | null },
  offerings: ReadonlyMap<string, OfferingDefinition>,
): boolean {
  const last = resolvedMigrations(subscription).findLast(({ atMs }) => atMs < wanted.atMs)
  const definition = offerings.get(subscription.offering)
  const begun = definition === undefined ? undefined : versionAt(versionsOf(definition), subscription.fromMs)
  const has = last ?? { offering: subscription.offering, versionFromMs: begun?.fromMs ?? null }
  return has.offering === wanted.offering && has.versionFromMs === wanted.versionFromMs
}

function counted(subscription: SubscriptionDefinition, atMs: number, quantities: Quantities, nowMs: number): Commanded {
  if (atMs === subscription.fromMs && atMs > nowMs) {
    return ok({ ...subscription, quantities: new Map([...subscription.quantities, ...quantities]) })
  }
  const there = subscription.changes.find((each) => each.atMs === atMs)
  if (there === undefined) return ok({ ...subscription, changes: [...subscription.changes, { atMs, quantities }] })
  const isSaid = [...quantities].every(([name, count]) => there.quantities.get(name) === count)
  if (isSaid) return ok(subscription)
  if (atMs <= nowMs) return tookEffect('a change of quantities', subscription.id, atMs)
  const corrected = { atMs, quantities: new Map([...there.quantities, ...quantities]) }
  return ok({ ...subscription, changes: subscription.changes.map((each) => (each === there ? corrected : each)) })
}

function paused(subscription: SubscriptionDefinition, pause: Pause, nowMs: number): Commanded {
  const there = subscription.pauses.find(({ fromMs }) => fromMs === pause.fromMs)
  if (there === undefined) return ok({ ...subscription, pauses: [...subscription.pauses, pause] })
  if (there.toMs === pause.toMs && (there.reason === pause.reason || pause.reason === null)) return ok(subscription)
  if (pause.fromMs <= nowMs) return tookEffect('a pause', subscription.id, pause.fromMs)
  return ok({ ...subscription, pauses: subscription.pauses.map((each) => (each === there ? pause : each)) })
}

/** Ends the pause that lasts then, or moves an end that is still to come. */
function resumed(subscription: SubscriptionDefinition, atMs: number, nowMs: number): Commanded {
  const { id, pauses } = subscription
  const [last] = pauses.filter(({ fromMs }) => fromMs < atMs).toSorted((left, right) => right.fromMs - left.fromMs)
  if (last?.toMs === atMs) return ok(subscription)
  if (last === undefined || (last.toMs !== null && last.toMs <= Math.min(nowMs, atMs))) {
    const text = `${id} is not paused at ${formatInstant(atMs)}; "subscription show ${id}" lists its pauses.`
    return failed(fault('not_paused', text))
  }
  return ok({ ...subscription, pauses: pauses.map((each) => (each === last ? { ...each, toMs: atMs } : each)) })
}

/** Ends a subscription; what was to happen from then on will not. */
function cancelled(subscription: SubscriptionDefinition, atMs: number, nowMs: number): Commanded {
  const { id, toMs } = subscription
  if (toMs === atMs) return ok(subscription)
  if (toMs !== null && toMs <= nowMs) return tookEffect('the end', id, toMs)
  const isBefore = (each: { readonly atMs: number }): boolean => each.atMs < atMs || each.atMs <= nowMs
  return ok({
    ...subscription,
    toMs: atMs,
    changes: subscription.changes.filter(isBefore),
    migrations: subscription.migrations.filter(isBefore),
    pauses: subscription.pauses.filter(({ fromMs }) => fromMs < atMs || fromMs <= nowMs),
  })
}

function tookEffect(what: string, id: string, atMs: number): Result<never, SubscriptionCommandFault> {
  const text = `${id} has ${what} at ${formatInstant(atMs)} that has taken effect, so it stays; give a later instant.`
  return failed(fault('taken_effect', text))
}

/** A command in words, such as `change to full, version first`. */
export function commandWords(command: SubscriptionCommand): string {
  const { atMs } = command
  const at = `at ${formatInstant(atMs)}`
  switch (command.kind) {
    case 'change': {
      const { offering, version } = command
      const named =
        version === null ? '' : ` version ${version === 'first' ? version : versionName({ fromMs: version })}`
      return `change ${at}${offering === null ? '' : ` to ${offering}`}${named}`
    }
    case 'quantity':
      return `quantity ${at} ${[...command.quantities].map(([name, count]) => `${name}=${count}`).join(' ')}`
    default:
      return `${command.kind} ${at}`
  }
}
