import { chmodSync, copyFileSync, existsSync, linkSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { assertThat } from '@meterline/shared/base/errors.ts'
import { synchronise } from '@meterline/shared/sqlite/synchronise.ts'

// Beside the books <tenant>.db there may be: <tenant>.db.restoring, a copy of a backup that is being made into the next
// generation; <tenant>.db.restored, the same when it is decided that it takes their place; <tenant>.db.before-<n>, the
// books that generation <n> replaced. None of these names ends like that of a tenant's books.
const preparedEnding = '.restoring'
const decidedEnding = '.restored'
const replacedMark = '.before-'
/** What SQLite keeps beside a database file. */
const companions = ['-wal', '-shm', '-journal']
/** What file systems say that know no second names (link(2)). */
const withoutLinks: ReadonlySet<unknown> = new Set(['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'EXDEV'])

/** Copies a backup beside the books, to be made into the next generation there. Returns the file; the backup stays. */
export function prepareBooks(booksFile: string, backupFile: string): string {
  const prepared = booksFile + preparedEnding
  discardPrepared(booksFile)
  copyFileSync(backupFile, prepared)
  chmodSync(prepared, 0o600)
  return prepared
}

/** Throws a copy away that does not take the place of the books. */
export function discardPrepared(booksFile: string): void {
  removeDatabase(booksFile + preparedEnding)
}

/** Whether there are books to replace. */
export function booksExist(booksFile: string): boolean {
  return existsSync(booksFile)
}

/** Where the books are kept that a generation replaces. */
export function replacedFileOf(booksFile: string, generation: number): string {
  return `${booksFile}${replacedMark}${generation}`
}

/** The latest generation that replaced books of this tenant, by the names of those that were kept; 1 when none did. */
export function lastReplacing(booksFile: string): number {
  const folder = dirname(booksFile)
  const beginning = basename(booksFile) + replacedMark
  const generations = readdirSync(folder)
    .filter((name) => name.startsWith(beginning) && /^[0-9]{1,15}$/.test(name.slice(beginning.length)))
    // Another name of the books that are there is what a restore left that did not come to its end.
    .filter((name) => !isSameFile(join(folder, name), booksFile))
    .map((name) => Number(name.slice(beginning.length)))
  return Math.max(1, ...generations)
}

/**
 * Puts the prepared copy into the place of the books, which are kept under another name. Whenever it is cut off, either
 * the books are as they were, or `finishRestores` ends it: one rename decides. That detour is needed because a database
 * and its write-ahead log are two files, and a log that is left beside another database would be written into it.
 */
export function replaceBooks(booksFile: string, generation: number): void {
  const prepared = booksFile + preparedEnding
  assertThat(!existsSync(`${prepared}-wal`), `${prepared} was closed, so that nothing of it lies beside it`)
  synchronise(prepared)
  const kept = replacedFileOf(booksFile, generation)
  for (const ending of ['', '-wal']) keepAs(booksFile + ending, kept + ending)
  const folder = dirname(booksFile)
  synchronise(folder)
  renameSync(prepared, booksFile + decidedEnding)
  synchronise(folder)
  finishRestore(booksFile)
}

/** Ends what was decided by a restore that was cut off. To be called before any books of the folder are opened. */
export function finishRestores(dataDirectory: string): void {
  for (const name of readdirSync(dataDirectory)) {
    if (name.endsWith(decidedEnding)) finishRestore(join(dataDirectory, name.slice(0, -decidedEnding.length)))
  }
}

function finishRestore(booksFile: string): void {
  for (const ending of companions) rmSync(booksFile + ending, { force: true })
  renameSync(booksFile + decidedEnding, booksFile)
  synchronise(dirname(booksFile))
}

/** Gives a file a second name, or copies it where the file system has no such thing. */
function keepAs(file: string, name: string): void {
  rmSync(name, { force: true })
  if (!existsSync(file)) return
  try {
    linkSync(file, name)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && withoutLinks.has(error.code))) throw error
    copyFileSync(file, name)
    synchronise(name)
  }
}

function isSameFile(left: string, right: string): boolean {
  if (!existsSync(left) || !existsSync(right)) return false
  const [first, second] = [statSync(left), statSync(right)]
  return first.ino === second.ino && first.dev === second.dev
}

function removeDatabase(file: string): void {
  for (const ending of ['', ...companions]) rmSync(file + ending, { force: true })
}
