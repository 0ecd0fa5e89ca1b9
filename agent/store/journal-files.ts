import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'

/** Whether there is a file of this name. */
export function isThere(file: string): boolean {
  return existsSync(file)
}

/** The name of a file in its folder. */
export function nameInFolder(file: string): string {
  return basename(file)
}

/** Whether two names mean the same file. */
export function isSameFile(one: string, other: string): boolean {
  return resolve(one) === resolve(other)
}

/** The files to salvage, each once and by its full name; the journal in place is always one of them, and the first. */
export function filesToSalvage(inPlace: string, sources: readonly string[]): string[] {
  const first = existsSync(inPlace) ? [inPlace] : []
  return [...new Set([...first, ...sources].map((file) => resolve(file)))]
}
