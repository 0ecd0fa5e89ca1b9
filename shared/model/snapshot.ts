import { z } from 'zod'
import { failed, fault, ok, type Fault, type Result } from '../base/errors.ts'
import { canonicalJson } from '../integrity/canonical-json.ts'
import { sha256 } from '../integrity/hash.ts'
import { verifySignature } from '../integrity/signature.ts'
import { readCanonicalJson } from './canonical-document.ts'
import { usageEventLimits } from './usage-event.ts'

/** A part of a snapshot, named by its content. */
export interface NamedPart {
  /** SHA-256 of the part's bytes, hexadecimal. */
  readonly hash: string
  readonly bytes: number
}

/**
 * What an agent enforces and nothing else, signed by the aggregator and addressed by the hash of its bytes. What is in it
 * stands in the parts that it names (snapshot-part.ts): an agent asks for those that it lacks, so that a small change
 * takes few bytes. Who buys what is told on first sight of each subject (subject-bindings.ts).
 */
export interface Snapshot {
  readonly format: 2
  readonly tenant: string
  /** Log index of the apply it was made from; never falls. */
  readonly version: number
  /** Names the state of all bindings, hexadecimal: what was said of a subject under another one is to be asked again. */
  readonly bindingsHash: string
  /** Each once. */
  readonly parts: readonly NamedPart[]
  readonly unknownSubject: 'journal'
}

/** Context of snapshot signatures. */
export const snapshotSignatureContext = 'meterline-snapshot-v2'

export type SnapshotFault = Fault<
  'snapshot_malformed' | 'snapshot_too_large' | 'snapshot_signature_invalid' | 'snapshot_part_missing'
>

/** What snapshots and their parts may take. Parts travel one in a message; all of them fit into an agent's memory. */
export const snapshotLimits = {
  manifestBytes: 262_144,
  partBytes: 262_144,
  parts: 2_048,
  allPartsBytes: 33_554_432,
} as const

/** A SHA-256 in hexadecimal. */
export const hashSchema = z.string().regex(/^[0-9a-f]{64}$/)
/** A text that names something of a tenant file, or a subject. */
export const nameSchema = z.string().min(1).max(usageEventLimits.subjectBytes)

const snapshotSchema = z.strictObject({
  format: z.literal(2),
  tenant: nameSchema,
  version: z.int().min(0),
  bindingsHash: hashSchema,
  parts: z
    .array(z.strictObject({ hash: hashSchema, bytes: z.int().min(1).max(snapshotLimits.partBytes) }))
    .max(snapshotLimits.parts),
  unknownSubject: z.literal('journal'),
})

/** Canonical JSON bytes (RFC 8785) of a snapshot. */
export function encodeSnapshot(snapshot: Snapshot): Uint8Array {
  const parts = snapshot.parts.map(({ hash, bytes }) => ({ hash, bytes }))
  return new TextEncoder().encode(canonicalJson({ ...snapshot, parts }))
}

/** Reads a snapshot strictly: only the canonical bytes of a valid snapshot are accepted, with parts that fit into memory. */
export function decodeSnapshot(bytes: Uint8Array): Result<Snapshot, SnapshotFault> {
  const { manifestBytes, allPartsBytes } = snapshotLimits
  if (bytes.length > manifestBytes) return tooLarge(`it has ${bytes.length} bytes, over ${manifestBytes}`)
  const parsed = snapshotSchema.safeParse(readCanonicalJson(bytes))
  if (!parsed.success) return malformed(parsed.error)
  const { parts } = parsed.data
  if (new Set(parts.map(({ hash }) => hash)).size !== parts.length) return malformedText('a part is in it twice')
  const partsBytes = parts.reduce((sum, part) => sum + part.bytes, 0)
  if (partsBytes > allPartsBytes) return tooLarge(`its parts have ${partsBytes} bytes, over ${allPartsBytes}`)
  return ok(parsed.data)
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

function malformed(error: z.ZodError): { readonly ok: false; readonly fault: SnapshotFault } {
  const issue = error.issues[0]
  return malformedText(`${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'it has another shape'}`)
}

function malformedText(what: string): { readonly ok: false; readonly fault: SnapshotFault } {
  return failed(fault('snapshot_malformed', `the snapshot cannot be read: ${what}`))
}

function tooLarge(what: string): { readonly ok: false; readonly fault: SnapshotFault } {
  return failed(fault('snapshot_too_large', `the snapshot is too large: ${what}`))
}
