import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { resolvedMigrations, withShortNames, type SubscriptionDefinition } from './subscription-definition.ts'

/** What happens to a subscription at an instant, by the commands that make it happen. */
export const undoneKinds = ['change', 'quantity', 'pause', 'resume', 'cancel'] as const
export type UndoneKind = (typeof undoneKinds)[number]

export type UndoFault = Fault<'taken_effect' | 'nothing_to_undo' | 'undo_ambiguous'>

/**
 * A subscription without what was to happen to it at an instant; `what` says what is meant where several things do. Only
 * what is still to come at `nowMs` can be taken back.
 */
export function undone(
  subscription: SubscriptionDefinition,
  atMs: number,
  what: UndoneKind | null,
  nowMs: number,
): Result<SubscriptionDefinition, UndoFault> {
  const { id } = subscription
  const happens = happeningAt(subscription, atMs)
  const meant = happens.filter((kind) => what === null || kind === what)
  const [only] = meant
  const instant = formatInstant(atMs)
  if (only === undefined) {
    const text = `Nothing${what === null ? '' : ` of kind ${what}`} happens to ${id} at ${instant}; "subscription show ${id}" lists what does.`
    return failed(fault('nothing_to_undo', text))
  }
  if (meant.length > 1) {
    const text = `Several things happen to ${id} at ${instant}: name one of ${meant.join(', ')} with --what.`
    return failed(fault('undo_ambiguous', text))
  }
  if (atMs <= nowMs) {
    const text = `The ${only} of ${id} at ${instant} has taken effect, so it stays; what follows can be changed by a later command.`
    return failed(fault('taken_effect', text))
  }
  return ok(without(subscription, atMs, only))
}

function happeningAt(subscription: SubscriptionDefinition, atMs: number): readonly UndoneKind[] {
  const { migrations, changes, pauses, toMs } = subscription
  const happens: Readonly<Record<UndoneKind, boolean>> = {
    change: migrations.some((each) => each.atMs === atMs),
    quantity: changes.some((each) => each.atMs === atMs),
    pause: pauses.some(({ fromMs }) => fromMs === atMs),
    resume: pauses.some((pause) => pause.toMs === atMs),
    cancel: toMs === atMs,
  }
  return undoneKinds.filter((kind) => happens[kind])
}

function without(subscription: SubscriptionDefinition, atMs: number, kind: UndoneKind): SubscriptionDefinition {
  const { migrations, changes, pauses } = subscription
  switch (kind) {
    case 'change': {
      const others = resolvedMigrations(subscription).filter((each) => each.atMs !== atMs)
      return { ...subscription, migrations: migrations.length === 1 ? [] : withShortNames(subscription, others) }
    }
    case 'quantity':
      return { ...subscription, changes: changes.filter((each) => each.atMs !== atMs) }
    case 'pause':
      return { ...subscription, pauses: pauses.filter(({ fromMs }) => fromMs !== atMs) }
    case 'resume':
      return {
        ...subscription,
        pauses: pauses.map((pause) => (pause.toMs === atMs ? { ...pause, toMs: null } : pause)),
      }
    default:
      return { ...subscription, toMs: null }
  }
}
