import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { pausesJson, pausesSchema, type Pause, type WhenPaused } from '../contract/pauses.ts'
import { id, instant, subject } from './file-fields.ts'
import { labelConditionJson, labelConditionSchema, type LabelCondition } from './label-condition.ts'
import {
  versionAt,
  versionName,
  versionsOf,
  type OfferingDefinition,
  type OfferingVersion,
} from './offering-definition.ts'
import {
  quantitiesJson,
  quantitiesSchema,
  quantityChangesJson,
  quantityChangesSchema,
  type Quantities,
  type QuantityChange,
} from './subscription-quantities.ts'

/** A subscription takes another version of its offering, or of another offering, from an instant on. */
export interface Migration {
  readonly atMs: number
  /** Null: of the offering that it has then. */
  readonly offering: string | null
  /** When that version was first sold; null: the first one. */
  readonly versionFromMs: number | null
}

export interface SubscriptionDefinition {
  readonly id: string
  /** Who buys: an account, or the operator when a partner sells. */
  readonly account: string
  /** The partner who sells to the operator; null everywhere else, where the seller follows from the tree. */
  readonly seller: string | null
  readonly offering: string
  /** Epoch milliseconds. */
  readonly fromMs: number
  /** Exclusive; null: no end. */
  readonly toMs: number | null
  /** The subjects of a customer or fleet; null for resellers and the operator, who buy for everything below them. */
  readonly subjects: readonly string[] | null
  /** How many of what it has as it begins, by the name that fees use. */
  readonly quantities: Quantities
  /** How many it has later; unique instants. */
  readonly changes: readonly QuantityChange[]
  /** Unique instants. */
  readonly migrations: readonly Migration[]
  /** One after the other. */
  readonly pauses: readonly Pause[]
  /** The subscription without which it is of no use; null: none. */
  readonly dependsOn: string | null
  /** Whether it is paused with the one it depends on. */
  readonly whenPaused: WhenPaused
  /** Of what a partner sells: the only usage that it is a cost of; null: of all. */
  readonly only: LabelCondition | null
}

/** A version of an offering for as long as one subscription has it. */
export interface VersionSpan {
  readonly fromMs: number
  /** Exclusive; Infinity: no end. */
  readonly toMs: number
  readonly offering: OfferingDefinition
  readonly version: OfferingVersion
}

const mostMigrations = 1_000
const versionReference = z.unknown().transform((value, context): number | null => {
  if (value === 'first') return null
  const parsed = instant.safeParse(value)
  if (parsed.success) return parsed.data
  const message = 'names no version: write the date its version is sold from, or first'
  context.addIssue({
    code: 'custom',
    message: value === undefined ? 'is missing; write the date of a version, or first' : message,
  })
  return z.NEVER
})
const migration = z
  .strictObject({ at: instant, offering: id.nullable().default(null), version: versionReference })
  .transform(({ at, offering, version }): Migration => ({ atMs: at, offering, versionFromMs: version }))

/** A subscription as it stands in a tenant file. */
export const subscriptionSchema = z
  .strictObject({
    id,
    account: id,
    seller: id.nullable().default(null),
    offering: id,
    from: instant,
    to: instant.nullable().optional(),
    subjects: z.array(subject).nullable().default(null),
    quantities: quantitiesSchema.optional(),
    changes: quantityChangesSchema.optional(),
    migrations: z.array(migration).max(mostMigrations, `has more than ${mostMigrations} migrations`).optional(),
    pauses: pausesSchema.optional(),
    dependsOn: id.nullable().default(null),
    whenPaused: z.enum(['pause', 'stays']).default('pause'),
    only: labelConditionSchema.nullable().default(null),
  })
  .transform(({ from, to, quantities, changes, migrations, pauses, ...own }): SubscriptionDefinition => ({
    ...own,
    fromMs: from,
    toMs: to ?? null,
    quantities: quantities ?? noQuantities,
    changes: changes ?? noChanges,
    migrations: migrations ?? noMigrations,
    pauses: pauses ?? noPauses,
  }))

// Most subscriptions have none of these, and there may be a million of them.
const noQuantities: Quantities = new Map()
const noChanges: readonly QuantityChange[] = []
const noMigrations: readonly Migration[] = []
const noPauses: readonly Pause[] = []

