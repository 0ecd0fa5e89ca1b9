import { closeSync, existsSync, fstatSync, openSync } from 'node:fs'
import { readLog } from './write-ahead-log.ts'

/** SQLite's page size in every file of ours. */
const pageBytes = 4_096

/**
 * What was lost of the write-ahead log beside a database file but its tail, in words: SQLite itself would drop the rest of
 * it without saying so. Null when there is no log, or it is as it was written or as a power cut left it. To be asked before
 * the file is opened to be written; reads the whole log, some megabytes, and changes nothing.
 */
export function logDamage(file: string): string | null {
  const logFile = `${file}-wal`
  if (!existsSync(logFile)) return null
  const descriptor = openSync(logFile, 'r')
  try {
    return readLog(descriptor, fstatSync(descriptor).size, pageBytes).damage
  } finally {
    closeSync(descriptor)
  }
}

/**
 * The same for a file that somebody may be writing to at this moment: a log read while it grows can look damaged for an
 * instant. What is damaged stays so, and is found at the same place again.
 */
export function logDamageInUse(file: string): string | null {
  const found = logDamage(file)
  return found !== null && logDamage(file) === found ? found : null
}
