import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { instant, name } from '../catalogue/file-fields.ts'
import { mergedSpans, type TimeSpan } from './time-span.ts'

/**
 * A subscription is there but not in use, so that fees and allowances which are prorated leave this time out. Usage that
 * comes all the same is charged.
 */
export interface Pause {
  /** Epoch milliseconds. */
  readonly fromMs: number
  /** Exclusive; null: until it is resumed. */
  readonly toMs: number | null
  /** For people; null: none was given. */
  readonly reason: string | null
}

/** What happens to a subscription while the one that it depends on is paused. */
export type WhenPaused = 'pause' | 'stays'

const mostPauses = 1_000

/** The pauses of a subscription as they stand in a tenant file. */
export const pausesSchema = z
  .array(
    z
      .strictObject({ from: instant, to: instant.nullable().optional(), reason: name.nullable().default(null) })
      .transform(({ from, to, reason }): Pause => ({ fromMs: from, toMs: to ?? null, reason })),
  )
  .max(mostPauses, `has more than ${mostPauses} pauses`)

/** The plain data that `pausesSchema` reads back, in the order of time. */
export function pausesJson(pauses: readonly Pause[]): JsonValue {
  return pausesInOrder(pauses).map(({ fromMs, toMs, reason }) => ({
    from: formatInstant(fromMs),
    ...(toMs === null ? {} : { to: formatInstant(toMs) }),
    ...(reason === null ? {} : { reason }),
  }))
}

/** Pauses in the order of time. */
export function pausesInOrder(pauses: readonly Pause[]): readonly Pause[] {
  return pauses.length < 2 ? pauses : pauses.toSorted((left, right) => left.fromMs - right.fromMs)
}

/** What of a subscription decides when it is paused. */
export interface Pausable {
  readonly id: string
  readonly pauses: readonly Pause[]
  /** Id of the subscription that this one needs; null: none. */
  readonly dependsOn: string | null
  readonly whenPaused: WhenPaused
}

const never: readonly TimeSpan[] = []

/**
 * When each subscription is paused: by itself, and with what it depends on unless it stays on. Subscriptions that are never
 * paused are not in the answer. Links that go round in a circle, which a checked file has not, end where they began.
 */
export function effectivePauses(subscriptions: readonly Pausable[]): ReadonlyMap<string, readonly TimeSpan[]> {
  const concerned = subscriptions.filter(({ pauses, dependsOn }) => pauses.length > 0 || dependsOn !== null)
  const byId = new Map(concerned.map((subscription) => [subscription.id, subscription]))
  const found = new Map<string, readonly TimeSpan[]>()
  const pausesOf = (id: string): readonly TimeSpan[] => {
    const known = found.get(id)
    const subscription = byId.get(id)
    if (known !== undefined || subscription === undefined) return known ?? never
    found.set(id, never)
    const own = subscription.pauses.map(({ fromMs, toMs }) => ({ fromMs, toMs: toMs ?? Infinity }))
    const { dependsOn, whenPaused } = subscription
    const inherited = dependsOn === null || whenPaused === 'stays' ? never : pausesOf(dependsOn)
    const all = mergedSpans([...own, ...inherited])
    found.set(id, all)
    return all
  }
  for (const { id } of concerned) pausesOf(id)
  return new Map([...found].filter(([, spans]) => spans.length > 0))
}
