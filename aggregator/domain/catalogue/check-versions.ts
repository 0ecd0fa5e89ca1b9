import { formatInstant } from '@meterline/shared/units/instant.ts'
import { sameInstants } from './check-prices.ts'
import { namesOf, unknownName } from './check-references.ts'
import type { Draft, Placed } from './draft.ts'
import type { FeeTerms } from './fee.ts'
import { versionName, versionsOf, type OfferingDefinition } from './offering-definition.ts'
import { termsOverTime } from './price-definition.ts'
import { problem, type Problem } from './problem.ts'
import {
  migrationsInOrder,
  versionSpans,
  type Migration,
  type SubscriptionDefinition,
} from './subscription-definition.ts'

/** Versions of offerings have dates of their own, subscriptions are migrated to versions there are, and fees can be counted. */
export function checkVersions(draft: Draft): readonly Problem[] {
  const offerings = new Map(draft.offerings.map(({ value }) => [value.id, value]))
  const countedBy = countedFees(draft)
  const names = namesOf(draft.declared.offerings)
  return [
    ...draft.offerings.flatMap(({ value, index }) =>
      sameInstants(
        value.versions.map(({ fromMs }) => fromMs ?? 0),
        (place) => ['offerings', index, 'versions', place, 'from'],
        'version',
      ),
    ),
    ...draft.subscriptions.flatMap((subscription) => {
      const fees = countedBy.size === 0 ? [] : checkFees(subscription, offerings, countedBy)
      if (subscription.value.migrations.length === 0) return fees
      return [...checkMigrations(subscription, offerings, names), ...fees]
    }),
  ]
}

function checkMigrations(
  { value, index }: Placed<SubscriptionDefinition>,
  offerings: ReadonlyMap<string, OfferingDefinition>,
  names: ReadonlySet<string>,
): readonly Problem[] {
  const problems: Problem[] = []
  const places = new Map(value.migrations.map((migration, place) => [migration, place]))
  let current = value.offering
  for (const migration of migrationsInOrder(value.migrations)) {
    const { atMs } = migration
    const path = ['subscriptions', index, 'migrations', places.get(migration) ?? 0]
    current = migration.offering ?? current
    problems.push(
      ...(migration.offering === null ? [] : unknownName(current, names, 'offering', [...path, 'offering'])),
      ...checkMigratedVersion(migration, offerings.get(current), path),
    )
    if (atMs <= value.fromMs) {
      const message = 'is not after from; a subscription begins with the version that is sold then'
      problems.push(problem([...path, 'at'], message))
    } else if (value.toMs !== null && atMs >= value.toMs) {
      problems.push(problem([...path, 'at'], `is not before to (${formatInstant(value.toMs)})`, 'remove it'))
    }
  }
  const dates = value.migrations.map(({ atMs }) => atMs)
  return [
    ...problems,
    ...sameInstants(dates, (place) => ['subscriptions', index, 'migrations', place, 'at'], 'migration'),
  ]
}

/** An offering that cannot be read is reported elsewhere. */
function checkMigratedVersion(
  { versionFromMs }: Migration,
  offering: OfferingDefinition | undefined,
  path: readonly (string | number)[],
): readonly Problem[] {
  if (offering === undefined) return []
  const known = new Set(versionsOf(offering).map(versionName))
  const version = versionName({ fromMs: versionFromMs })
  if (known.has(version)) return []
  const message = `is ${version}, but ${offering.id} has no version that is sold from then`
  return [{ ...problem([...path, 'version'], message), unknown: { word: version, candidates: known } }]
}

/** What the fees of each price that is one count, other than subscriptions, by what the file calls it. */
function countedFees(draft: Draft): ReadonlyMap<string, readonly FeeTerms['each'][]> {
  return new Map(
    draft.prices.flatMap(({ value }) => {
      if (value.meter !== null) return []
      const counted = termsOverTime(value).map(({ terms }) => terms.each)
      const other = counted.filter((each) => each !== 'subscription')
      return other.length === 0 ? [] : [[value.id, other] as const]
    }),
  )
}

function checkFees(
  { value, index }: Placed<SubscriptionDefinition>,
  offerings: ReadonlyMap<string, OfferingDefinition>,
  countedBy: ReadonlyMap<string, readonly FeeTerms['each'][]>,
): readonly Problem[] {
  const problems = new Map<string, Problem>()
  const path = ['subscriptions', index]
  for (const { fromMs, version } of versionSpans(value, offerings)) {
    for (const price of version.prices) {
      for (const each of countedBy.get(price) ?? []) {
        if (typeof each === 'object') {
          if (statedBy(value, each.quantity, fromMs)) continue
          const message = `states no quantity ${each.quantity}, which its fee ${price} counts`
          const suggestion = `add quantities: { ${each.quantity}: 1 } with how many it has`
          problems.set(each.quantity, problem(path, message, suggestion))
        } else if (value.subjects === null) {
          const message = `lists no subjects, which its fee ${price} counts`
          problems.set('', problem(path, message, 'count a quantity instead, with each: { quantity: … }'))
        }
      }
    }
  }
  return [...problems.values()]
}

/** Whether a subscription says by an instant how many of something it has. */
function statedBy({ quantities, changes }: SubscriptionDefinition, name: string, timeMs: number): boolean {
  return quantities.has(name) || changes.some(({ atMs, quantities: later }) => atMs <= timeMs && later.has(name))
}
