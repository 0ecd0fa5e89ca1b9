import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { allowanceJson } from '../contract/allowance-definition.ts'
import type { Draft, Placed } from './draft.ts'
import { versionName, versionsOf, type OfferingDefinition, type OfferingVersion } from './offering-definition.ts'
import { problem, type Problem } from './problem.ts'
import { dayAfter, soldVersions } from './sold-versions.ts'
import {
  resolvedMigrations,
  versionSpans,
  type Migration,
  type SubscriptionDefinition,
} from './subscription-definition.ts'
import type { TenantFile } from './tenant-file.ts'

/**
 * Versions of offerings that somebody has bought by `nowMs` keep their prices, and who bought them keeps them until he is
 * migrated. A price for a meter that had none may be added, as that only sells what could not be charged before.
 */
export function checkVersionsKept(before: TenantFile, draft: Draft, nowMs: number): readonly Problem[] {
  const sold = soldVersions(before, nowMs)
  const offerings = new Map(draft.offerings.map((offering) => [offering.value.id, offering]))
  const meterOf = new Map(draft.prices.map(({ value }) => [value.id, value.meter]))
  const problems: Problem[] = []
  for (const [id, versions] of sold) {
    const offering = offerings.get(id)
    if (offering === undefined) continue
    for (const version of versions.values()) problems.push(...checkVersionKept(version, offering, meterOf, nowMs))
  }
  return [...problems, ...checkChoices(before, draft, offerings, nowMs)]
}

function checkVersionKept(
  known: OfferingVersion,
  { value: offering, index }: Placed<OfferingDefinition>,
  meterOf: ReadonlyMap<string, string | null>,
  nowMs: number,
): readonly Problem[] {
  const now = versionsOf(offering).find(({ fromMs }) => fromMs === known.fromMs)
  if (now === undefined) {
    const message = `leave out the version from ${versionName(known)} of ${offering.id}, which has been sold`
    return [{ ...problem(['offerings', index, 'versions'], message, 'put it back'), part: 'key' }]
  }
  const place = offering.versions.findIndex(({ fromMs }) => fromMs === known.fromMs)
  const path = ['offerings', index, ...(place < 0 ? [] : ['versions', place]), 'prices']
  const suggestion = `write a version of its own, such as versions: [{ from: ${dayAfter(nowMs)}, prices: [${now.prices.join(', ')}] }], and migrate who is to have it`
  const missing = known.prices
    .filter((id) => !now.prices.includes(id))
    .map((id) => problem(path, `leave out ${id}, which is in force for those who bought this version`, suggestion))
  const added = now.prices.flatMap((id, position) => {
    if (known.prices.includes(id) || meterOf.get(id) !== null) return []
    const message = `is ${id}, a fee that those who bought this version did not agree to`
    return [problem([...path, position], message, suggestion)]
  })
  return [...missing, ...added, ...checkAllowancesKept(known, now, path.slice(0, -1), nowMs)]
}

/** What is included for those who bought a version is no less agreed on than its prices. */
function checkAllowancesKept(
  known: OfferingVersion,
  now: OfferingVersion,
  path: readonly (string | number)[],
  nowMs: number,
): readonly Problem[] {
  const text = ({ allowances }: OfferingVersion): string => canonicalJson(allowances.map(allowanceJson))
  if (text(known) === text(now)) return []
  const message = 'changes what is included for those who bought this version'
  const suggestion = `put it back and write a version of its own, from ${dayAfter(nowMs)} on, and migrate who is to have it`
  return [problem(now.allowances.length === 0 ? path : [...path, 'allowances'], message, suggestion)]
}

/** Subscriptions that have begun keep the version they began with, and the migrations that have happened. */
function checkChoices(
  before: TenantFile,
  draft: Draft,
  offerings: ReadonlyMap<string, Placed<OfferingDefinition>>,
  nowMs: number,
): readonly Problem[] {
  const earlierOfferings = new Map(before.offerings.map((offering) => [offering.id, offering]))
  const laterOfferings = new Map([...offerings].map(([id, { value }]) => [id, value]))
  const begun = new Map(before.subscriptions.filter(({ fromMs }) => fromMs <= nowMs).map((known) => [known.id, known]))
  return draft.subscriptions.flatMap(({ value, index }) => {
    const known = begun.get(value.id)
    if (known === undefined || known.offering !== value.offering) return []
    const now = laterOfferings.get(value.offering)
    if (now === undefined) return []
    // With one version and no migrations on both sides, as nearly always, there is no other choice.
    if (now.versions.length === 0 && known.migrations.length === 0) return []
    return [
      ...checkFirstVersion(known, earlierOfferings, value, laterOfferings, index),
      ...resolvedMigrations(known)
        .filter(({ atMs }) => atMs <= nowMs)
        .filter((migration) => !resolvedMigrations(value).some((each) => isSame(each, migration)))
        .map(({ atMs, offering, versionFromMs }) => {
          const of = offering === known.offering ? '' : ` of ${offering}`
          const version = `version ${versionName({ fromMs: versionFromMs })}${of}`
          const message = `leave out the migration of ${value.id} at ${formatInstant(atMs)} to ${version}, which has happened`
          return { ...problem(['subscriptions', index, 'migrations'], message, 'put it back'), part: 'key' as const }
        }),
    ]
  })
}

function checkFirstVersion(
  known: SubscriptionDefinition,
  earlier: ReadonlyMap<string, OfferingDefinition>,
  value: SubscriptionDefinition,
  now: ReadonlyMap<string, OfferingDefinition>,
  index: number,
): readonly Problem[] {
  const [was] = versionSpans({ ...known, migrations: [] }, earlier)
  const [is] = versionSpans({ ...value, migrations: [] }, now)
  if (was === undefined || is === undefined || was.version.fromMs === is.version.fromMs) return []
  const message = `is ${formatInstant(value.fromMs)}, when version ${versionName(is.version)} of ${value.offering} is sold, but it began with version ${versionName(was.version)}`
  const suggestion = `let the new version be sold from a later date, and write migrations: [{ at: …, version: ${versionName(is.version).slice(0, 10)} }] for who is to have it`
  return [problem(['subscriptions', index, 'from'], message, suggestion)]
}

function isSame(left: Migration, right: Migration): boolean {
  return left.atMs === right.atMs && left.offering === right.offering && left.versionFromMs === right.versionFromMs
}
