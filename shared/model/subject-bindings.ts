import { z } from 'zod'
import { failed, fault, ok, type Fault, type Result } from '../base/errors.ts'
import { canonicalJson } from '../integrity/canonical-json.ts'
import { sha256 } from '../integrity/hash.ts'
import { verifySignature } from '../integrity/signature.ts'
import { readCanonicalJson } from './canonical-document.ts'
import { hashSchema, nameSchema } from './snapshot.ts'
import { timeLimits } from './usage-event.ts'

/** From when to when a subject's usage is priced by a plan of the snapshot. */
export interface PlanBinding {
  /** Id of a plan. */
  readonly plan: string
  readonly fromMs: number
  /** Exclusive; null: open. */
  readonly toMs: number | null
}

/** What holds for one subject; no bindings: nobody bought anything for it. */
export interface BoundSubject {
  readonly subject: string
  readonly bindings: readonly PlanBinding[]
}

/** What the aggregator says of the subjects an agent asked about, signed by it. */
export interface SubjectBindings {
  readonly format: 1
  readonly tenant: string
  /** Log index of the apply it was read from; never falls. */
  readonly version: number
  /** That of the snapshot of this version. */
  readonly bindingsHash: string
  readonly subjects: readonly BoundSubject[]
}

/** Context of the signatures of bindings. */
export const bindingsSignatureContext = 'meterline-bindings-v1'

/** What one answer holds at most; what finds no room is asked again. */
export const bindingsLimits = { bytes: 524_288, subjects: 512, bindingsOfSubject: 64 } as const

export type BindingsFault = Fault<'bindings_malformed' | 'bindings_signature_invalid'>

const timeMsSchema = z.int().min(timeLimits.earliestMs).max(timeLimits.latestMs)
const bindingSchema = z.strictObject({ plan: nameSchema, fromMs: timeMsSchema, toMs: timeMsSchema.nullable() })

const bindingsSchema = z.strictObject({
  format: z.literal(1),
  tenant: nameSchema,
  version: z.int().min(0),
  bindingsHash: hashSchema,
  subjects: z
    .array(
      z.strictObject({ subject: nameSchema, bindings: z.array(bindingSchema).max(bindingsLimits.bindingsOfSubject) }),
    )
    .max(bindingsLimits.subjects),
})

/** Canonical JSON bytes (RFC 8785) of an answer. */
export function encodeSubjectBindings({ subjects, ...head }: SubjectBindings): Uint8Array {
  const rows = subjects.map(({ subject, bindings }) => ({
    subject,
    bindings: bindings.map(({ plan, fromMs, toMs }) => ({ plan, fromMs, toMs })),
  }))
  return new TextEncoder().encode(canonicalJson({ ...head, subjects: rows }))
}

/** Reads an answer that this key (raw Ed25519, base64) signed: only the canonical bytes of a valid one. */
export function openSubjectBindings(
  { bytes, signature }: { readonly bytes: Uint8Array; readonly signature: Uint8Array },
  publicKeyBase64: string,
): Result<SubjectBindings, BindingsFault> {
  if (!verifySignature(publicKeyBase64, bindingsSignatureContext, sha256(bytes), signature)) {
    const message = 'what is said of subjects is not signed by the registered key of the aggregator'
    return failed(fault('bindings_signature_invalid', message))
  }
  if (bytes.length > bindingsLimits.bytes) return malformed(`it has ${bytes.length} bytes`)
  const parsed = bindingsSchema.safeParse(readCanonicalJson(bytes))
  if (parsed.success) return ok(parsed.data)
  const issue = parsed.error.issues[0]
  return malformed(`${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'it has another shape'}`)
}

function malformed(what: string): { readonly ok: false; readonly fault: BindingsFault } {
  return failed(fault('bindings_malformed', `what is said of subjects cannot be read: ${what}`))
}
