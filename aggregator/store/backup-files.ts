import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { renameDurably, synchronise } from '@meterline/shared/sqlite/synchronise.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { writeDurably } from './durable-files.ts'

const booksEnding = '.db'
const manifestEnding = '.json'

/** The files of one backup. */
export interface BackupFiles {
  /** The name of the file of the books, without its folder. */
  readonly name: string
  /** The books. */
  readonly file: string
  /** What the backup is, written last: a backup without it was not finished. */
  readonly manifestFile: string
  /** The books while they are copied and verified. */
  readonly partialFile: string
}

/** Names a backup after its tenant and the time, to the second. */
export function backupFiles(toDirectory: string, tenant: string, createdMs: number): BackupFiles {
  const time = formatInstant(createdMs).replaceAll(/[-:]|\.[0-9]+/g, '')
  const name = `${tenant}-${time}${booksEnding}`
  const file = join(toDirectory, name)
  return { name, file, manifestFile: manifestFileOf(file), partialFile: `${file}.partial` }
}

/** The manifest beside a backup. */
export function manifestFileOf(file: string): string {
  return (file.endsWith(booksEnding) ? file.slice(0, -booksEnding.length) : file) + manifestEnding
}

/** Makes the folder and throws away what a backup of the same name left that was cut off. False: there is a whole one. */
export function prepareBackup({ file, manifestFile, partialFile }: BackupFiles, toDirectory: string): boolean {
  mkdirSync(toDirectory, { recursive: true, mode: 0o700 })
  if (existsSync(manifestFile) || existsSync(file)) return false
  discardPartial({ partialFile })
  return true
}

/** Gives a verified copy its name, and then writes what it is. */
export function finishBackup({ file, manifestFile, partialFile }: BackupFiles, manifest: string): void {
  synchronise(partialFile)
  renameDurably(partialFile, file)
  writeDurably(manifestFile, manifest)
}

/** Throws an unfinished copy away. */
export function discardPartial({ partialFile }: Pick<BackupFiles, 'partialFile'>): void {
  rmSync(partialFile, { force: true })
  rmSync(`${partialFile}-journal`, { force: true })
}

/** The text of a manifest, at most a page. Throws what the system throws. */
export function readManifestText(manifestFile: string): string {
  return readFileSync(manifestFile, 'utf8')
}
