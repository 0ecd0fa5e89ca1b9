import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { allowanceJson, allowancesSchema, type AllowanceDefinition } from '../contract/allowance-definition.ts'
import { id, instant, name } from './file-fields.ts'

/** What somebody buys who subscribes from an instant on, until a later version is sold. */
export interface OfferingVersion {
  /** Epoch milliseconds; null for the first version, which holds for all time before as well. */
  readonly fromMs: number | null
  /** Price ids in the order invoices list them; at most one per meter. */
  readonly prices: readonly string[]
  /** What is included in every period. */
  readonly allowances: readonly AllowanceDefinition[]
}

/** What is sold. A subscription has the version that is sold when it begins, and keeps it until it is migrated. */
export interface OfferingDefinition {
  readonly id: string
  readonly name: string
  /** Prices of the first version. */
  readonly prices: readonly string[]
  /** Allowances of the first version. */
  readonly allowances: readonly AllowanceDefinition[]
  /** Later versions, each with an instant of its own. */
  readonly versions: readonly OfferingVersion[]
}

const mostVersions = 1_000
const prices = z.array(id).min(1, 'is empty; name at least one price')

/** An offering as it stands in a tenant file. */
export const offeringSchema = z.strictObject({
  id,
  name,
  prices,
  allowances: allowancesSchema,
  versions: z
    .array(
      z
        .strictObject({ from: instant, prices, allowances: allowancesSchema })
        .transform(({ from, ...own }): OfferingVersion => ({ fromMs: from, ...own })),
    )
    .max(mostVersions, `has more than ${mostVersions} versions`)
    .default([]),
})

/** All versions of an offering in the order of time, the first one first. */
export function versionsOf({ prices: first, allowances, versions }: OfferingDefinition): readonly OfferingVersion[] {
  if (versions.length === 0) return [{ fromMs: null, prices: first, allowances }]
  return [
    { fromMs: null, prices: first, allowances },
    ...versions.toSorted((left, right) => (left.fromMs ?? 0) - (right.fromMs ?? 0)),
  ]
}

/** The version that is sold at an instant. */
export function versionAt(versions: readonly OfferingVersion[], timeMs: number): OfferingVersion | undefined {
  return versions.findLast(({ fromMs }) => fromMs === null || fromMs <= timeMs)
}

/** A version as migrations name it: its date, or `first`. */
export function versionName({ fromMs }: Pick<OfferingVersion, 'fromMs'>): string {
  return fromMs === null ? 'first' : formatInstant(fromMs)
}

/** The plain data that `offeringSchema` reads back. */
export function offeringJson(offering: OfferingDefinition): JsonValue {
  const [, ...later] = versionsOf(offering)
  return {
    id: offering.id,
    name: offering.name,
    prices: [...offering.prices],
    ...allowancesJson(offering),
    ...(later.length === 0
      ? {}
      : {
          versions: later.map((version) => ({
            from: versionName(version),
            prices: [...version.prices],
            ...allowancesJson(version),
          })),
        }),
  }
}

/** Left out where there are none, so that files without them keep the hash they have always had. */
function allowancesJson({ allowances }: Pick<OfferingVersion, 'allowances'>): { readonly [key: string]: JsonValue } {
  return allowances.length === 0 ? {} : { allowances: allowances.map(allowanceJson) }
}
