import { formatInstant } from '@meterline/shared/units/instant.ts'
import { effectivePauses } from '../contract/pauses.ts'
import type { TimeSpan } from '../contract/time-span.ts'
import type { Draft, Placed } from './draft.ts'
import { problem, type Problem } from './problem.ts'
import { dayAfter } from './sold-versions.ts'
import type { SubscriptionDefinition } from './subscription-definition.ts'
import { sameQuantities } from './subscription-quantities.ts'
import type { TenantFile } from './tenant-file.ts'

/**
 * Quantities and pauses that have taken effect by `nowMs` (epoch milliseconds) stay as they are: what a subscription owes
 * for time that is over follows from them. More may be added, also in the past; what they change in periods that are billed
 * is billed as a difference.
 */
export function checkDatedKept(before: TenantFile, draft: Draft, nowMs: number): readonly Problem[] {
  const begun = new Map(before.subscriptions.filter(({ fromMs }) => fromMs <= nowMs).map((known) => [known.id, known]))
  const relinked: Relinked[] = []
  const problems = draft.subscriptions.flatMap((subscription) => {
    const known = begun.get(subscription.value.id)
    if (known === undefined) return []
    const { dependsOn, whenPaused } = subscription.value
    if (known.dependsOn !== dependsOn || known.whenPaused !== whenPaused) relinked.push({ known, subscription })
    return [
      ...checkQuantities(known, subscription, nowMs),
      ...(known.changes.length === 0 ? [] : checkChanges(known, subscription, nowMs)),
      ...(known.pauses.length === 0 ? [] : checkPauses(known, subscription, nowMs)),
    ]
  })
  return relinked.length === 0 ? problems : [...problems, ...checkLinks(before, draft, relinked, nowMs)]
}

type PlacedSubscription = Placed<SubscriptionDefinition>

/** A subscription that depends on something else than before, or in another way. */
interface Relinked {
  readonly known: SubscriptionDefinition
  readonly subscription: PlacedSubscription
}

function checkQuantities(
  known: SubscriptionDefinition,
  { value, index }: PlacedSubscription,
  nowMs: number,
): readonly Problem[] {
  if (known.quantities === value.quantities) return []
  return [...known.quantities].flatMap(([name, count]) => {
    const now = value.quantities.get(name)
    if (now === count) return []
    const path = ['subscriptions', index, ...(value.quantities.size === 0 ? [] : ['quantities'])]
    const message = `has had ${count} ${name} since it began and cannot have ${now ?? 'none'} from then`
    const change = `changes: [{ at: ${dayAfter(nowMs)}, quantities: { ${name}: ${now ?? 0} } }]`
    return [problem(path, message, `put it back and write ${change}`)]
  })
}

function checkChanges(
  known: SubscriptionDefinition,
  { value, index }: PlacedSubscription,
  nowMs: number,
): readonly Problem[] {
  return known.changes
    .filter(({ atMs }) => atMs <= nowMs)
    .flatMap((change) => {
      const place = value.changes.findIndex(({ atMs }) => atMs === change.atMs)
      const now = value.changes[place]
      if (now === undefined) {
        const message = `leave out the change of ${known.id} at ${formatInstant(change.atMs)}, which has happened`
        return [leftOut(value.changes.length > 0, index, 'changes', message)]
      }
      if (sameQuantities(change.quantities, now.quantities)) return []
      const message = `is another change than the one of ${formatInstant(change.atMs)} that has happened`
      return [problem(['subscriptions', index, 'changes', place, 'quantities'], message, 'put it back')]
    })
}

function checkPauses(
  known: SubscriptionDefinition,
  { value, index }: PlacedSubscription,
  nowMs: number,
): readonly Problem[] {
  return known.pauses
    .filter(({ fromMs }) => fromMs <= nowMs)
    .flatMap(({ fromMs, toMs }) => {
      const place = value.pauses.findIndex((pause) => pause.fromMs === fromMs)
      const now = value.pauses[place]
      if (now === undefined) {
        const message = `leave out the pause of ${known.id} from ${formatInstant(fromMs)}, which has begun`
        return [leftOut(value.pauses.length > 0, index, 'pauses', message)]
      }
      if (toMs === null || toMs > nowMs || now.toMs === toMs) return []
      const message = `is another end than that of ${formatInstant(toMs)}, which is over`
      const path = ['subscriptions', index, 'pauses', place, ...(now.toMs === null ? [] : ['to'])]
      return [problem(path, message, 'put it back')]
    })
}

/** What a subscription depends on has no date, so it stays once it has made a difference. */
function checkLinks(
  before: TenantFile,
  draft: Draft,
  relinked: readonly Relinked[],
  nowMs: number,
): readonly Problem[] {
  const earlier = effectivePauses(before.subscriptions)
  const later = effectivePauses(draft.subscriptions.map(({ value }) => value))
  return relinked.flatMap(({ known, subscription: { value, index } }) => {
    const inherited = (link: SubscriptionDefinition, pauses: ReadonlyMap<string, readonly TimeSpan[]>): boolean =>
      link.dependsOn !== null &&
      link.whenPaused === 'pause' &&
      (pauses.get(link.dependsOn) ?? []).some((pause) => pause.fromMs <= nowMs && pause.toMs > known.fromMs)
    const hasHad = inherited(known, earlier)
    if (!hasHad && !inherited(value, later)) return []
    const cause = hasHad ? known.dependsOn : value.dependsOn
    const message = `depends on another subscription than before, but ${cause ?? ''} has been paused since ${known.id} began`
    const path = ['subscriptions', index, ...(value.dependsOn === null ? [] : ['dependsOn'])]
    return [problem(path, message, 'end it with to: and add a new subscription')]
  })
}

function leftOut(isList: boolean, index: number, list: string, message: string): Problem {
  const found = problem(['subscriptions', index, ...(isList ? [list] : [])], message, 'put it back')
  return isList ? { ...found, part: 'key' } : found
}
