import { z } from 'zod'
import { failed, fault, ok, type Result } from '../base/errors.ts'
import { canonicalJson, type JsonValue } from '../integrity/canonical-json.ts'
import { parsePrice } from '../rating/price-schema.ts'
import type { Price } from '../rating/price.ts'
import { readCanonicalJson } from './canonical-document.ts'
import { hashSchema, nameSchema, snapshotLimits, type SnapshotFault } from './snapshot.ts'
import { timeLimits } from './usage-event.ts'

/** A meter as the edge needs it. */
export interface SnapshotMeter {
  readonly id: string
  readonly unit: string
  /**
   * How its readings become usage. Left out: its quantities are usage as they stand, the only kind an agent can pre-rate;
   * what the others come to depends on readings that other agents may hold.
   */
  readonly kind?: 'counter' | 'gauge' | 'distinct' | 'maximum' | undefined
}

/** A price of the enforced leg, as it is written into a part. */
export interface SnapshotPrice {
  /** Content hash of the price, hexadecimal. */
  readonly id: string
  readonly meter: string
  readonly currency: string
  /** As `priceJson` gives it; without the rows of a matrix where `rows` names the parts they are in. */
  readonly price: JsonValue
  /** Hashes of the parts with the rows of a large matrix, in order; left out when `price` is whole. */
  readonly rows?: readonly string[] | undefined
}

/** What a plan's usage costs from an instant until the next span begins. */
export interface SnapshotSpan {
  /** Null in the first one: always before. */
  readonly fromMs: number | null
  /** Ids of prices, at most one for a meter. */
  readonly prices: readonly string[]
}

/** The prices that subscriptions of one offering have over time, with what is changed by a date. */
export interface SnapshotPlan {
  readonly id: string
  readonly spans: readonly SnapshotSpan[]
}

/** One part of a snapshot: a list of things of one kind. */
export type SnapshotPart =
  | { readonly kind: 'meters'; readonly meters: readonly SnapshotMeter[] }
  | { readonly kind: 'prices'; readonly prices: readonly SnapshotPrice[] }
  | { readonly kind: 'rows'; readonly rows: readonly JsonValue[] }
  | { readonly kind: 'plans'; readonly plans: readonly SnapshotPlan[] }

/** What all parts of a snapshot say together. */
export interface SnapshotContent {
  readonly meters: readonly SnapshotMeter[]
  readonly prices: readonly { readonly id: string; readonly meter: string; readonly price: Price }[]
  readonly plans: readonly SnapshotPlan[]
}

const jsonSchema = z.custom<JsonValue>((value) => typeof value === 'object' && value !== null, 'is no object')
const mostSpans = 1_000
const mostPrices = 1_000

const meterSchema = z.strictObject({
  id: nameSchema,
  unit: nameSchema,
  kind: z.enum(['counter', 'gauge', 'distinct', 'maximum']).optional(),
})

const priceSchema = z.strictObject({
  id: hashSchema,
  meter: nameSchema,
  currency: nameSchema,
  price: jsonSchema,
  rows: z.array(hashSchema).min(1).max(snapshotLimits.parts).optional(),
})

const spanSchema = z.strictObject({
  fromMs: z.int().min(timeLimits.earliestMs).max(timeLimits.latestMs).nullable(),
  prices: z.array(hashSchema).max(mostPrices),
})

const planSchema = z.strictObject({
  id: nameSchema,
  spans: z
    .array(spanSchema)
    .min(1)
    .max(mostSpans)
    .refine((spans) => spans.every(followsInTime), 'are not in the order of time from null on'),
})

const partSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('meters'), meters: z.array(meterSchema) }),
  z.strictObject({ kind: z.literal('prices'), prices: z.array(priceSchema) }),
  z.strictObject({ kind: z.literal('rows'), rows: z.array(jsonSchema) }),
  z.strictObject({ kind: z.literal('plans'), plans: z.array(planSchema) }),
])

function followsInTime(span: SnapshotSpan, index: number, spans: readonly SnapshotSpan[]): boolean {
  const before = spans[index - 1]
  if (before === undefined) return span.fromMs === null
  return span.fromMs !== null && (before.fromMs === null || span.fromMs > before.fromMs)
}

