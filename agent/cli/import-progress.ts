import { hash } from 'node:crypto'
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** How far a file was imported. */
export interface ImportProgress {
  readonly file: string
  /** Rows that are stored. */
  readonly rows: number
  /** Over all these rows: the file must still begin like this to go on behind them. */
  readonly chain: string
  readonly stored: number
  readonly rejected: number
}

/** Whose progress it is: the same file under another source or rule is another import. */
export interface ImportIdentity {
  readonly file: string
  readonly source: string
  readonly rule: string
  readonly subjectColumn: string
}

/** Where the progress of an import is kept: beside the journal. */
export function progressFile(dataDirectory: string, identity: ImportIdentity): string {
  const { file, source, rule, subjectColumn } = identity
  const name = hash('sha256', JSON.stringify([resolve(file), source, rule, subjectColumn]), 'hex').slice(0, 32)
  return join(dataDirectory, 'imports', `${name}.json`)
}

/** What was written last; null when there is nothing, or nothing that can be used: the import then begins anew. */
export function readProgress(fileName: string): ImportProgress | null {
  try {
    const value: unknown = JSON.parse(readFileSync(fileName, 'utf8'))
    return isProgress(value) ? value : null
  } catch {
    // Repeats are recognised by their ids, so beginning anew costs time and nothing else.
    return null
  }
}

/** Replaces the progress, whole or not at all. */
export function writeProgress(fileName: string, progress: ImportProgress): void {
  mkdirSync(dirname(fileName), { recursive: true, mode: 0o700 })
  const temporary = `${fileName}.${process.pid}.new`
  const descriptor = openSync(temporary, 'w', 0o600)
  try {
    writeSync(descriptor, `${JSON.stringify(progress)}\n`)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  renameSync(temporary, fileName)
}

function isProgress(value: unknown): value is ImportProgress {
  if (typeof value !== 'object' || value === null) return false
  const { file, rows, chain, stored, rejected } = value as Record<string, unknown>
  const counts = [rows, stored, rejected]
  return typeof file === 'string' && typeof chain === 'string' && counts.every((count) => Number.isSafeInteger(count))
}
