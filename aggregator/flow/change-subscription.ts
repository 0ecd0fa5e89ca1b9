import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { closestOf } from '@meterline/shared/config/closest.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { touchedRelations } from '../domain/billing/touched-relations.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { checkDraft } from '../domain/catalogue/check-draft.ts'
import { compileCatalogue } from '../domain/catalogue/compile-catalogue.ts'
import { diffCatalogue, formatDiffLine } from '../domain/catalogue/diff-catalogue.ts'
import { draftOf } from '../domain/catalogue/draft.ts'
import { suggestionFor } from '../domain/catalogue/problem.ts'
import { countedQuantities } from '../domain/catalogue/counted-quantities.ts'
import { commanded, commandWords, type SubscriptionCommand } from '../domain/catalogue/subscription-command.ts'
import type { SubscriptionDefinition } from '../domain/catalogue/subscription-definition.ts'
import { subscriptionDecisionEntry } from '../domain/catalogue/subscription-decision.ts'
import type { TenantFile } from '../domain/catalogue/tenant-file.ts'
import { barredPeriods, commitCatalogue, tooLargeForLog, touchedWords } from './commit-catalogue.ts'
import type { SubscriptionFault, SubscriptionOrder, SubscriptionOutcome } from './subscription-answers.ts'
import type { TenantService } from './tenant-service.ts'

/** Mistakes beyond these are counted. */
const mostShown = 5

/**
 * Carries out what somebody decides about one subscription: the catalogue in force with this one change passes the same
 * checks and becomes the same entry of the log as a tenant file that is applied. Whose bills it changes in periods that are
 * billed is marked in the same transaction, so that a later document corrects them.
 */
export function changeSubscription(
  service: TenantService,
  nowMs: number,
  order: SubscriptionOrder,
): Result<SubscriptionOutcome, SubscriptionFault> {
  const { inForce, store, tenant } = service
  const { subscription, command, dryRun } = order
  const known = inForce?.catalogue.file.subscriptions.find(({ id }) => id === subscription)
  if (inForce === null || known === undefined) return failed(subscriptionUnknown(tenant, subscription))
  const before = inForce.catalogue
  const unknown = unknownQuantity(before.file, known, command)
  if (unknown !== null) return failed(unknown)
  const offerings = new Map(before.file.offerings.map((offering) => [offering.id, offering]))
  const changed = commanded(known, command, offerings, nowMs)
  if (!changed.ok) return changed
  const file = {
    ...before.file,
    subscriptions: before.file.subscriptions.map((each) => (each === known ? changed.value : each)),
  }
  const after = changed.value === known ? ok(before) : checkedCatalogue(before, file, nowMs)
  if (!after.ok) return after
  const asItIs = { subscription, version: inForce.version, applied: false, diff: [], corrections: [] }
  if (after.value.hash === before.hash) return ok(asItIs)
  if (command.atMs < nowMs && !order.backdate) return failed(backDated(command.atMs, nowMs))

  const touched = touchedRelations(before, after.value, barredPeriods(store))
  const diff = [...diffCatalogue(before, after.value).map(formatDiffLine), ...touched.map(touchedWords)]
  if (dryRun) return ok({ ...asItIs, diff, corrections: touched })
  const tooLarge = tooLargeForLog(after.value)
  if (tooLarge !== null) return failed(tooLarge)
  const words = commandWords(command)
  const version = {
    catalogue: after.value,
    source: `subscription ${subscription}: ${words} (by ${order.by})`,
    touched,
    decision: subscriptionDecisionEntry({ subscription, command: words, by: order.by }),
  }
  const committed = service.attempt(() => commitCatalogue(store, version, nowMs))
  if (!committed.ok) return committed
  service.putInForce(committed.value)
  return ok({ subscription, version: committed.value.version, applied: true, diff, corrections: touched })
}

/** The fault of a subscription that is asked for and not there. */
export function subscriptionUnknown(tenant: string, id: string): Fault<'subscription_unknown'> {
  return fault(
    'subscription_unknown',
    `${tenant} has no subscription ${id}; "subscription list" shows those there are.`,
  )
}

/** The fault of a quantity that nothing counts, which is a name mistyped; null: there is none. */
function unknownQuantity(
  file: TenantFile,
  subscription: SubscriptionDefinition,
  command: SubscriptionCommand,
): Fault<'quantity_unknown'> | null {
  if (command.kind !== 'quantity') return null
  const counted = countedQuantities(file, subscription)
  const name = [...command.quantities.keys()].find((each) => !counted.has(each))
  if (name === undefined) return null
  const closest = closestOf(name, [...counted])
  const known = counted.size === 0 ? 'nothing is counted' : `counted are ${[...counted].toSorted().join(', ')}`
  const hint = closest === undefined ? `${known}.` : `did you mean ${closest}?`
  return fault('quantity_unknown', `No fee and no allowance counts ${name}; ${hint}`)
}

/** The catalogue of a file that follows the one in force, or what is wrong with it. */
function checkedCatalogue(
  before: Catalogue,
  file: TenantFile,
  nowMs: number,
): Result<Catalogue, Fault<'subscription_change_refused' | 'catalogue_invalid'>> {
  const problems = checkDraft(draftOf(file), before.file, nowMs)
  if (problems.length === 0) return compileCatalogue(file)
  const shown = problems.slice(0, mostShown).map((problem) => {
    const suggestion = suggestionFor(problem)
    return `${placeWords(problem.path, file)} ${problem.message}${suggestion === undefined ? '' : `; ${suggestion}`}`
  })
  const more = problems.length > mostShown ? [`and ${problems.length - mostShown} more`] : []
  return failed(fault('subscription_change_refused', ['This cannot be done:', ...shown, ...more].join('\n')))
}

/** A place of a tenant file with the name of what stands there instead of its number. */
function placeWords([list, index, ...rest]: readonly (string | number)[], file: TenantFile): string {
  const element = list === 'subscriptions' && typeof index === 'number' ? file.subscriptions[index] : undefined
  if (element === undefined) return [list, index, ...rest].filter((part) => part !== undefined).join('.')
  return `${element.id}${rest.map((part) => (typeof part === 'number' ? `[${part}]` : `.${part}`)).join('')}`
}

function backDated(atMs: number, nowMs: number): Fault<'back_dated'> {
  const text = `${formatInstant(atMs)} is over (it is ${formatInstant(nowMs)}); give a later instant, or --backdate when that one is meant: what it changes in periods that are billed is corrected by a later document.`
  return fault('back_dated', text)
}
