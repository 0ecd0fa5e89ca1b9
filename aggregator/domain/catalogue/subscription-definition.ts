import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { largestQuantity } from '@meterline/shared/units/quantity.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { byText } from './by-text.ts'
import { id, instant, subject } from './file-fields.ts'
import {
  versionAt,
  versionName,
  versionsOf,
  type OfferingDefinition,
  type OfferingVersion,
} from './offering-definition.ts'

/** A subscription takes another version of its offering from an instant on. */
export interface Migration {
  readonly atMs: number
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
  /** How many of what it has, by the name that fees use. */
  readonly quantities: ReadonlyMap<string, bigint>
  /** Unique instants. */
  readonly migrations: readonly Migration[]
}

/** A version of an offering for as long as one subscription has it. */
export interface VersionSpan {
  readonly fromMs: number
  /** Exclusive; Infinity: no end. */
  readonly toMs: number
  readonly version: OfferingVersion
}

const mostMigrations = 1_000
const mostQuantities = 32
const quantityHint = 'is no quantity: write a whole number from 0 on'
const quantity = z.unknown().transform((value, context): bigint => {
  const whole = typeof value === 'number' ? Number.isSafeInteger(value) && value >= 0 : isDigits(value)
  const count = whole ? BigInt(value as number | string) : largestQuantity + 1n
  if (count <= largestQuantity) return count
  context.addIssue({ code: 'custom', message: quantityHint })
  return z.NEVER
})
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
  .strictObject({ at: instant, version: versionReference })
  .transform(({ at, version }): Migration => ({ atMs: at, versionFromMs: version }))

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
    quantities: z
      .record(id, quantity)
      .refine((named) => Object.keys(named).length <= mostQuantities, `has more than ${mostQuantities} quantities`)
      .optional(),
    migrations: z.array(migration).max(mostMigrations, `has more than ${mostMigrations} migrations`).optional(),
  })
  .transform(({ from, to, quantities, migrations, ...own }): SubscriptionDefinition => ({
    ...own,
    fromMs: from,
    toMs: to ?? null,
    quantities: quantities === undefined ? noQuantities : new Map(Object.entries(quantities)),
    migrations: migrations ?? noMigrations,
  }))

// Most subscriptions have neither, and there may be a million of them.
const noQuantities: ReadonlyMap<string, bigint> = new Map()
const noMigrations: readonly Migration[] = []

/** The plain data that `subscriptionSchema` reads back. */
export function subscriptionJson(subscription: SubscriptionDefinition): JsonValue {
  const { id: ownId, account, seller, offering, fromMs, toMs, subjects, quantities, migrations } = subscription
  return {
    id: ownId,
    account,
    ...(seller === null ? {} : { seller }),
    offering,
    from: formatInstant(fromMs),
    ...(toMs === null ? {} : { to: formatInstant(toMs) }),
    ...(subjects === null ? {} : { subjects: [...subjects] }),
    ...(quantities.size === 0 ? {} : { quantities: quantitiesJson(quantities) }),
    ...(migrations.length === 0
      ? {}
      : {
          migrations: migrationsInOrder(migrations).map(({ atMs, versionFromMs }) => ({
            at: formatInstant(atMs),
            version: versionName({ fromMs: versionFromMs }),
          })),
        }),
  }
}

/**
 * Which version of its offering a subscription has when: the one sold when it begins, and those it is migrated to.
 * Migrations to versions there are not count for nothing; whoever checks a file reports them.
 */
export function versionSpans(
  { fromMs, toMs, migrations }: SubscriptionDefinition,
  offering: OfferingDefinition,
): readonly VersionSpan[] {
  const versions = versionsOf(offering)
  const first = versionAt(versions, fromMs)
  const endMs = toMs ?? Infinity
  if (first === undefined) return []
  const spans: VersionSpan[] = []
  let current = { fromMs, version: first }
  for (const { atMs, versionFromMs } of migrationsInOrder(migrations)) {
    const version = versions.find((each) => each.fromMs === versionFromMs)
    if (version === undefined || atMs <= current.fromMs || atMs >= endMs) continue
    spans.push({ ...current, toMs: atMs })
    current = { fromMs: atMs, version }
  }
  return [...spans, { ...current, toMs: endMs }]
}

/** Migrations in the order of time. */
export function migrationsInOrder(migrations: readonly Migration[]): readonly Migration[] {
  return migrations.length < 2 ? migrations : migrations.toSorted((left, right) => left.atMs - right.atMs)
}

function quantitiesJson(quantities: ReadonlyMap<string, bigint>): { readonly [name: string]: string } {
  const sorted = [...quantities].toSorted(([left], [right]) => byText(left, right))
  return Object.fromEntries(sorted.map(([name, count]) => [name, count.toString()]))
}

function isDigits(value: unknown): boolean {
  return typeof value === 'string' && /^(0|[1-9][0-9]{0,18})$/.test(value)
}
