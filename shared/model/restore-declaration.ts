import { z } from 'zod'
import { failed, fault, ok, type Fault, type Result } from '../base/errors.ts'
import { canonicalJson } from '../integrity/canonical-json.ts'
import { equalBytes, hashBytes, sha256, toHex } from '../integrity/hash.ts'
import { verifySignature, type SigningKey } from '../integrity/signature.ts'
import { longestNoteOfPersonBytes } from './log-entry.ts'

/** What an aggregator declares when its log was restored from a backup: a new generation begins with what was kept. */
export interface RestoreDeclaration {
  readonly tenant: string
  /** The generation that begins, 2 or more. */
  readonly generation: number
  /** Entries of the generation before that were kept. */
  readonly size: number
  /** RFC 6962 root over them, 32 bytes. */
  readonly root: Uint8Array
  /** Who restored it, and why. */
  readonly by: string
  readonly reason: string
  /** Epoch milliseconds. */
  readonly atMs: number
}

/** A declaration as it travels and is stored: canonical JSON, and the signature of the aggregator over its SHA-256. */
export interface SignedRestore {
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
}

export type RestoreFault = Fault<'restore_malformed' | 'restore_signature_invalid'>

/** Context of the signatures of restore declarations. */
export const restoreSignatureContext = 'meterline-restore-v1'

const longestRestoreBytes = 4_096
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const declarationSchema = z.strictObject({
  format: z.literal(1),
  tenant: z.string().min(1),
  generation: z.int().min(2),
  size: z.int().min(0),
  root: z.string().regex(new RegExp(`^[0-9a-f]{${2 * hashBytes}}$`)),
  by: z.string().min(1).max(longestNoteOfPersonBytes),
  reason: z.string().min(1).max(longestNoteOfPersonBytes),
  atMs: z.int().min(0),
})

/** Signs the declaration's canonical JSON (RFC 8785) under the context 'meterline-restore-v1'. */
export function signRestore(declaration: RestoreDeclaration, key: SigningKey): SignedRestore {
  const bytes = new TextEncoder().encode(canonicalJson({ format: 1, ...declaration, root: toHex(declaration.root) }))
  return { bytes, signature: key.sign(restoreSignatureContext, sha256(bytes)) }
}

/** Verifies that this key (raw Ed25519, base64) signed the declaration, and reads it strictly. */
export function openRestore(restore: SignedRestore, publicKeyBase64: string): Result<RestoreDeclaration, RestoreFault> {
  const { bytes, signature } = restore
  if (bytes.length > longestRestoreBytes) return malformed(`it has ${bytes.length} bytes, over ${longestRestoreBytes}`)
  if (!verifySignature(publicKeyBase64, restoreSignatureContext, sha256(bytes), signature)) {
    const message = 'the restore declaration is not signed by the registered key of the aggregator'
    return failed(fault('restore_signature_invalid', message))
  }
  const parsed = declarationSchema.safeParse(parseJson(bytes))
  if (!parsed.success) return malformed(parsed.error.issues[0]?.message ?? 'it has another shape')
  const { format, root, ...rest } = parsed.data
  if (!equalBytes(new TextEncoder().encode(canonicalJson({ format, root, ...rest })), bytes))
    return malformed('its JSON is not canonical')
  return ok({ ...rest, root: new Uint8Array(Buffer.from(root, 'hex')) })
}

/** The JSON value of the bytes; undefined, which no schema accepts, when they are no JSON. */
function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(strictUtf8.decode(bytes))
  } catch {
    return undefined
  }
}

function malformed(what: string): { readonly ok: false; readonly fault: RestoreFault } {
  return failed(fault('restore_malformed', `the restore declaration cannot be read: ${what}`))
}