/** Canonical JSON bytes (RFC 8785) of a part: a list of things of one kind, each as plain JSON. */
export function encodeSnapshotPart(kind: SnapshotPart['kind'], things: readonly JsonValue[]): Uint8Array {
  return new TextEncoder().encode(canonicalJson({ kind, [kind]: things }))
}

/** A meter of a part as plain JSON. */
export function snapshotMeterJson({ id, unit, kind }: SnapshotMeter): JsonValue {
  return kind === undefined ? { id, unit } : { id, unit, kind }
}

/** A price of a part as plain JSON. */
export function snapshotPriceJson({ id, meter, currency, price, rows }: SnapshotPrice): JsonValue {
  return { id, meter, currency, price, ...(rows === undefined ? {} : { rows }) }
}

/** A plan of a part as plain JSON. */
export function snapshotPlanJson({ id, spans }: SnapshotPlan): JsonValue {
  return { id, spans: spans.map(({ fromMs, prices }) => ({ fromMs, prices })) }
}

/** Reads one part strictly: only the canonical bytes of a valid part are accepted. */
export function decodeSnapshotPart(bytes: Uint8Array): Result<SnapshotPart, SnapshotFault> {
  const { partBytes } = snapshotLimits
  if (bytes.length > partBytes) {
    return failed(fault('snapshot_too_large', `a part of the snapshot has ${bytes.length} bytes, over ${partBytes}`))
  }
  const parsed = partSchema.safeParse(readCanonicalJson(bytes))
  if (parsed.success) return ok(parsed.data)
  const issue = parsed.error.issues[0]
  return malformed(`${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'it has another shape'}`)
}

/**
 * Puts the parts of a snapshot together, by their hashes in hexadecimal: ids are unique, plans name prices that are there,
 * at most one for a meter, and every price can be read.
 */
export function readSnapshotParts(parts: ReadonlyMap<string, SnapshotPart>): Result<SnapshotContent, SnapshotFault> {
  const meters = [...parts.values()].flatMap((part) => (part.kind === 'meters' ? part.meters : []))
  const plans = [...parts.values()].flatMap((part) => (part.kind === 'plans' ? part.plans : []))
  const prices: SnapshotContent['prices'][number][] = []
  for (const part of parts.values()) {
    for (const price of part.kind === 'prices' ? part.prices : []) {
      const json = withRows(price, parts)
      if (json === null) return malformed(`the price ${price.id} names rows that are not in it`)
      const read = parsePrice(json)
      if (!read.ok) return malformed(`the price ${price.id}: ${read.fault.message}`)
      prices.push({ id: price.id, meter: price.meter, price: read.value })
    }
  }
  const twice = [meters, prices, plans].some((list) => new Set(list.map(({ id }) => id)).size !== list.length)
  if (twice) return malformed('a meter, a price or a plan is in it twice')
  const meterOf = new Map(prices.map(({ id, meter }) => [id, meter]))
  for (const { id, spans } of plans) {
    for (const span of spans) {
      const priced = span.prices.map((price) => meterOf.get(price))
      if (priced.includes(undefined)) return malformed(`the plan ${id} names a price that is not in it`)
      if (new Set(priced).size !== priced.length) return malformed(`the plan ${id} has two prices for a meter`)
    }
  }
  return ok({ meters, prices, plans })
}

/** The whole price; null when a part with rows of it is not there. */
function withRows({ price, rows }: SnapshotPrice, parts: ReadonlyMap<string, SnapshotPart>): JsonValue | null {
  if (rows === undefined) return price
  const all: JsonValue[] = []
  for (const hash of rows) {
    const part = parts.get(hash)
    if (part?.kind !== 'rows') return null
    for (const row of part.rows) all.push(row)
  }
  return { ...(price as { readonly [key: string]: JsonValue }), rows: all }
}

function malformed(what: string): { readonly ok: false; readonly fault: SnapshotFault } {
  return failed(fault('snapshot_malformed', `a part of the snapshot cannot be read: ${what}`))
}
