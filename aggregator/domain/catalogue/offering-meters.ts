import type { Draft } from './draft.ts'
import { versionsOf, type OfferingDefinition } from './offering-definition.ts'
import { versionSpans, type SubscriptionDefinition } from './subscription-definition.ts'

/** An offering with the meters its prices are for. */
interface MeteredOffering {
  readonly definition: OfferingDefinition
  /** By the date of the version; null: the first one. */
  readonly ofVersion: ReadonlyMap<number | null, ReadonlySet<string>>
  /** Of all versions. */
  readonly all: ReadonlySet<string>
}

/** The meters that offerings price, by offering. */
export type OfferingMeters = ReadonlyMap<string, MeteredOffering>

/** Finds the meters of each offering of a draft; prices that cannot be read have none. */
export function offeringMeters(draft: Draft): OfferingMeters {
  const meterOf = new Map(draft.prices.map(({ value }) => [value.id, value.meter]))
  return new Map(
    draft.offerings.map(({ value: definition }) => {
      const ofVersion = new Map(
        versionsOf(definition).map(({ fromMs, prices }) => {
          const meters = prices.map((id) => meterOf.get(id) ?? null).filter((meter) => meter !== null)
          return [fromMs, new Set(meters)] as const
        }),
      )
      const all = new Set([...ofVersion.values()].flatMap((meters) => [...meters]))
      return [definition.id, { definition, ofVersion, all }] as const
    }),
  )
}

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
  const [leftOffering, rightOffering] = [meters.get(left.offering), meters.get(right.offering)]
  if (leftOffering === undefined || rightOffering === undefined) return undefined
  const rightSpans = versionSpans(right, rightOffering.definition)
  for (const span of versionSpans(left, leftOffering.definition)) {
    const own = leftOffering.ofVersion.get(span.version.fromMs)
    for (const other of rightSpans) {
      const others = rightOffering.ofVersion.get(other.version.fromMs)
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
  const offering = meters.get(purchase.offering)
  if (offering === undefined || !offering.all.has(meter) || !overlap(purchase, time)) return false
  return versionSpans(purchase, offering.definition).some(
    (span) => overlap(span, time) && offering.ofVersion.get(span.version.fromMs)?.has(meter) === true,
  )
}
