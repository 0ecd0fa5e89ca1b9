import { z } from 'zod'
import { failed, fault, ok, type Fault, type Result } from '../base/errors.ts'
import { canonicalJson } from '../integrity/canonical-json.ts'
import { equalBytes, sha256 } from '../integrity/hash.ts'
import { verifySignature } from '../integrity/signature.ts'
import { priceSchema } from '../rating/price-schema.ts'
import { priceJson, type Price } from '../rating/price.ts'
import { timeLimits, usageEventLimits } from './usage-event.ts'

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

/** A price of the enforced leg. */
export interface SnapshotPrice {
  /** Content hash of the price, hexadecimal. */
  readonly id: string
  readonly price: Price
  readonly currency: string
}

/** Which price a subject's usage of a meter is pre-rated with, and from when to when. */
export interface SnapshotBinding {
  readonly subject: string
  readonly meter: string
  /** Id of a price of this snapshot. */
  readonly price: string
  readonly subscription: string
  readonly fromMs: number
  /** Exclusive; null: open. */
  readonly toMs: number | null
}

/** What an agent enforces and nothing else, signed by the aggregator and addressed by the hash of its bytes. */
export interface Snapshot {
  readonly format: 1
  readonly tenant: string
  /** Log index of the apply it was made from; never falls. */
  readonly version: number
  readonly meters: readonly SnapshotMeter[]
  readonly prices: readonly SnapshotPrice[]
  readonly bindings: readonly SnapshotBinding[]
  readonly unknownSubject: 'journal'
}

/** Context of snapshot signatures. */
export const snapshotSignatureContext = 'meterline-snapshot-v1'

export type SnapshotFault = Fault<'snapshot_malformed' | 'snapshot_too_large' | 'snapshot_signature_invalid'>

/** A snapshot travels in one message of at most 1 MiB with its signature. */
export const longestSnapshotBytes = 983_040
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const timeMsSchema = z.int().min(timeLimits.earliestMs).max(timeLimits.latestMs)
const nameSchema = z.string().min(1).max(usageEventLimits.subjectBytes)

const meterKindSchema = z.enum(['counter', 'gauge', 'distinct', 'maximum'])

const snapshotSchema = z.strictObject({
  format: z.literal(1),
  tenant: nameSchema,
  version: z.int().min(0),
  meters: z.array(z.strictObject({ id: nameSchema, unit: nameSchema, kind: meterKindSchema.optional() })),
  prices: z.array(z.strictObject({ id: z.string().regex(/^[0-9a-f]{64}$/), price: priceSchema, currency: nameSchema })),
  bindings: z.array(
    z.strictObject({
      subject: nameSchema,
      meter: nameSchema,
      price: z.string(),
      subscription: nameSchema,
      fromMs: timeMsSchema,
      toMs: timeMsSchema.nullable(),
    }),
  ),
  unknownSubject: z.literal('journal'),
})

/** Canonical JSON bytes (RFC 8785) of a snapshot. Base units inside prices are texts of digits, as `priceJson` gives them. */
export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  const prices = snapshot.prices.map(({ id, price, currency }) => ({ id, price: priceJson(price), currency }))
  const meters = snapshot.meters.map(({ id, unit, kind }) => (kind === undefined ? { id, unit } : { id, unit, kind }))
  const bindings = snapshot.bindings.map((binding) => ({ ...binding }))
  return new TextEncoder().encode(canonicalJson({ ...snapshot, prices, meters, bindings }))
}

/**
 * Reads a snapshot strictly: only the canonical bytes of a valid snapshot are accepted, whose bindings name meters and
 * prices that are in it.
 */
export function decodeSnapshot(bytes: Uint8Array): Result<Snapshot, SnapshotFault> {
  if (bytes.length > longestSnapshotBytes) {
    const message = `the snapshot has ${bytes.length} bytes, over ${longestSnapshotBytes}`
    return failed(fault('snapshot_too_large', message))
  }
  const parsed = snapshotSchema.safeParse(parseJson(bytes))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    return malformed(`${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'it has another shape'}`)
  }
  const snapshot: Snapshot = parsed.data
  const meters = new Set(snapshot.meters.map((meter) => meter.id))
  const prices = new Set(snapshot.prices.map((price) => price.id))
  if (meters.size !== snapshot.meters.length || prices.size !== snapshot.prices.length)
    return malformed('a meter or a price is in it twice')
  const dangling = snapshot.bindings.find((binding) => !meters.has(binding.meter) || !prices.has(binding.price))
  if (dangling !== undefined)
    return malformed(`the binding of ${dangling.subject} names a meter or price that is not in it`)
  if (!equalBytes(encodeSnapshot(snapshot), bytes)) return malformed('its JSON is not canonical')
  return ok(snapshot)
}

/** Content hash of a snapshot: SHA-256 of its bytes. Units name the snapshot they were pre-rated with by it. */
export function snapshotHash(bytes: Uint8Array): Uint8Array {
  return sha256(bytes)
}

/** Checks that this key (raw Ed25519, base64) signed the snapshot; gives its content hash. */
export function verifySnapshotSignature(
  publicKeyBase64: string,
  bytes: Uint8Array,
  signature: Uint8Array,
): Result<Uint8Array, SnapshotFault> {
  const hash = snapshotHash(bytes)
  if (verifySignature(publicKeyBase64, snapshotSignatureContext, hash, signature)) return ok(hash)
  return failed(
    fault('snapshot_signature_invalid', 'the snapshot is not signed by the registered key of the aggregator'),
  )
}

/** The JSON value of the bytes; undefined, which no schema accepts, when they are no JSON. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(strictUtf8.decode(bytes))
  } catch {
    // Both the decoder and the parser throw only for bytes that are not UTF-8 JSON.
    return undefined
  }
}

function malformed(what: string): { readonly ok: false; readonly fault: SnapshotFault } {
  return failed(fault('snapshot_malformed', `the snapshot cannot be read: ${what}`))
}
