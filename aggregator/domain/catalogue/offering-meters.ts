import type { Draft } from './draft.ts'
import { versionsOf, type OfferingDefinition } from './offering-definition.ts'
import { versionSpans, type SubscriptionDefinition, type VersionSpan } from './subscription-definition.ts'

/** The meters that the prices of an offering are for. */
interface MeteredOffering {
  /** By the date of the version; null: the first one. */
  readonly ofVersion: ReadonlyMap<number | null, ReadonlySet<string>>
  /** Of all versions. */
  readonly all: ReadonlySet<string>
}

/** The meters that offerings price. */
export interface OfferingMeters {
  readonly byOffering: ReadonlyMap<string, MeteredOffering>
  readonly definitions: ReadonlyMap<string, OfferingDefinition>
}

/** Finds the meters of each offering of a draft; prices that cannot be read have none. */
export function offeringMeters(draft: Draft): OfferingMeters {
  const meterOf = new Map(draft.prices.map(({ value }) => [value.id, value.meter]))
  const byOffering = new Map(
    draft.offerings.map(({ value: definition }) => {
      const ofVersion = new Map(
        versionsOf(definition).map(({ fromMs, prices }) => {
          const meters = prices.map((id) => meterOf.get(id) ?? null).filter((meter) => meter !== null)
          return [fromMs, new Set(meters)] as const
        }),
      )
      const all = new Set([...ofVersion.values()].flatMap((meters) => [...meters]))
      return [definition.id, { ofVersion, all }] as const
    }),
  )
  return { byOffering, definitions: new Map(draft.offerings.map(({ value }) => [value.id, value])) }
}

/** The meters of every offering that a subscription ever has. */
export function metersEverPriced(
  { offering, migrations }: SubscriptionDefinition,
  { byOffering }: OfferingMeters,
): ReadonlySet<string> {
  const first = byOffering.get(offering)?.all ?? noMeters
  if (migrations.every((migration) => migration.offering === null)) return first
  const later = migrations.flatMap((migration) => [...(byOffering.get(migration.offering ?? '')?.all ?? noMeters)])
  return new Set([...first, ...later])
}

const noMeters: ReadonlySet<string> = new Set()

interface Span {
  readonly fromMs: number
  /** Exclusive; null: no end. */
  readonly toMs: number | null
}

/** Whether two subscriptions, or versions of them, are in force at the same time. */
export function overlap(left: Span, right: Span): boolean {
  return left.fromMs < (right.toMs ?? Infinity) && right.fromMs < (left.toMs ?? Infinity)
}

/** A meter that two subscriptions price at the same time. */
export function sharedMeter(
  left: SubscriptionDefinition,
  right: SubscriptionDefinition,
  meters: OfferingMeters,
): string | undefined {
  const rightSpans = versionSpans(right, meters.definitions)
  for (const span of versionSpans(left, meters.definitions)) {
    const own = metersOfSpan(span, meters)
    for (const other of rightSpans) {
      const others = metersOfSpan(other, meters)
      const shared = overlap(span, other) ? [...(own ?? [])].find((meter) => others?.has(meter)) : undefined
      if (shared !== undefined) return shared
    }
  }
  return undefined
}

/** Whether a subscription prices a meter at some time another one is in force. */
export function pricesDuring(
  purchase: SubscriptionDefinition,
  meter: string,
  time: Span,
  meters: OfferingMeters,
): boolean {
  if (!metersEverPriced(purchase, meters).has(meter) || !overlap(purchase, time)) return false
  return versionSpans(purchase, meters.definitions).some(
    (span) => overlap(span, time) && metersOfSpan(span, meters)?.has(meter) === true,
  )
}

function metersOfSpan({ offering, version }: VersionSpan, meters: OfferingMeters): ReadonlySet<string> | undefined {
  return meters.byOffering.get(offering.id)?.ofVersion.get(version.fromMs)
}
