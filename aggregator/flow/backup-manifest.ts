import { z } from 'zod'
import { failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Fault, Result } from '@meterline/shared/base/errors.ts'

/** What a backup is, as the JSON file beside it says (docs/backup.md). */
export interface BackupManifest {
  readonly tenant: string
  readonly generation: number
  /** Log entries, the RFC 6962 root over them in hexadecimal, and the checkpoint of exactly these (C2SP signed note). */
  readonly size: number
  readonly root: string
  readonly checkpoint: string
  /** Name of the file with the books, its bytes and their SHA-256 in hexadecimal. */
  readonly file: string
  readonly fileBytes: number
  readonly sha256: string
  /** Epoch milliseconds. */
  readonly createdMs: number
  /** Version of the program that wrote it; empty when it has none. */
  readonly version: string
}

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const manifestSchema = z.strictObject({
  format: z.literal(1),
  tenant: z.string().min(1),
  generation: z.int().min(1),
  size: z.int().min(1),
  root: hash,
  checkpoint: z.string().min(1),
  file: z.string().min(1),
  fileBytes: z.int().min(1),
  sha256: hash,
  createdMs: z.int().min(0),
  version: z.string(),
})

/** The manifest as it lies beside the backup. */
export function manifestText(manifest: BackupManifest): string {
  return `${JSON.stringify({ format: 1, ...manifest }, null, 2)}\n`
}

/** Reads a manifest strictly. */
export function parseManifest(text: string): Result<BackupManifest, Fault<'manifest_unusable'>> {
  const parsed = manifestSchema.safeParse(jsonOf(text))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const where = issue === undefined || issue.path.length === 0 ? '' : `"${issue.path.join('.')}": `
    const message = `It is no manifest of a backup: ${where}${issue?.message ?? 'it has another shape'}.`
    return failed(fault('manifest_unusable', message))
  }
  const { tenant, generation, size, root, checkpoint, file, fileBytes, sha256, createdMs, version } = parsed.data
  return ok({ tenant, generation, size, root, checkpoint, file, fileBytes, sha256, createdMs, version })
}

/** The JSON value of a text; undefined, which no schema accepts, when it is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