/** The plain data that `subscriptionSchema` reads back. */
export function subscriptionJson(subscription: SubscriptionDefinition): JsonValue {
  const { id: ownId, account, seller, offering, fromMs, toMs, subjects } = subscription
  const { quantities, changes, migrations, pauses, dependsOn, whenPaused, only } = subscription
  return {
    id: ownId,
    account,
    ...(seller === null ? {} : { seller }),
    offering,
    from: formatInstant(fromMs),
    ...(toMs === null ? {} : { to: formatInstant(toMs) }),
    ...(subjects === null ? {} : { subjects: [...subjects] }),
    ...(quantities.size === 0 ? {} : { quantities: quantitiesJson(quantities) }),
    ...(changes.length === 0 ? {} : { changes: quantityChangesJson(changes) }),
    ...(migrations.length === 0 ? {} : { migrations: migrationsInOrder(migrations).map(migrationJson) }),
    ...(pauses.length === 0 ? {} : { pauses: pausesJson(pauses) }),
    ...(dependsOn === null ? {} : { dependsOn }),
    ...(whenPaused === 'pause' ? {} : { whenPaused }),
    ...(only === null ? {} : { only: labelConditionJson(only) }),
  }
}

function migrationJson({ atMs, offering, versionFromMs }: Migration): { readonly [key: string]: JsonValue } {
  const version = versionName({ fromMs: versionFromMs })
  return { at: formatInstant(atMs), ...(offering === null ? {} : { offering }), version }
}

/**
 * Which version of which offering a subscription has when: the one sold when it begins, and those it is migrated to.
 * Migrations to what there is not count for nothing; whoever checks a file reports them.
 */
export function versionSpans(
  { fromMs, toMs, offering: first, migrations }: SubscriptionDefinition,
  offerings: ReadonlyMap<string, OfferingDefinition>,
): readonly VersionSpan[] {
  const bought = offerings.get(first)
  const sold = bought === undefined ? undefined : versionAt(versionsOf(bought), fromMs)
  const endMs = toMs ?? Infinity
  if (bought === undefined || sold === undefined) return []
  const spans: VersionSpan[] = []
  let current = { fromMs, offering: bought, version: sold }
  for (const { atMs, offering: named, versionFromMs } of migrationsInOrder(migrations)) {
    const offering = named === null ? current.offering : offerings.get(named)
    const version = offering === undefined ? undefined : versionOf(offering, versionFromMs)
    if (offering === undefined || version === undefined || atMs <= current.fromMs || atMs >= endMs) continue
    spans.push({ ...current, toMs: atMs })
    current = { fromMs: atMs, offering, version }
  }
  return [...spans, { ...current, toMs: endMs }]
}

/** A migration with the offering it is to. */
export type ResolvedMigration = Migration & { readonly offering: string }

/** Migrations in the order of time, each with the offering it is to. */
export function resolvedMigrations({
  offering: first,
  migrations,
}: SubscriptionDefinition): readonly ResolvedMigration[] {
  let offering = first
  return migrationsInOrder(migrations).map((migration) => {
    offering = migration.offering ?? offering
    return { ...migration, offering }
  })
}

/** Migrations in the order of time, which name an offering only where it is another one than before. */
export function withShortNames(
  { offering: first }: SubscriptionDefinition,
  migrations: readonly ResolvedMigration[],
): readonly Migration[] {
  let current = first
  return migrations
    .toSorted((left, right) => left.atMs - right.atMs)
    .map((migration) => {
      const offering = migration.offering === current ? null : migration.offering
      current = migration.offering
      return { ...migration, offering }
    })
}

/** The version of an offering that a migration names. */
function versionOf(offering: OfferingDefinition, fromMs: number | null): OfferingVersion | undefined {
  return versionsOf(offering).find((each) => each.fromMs === fromMs)
}

/** Migrations in the order of time. */
export function migrationsInOrder(migrations: readonly Migration[]): readonly Migration[] {
  return migrations.length < 2 ? migrations : migrations.toSorted((left, right) => left.atMs - right.atMs)
}
