import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { formatDuration } from '@meterline/shared/units/duration.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { duration, id, instant, subject } from '../catalogue/file-fields.ts'
import { sourcePattern } from './source-pattern.ts'

/** Usage that ought to come at least this often from each of the watched; exactly one of the three ways to name them. */
export interface ExpectationDefinition {
  readonly id: string
  /** Only events that measure this meter count; null: any event. */
  readonly meter: string | null
  /** Each of these subjects is watched by itself. */
  readonly subjects: readonly string[] | null
  /** Each of these sources is watched by itself; those named by a beginning (`gw-*`) once they have been seen. */
  readonly sources: readonly string[] | null
  /** Each subject of this subscription is watched by itself, while the subscription is in force. */
  readonly subscription: string | null
  /** The heartbeat: one event at least in each interval of this many milliseconds. */
  readonly everyMs: number
  /** Epoch milliseconds; null: since each was first seen. */
  readonly fromMs: number | null
  /** Exclusive; null: no end. */
  readonly toMs: number | null
}

const dayMs = 86_400_000
const ways = ['subjects', 'sources', 'subscription'] as const

/** An expectation as it stands in a tenant file. */
export const expectationSchema = z
  .strictObject({
    id,
    meter: id.nullable().default(null),
    subjects: z.array(subject).min(1, 'is empty; name at least one subject').nullable().default(null),
    sources: z.array(sourcePattern).min(1, 'is empty; name at least one source').nullable().default(null),
    subscription: id.nullable().default(null),
    every: duration(1_000, 31 * dayMs),
    from: instant.nullable().optional(),
    to: instant.nullable().optional(),
  })
  .superRefine((expectation, context) => {
    const named = ways.filter((way) => expectation[way] !== null)
    if (named.length === 1) return
    const found = named.length === 0 ? 'names nobody to watch' : `names whom to watch in ${named.length} ways`
    context.addIssue({ code: 'custom', message: `${found}: write one of subjects:, sources: or subscription:` })
  })
  .transform(({ every, from, to, ...own }): ExpectationDefinition => ({
    ...own,
    everyMs: every,
    fromMs: from ?? null,
    toMs: to ?? null,
  }))

/** The plain data that `expectationSchema` reads back. */
export function expectationJson(expectation: ExpectationDefinition): JsonValue {
  const { id: ownId, meter, subjects, sources, subscription, everyMs, fromMs, toMs } = expectation
  return {
    id: ownId,
    ...(meter === null ? {} : { meter }),
    ...(subjects === null ? {} : { subjects }),
    ...(sources === null ? {} : { sources }),
    ...(subscription === null ? {} : { subscription }),
    every: formatDuration(everyMs),
    ...(fromMs === null ? {} : { from: formatInstant(fromMs) }),
    ...(toMs === null ? {} : { to: formatInstant(toMs) }),
  }
}
