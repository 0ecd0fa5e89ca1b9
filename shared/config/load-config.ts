import { readFileSync, statSync } from 'node:fs'
import type { z } from 'zod'
import type { Mistake } from './mistakes.ts'
import { readConfig } from './read-config.ts'
import type { Checked } from './schema-mistakes.ts'

// No configuration and no secret comes near; a device or a log named by mistake does.
const largestConfigBytes = 16 * 1024 * 1024
const largestSecretBytes = 64 * 1024

/**
 * Reads a service's configuration from its file (when one is named), the environment and flags; see `readConfig`.
 * `area` is `agent` or `aggregator`, `flags` come from `configFlagValues`.
 */
export function loadConfig<Schema extends z.ZodType>(options: {
  readonly schema: Schema
  readonly area: string
  readonly fileName: string | undefined
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly flags: Readonly<Record<string, string>>
}): Checked<z.output<Schema>> {
  const { schema, area, fileName, environment, flags } = options
  const rest = { environment, flags, readSecret }
  if (fileName === undefined) return readConfig(schema, area, rest)
  const read = readTextFile(fileName, largestConfigBytes)
  if ('problem' in read) {
    const mistake: Mistake = { file: fileName, line: 0, column: 0, path: '', message: read.problem }
    return { ok: false, mistakes: [mistake] }
  }
  return readConfig(schema, area, { ...rest, file: { name: fileName, text: read.text } })
}

function readSecret(fileName: string): { readonly secret: string } | { readonly problem: string } {
  const read = readTextFile(fileName, largestSecretBytes)
  return 'problem' in read ? { problem: `${fileName} ${read.problem}` } : { secret: read.text }
}

function readTextFile(
  fileName: string,
  largestBytes: number,
): { readonly text: string } | { readonly problem: string } {
  try {
    const stats = statSync(fileName)
    if (!stats.isFile()) return { problem: 'is no file' }
    if (stats.size > largestBytes) return { problem: `is larger than ${largestBytes} bytes` }
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(fileName)) }
  } catch (error) {
    if (error instanceof TypeError) return { problem: 'is not UTF-8 text' }
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    if (code === 'ENOENT') return { problem: 'does not exist' }
    return { problem: code === 'EACCES' ? 'may not be read by this user' : `cannot be read (${code})` }
  }
}
