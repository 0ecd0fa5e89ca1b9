import { failed, fault, FaultError, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { logDamage } from '@meterline/shared/sqlite/log-damage.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { schemaFaults } from '@meterline/shared/sqlite/schema-check.ts'
import { journalMigrations } from './journal-schema.ts'

/** A journal that is not what was written to it: what was found, and what to do. */
export function damaged(file: string, what: string): Fault<'journal_damaged'> {
  return fault(
    'journal_damaged',
    `The journal ${file} is damaged: ${what}. Nothing is taken in, acknowledged or sent from it any more. See how far it ` +
      'goes with "meterline-agent journal check", register the next epoch of this agent in the tenant file, set it in ' +
      'the configuration, and begin it with "meterline-agent recover", which carries over whatever can be verified.',
  )
}

/**
 * The damage an error tells of, or null when it tells of something else: SQLite's own findings (SQLITE_CORRUPT,
 * SQLITE_NOTADB; sqlite.org/rescode.html), also where they were the cause of a fault, stored values that cannot be read,
 * and our own findings.
 */
export function damageFault(error: unknown, file: string): Fault<'journal_damaged'> | null {
  if (error instanceof FaultError && error.fault.code === 'journal_damaged')
    return { ...error.fault, code: error.fault.code }
  if (error instanceof FaultError && error.fault.code === 'key_index_damaged') return damaged(file, error.message)
  const code = codeOf(error)
  const reason = error instanceof Error ? error.message : String(error)
  const isDamage = code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB')
  // SQLite's own words are all that is left in a fault of the opening.
  const saysDamage = ['database disk image is malformed', 'file is not a database', 'malformed database schema']
  const makesNoSense = error instanceof RangeError || error instanceof SyntaxError
  if (!isDamage && !makesNoSense && !saysDamage.some((words) => reason.includes(words))) return null
  return damaged(file, isDamage ? `${reason} (${code})` : reason)
}

/**
 * Reads something of a journal, or says that it is damaged: SQLite found it so, or what it holds makes no sense. Other
 * errors come out.
 */
export function readStored<Value>(file: string, read: () => Value): Result<Value, Fault<'journal_damaged'>> {
  try {
    return ok(read())
  } catch (error) {
    const found = damageFault(error, file)
    if (found !== null) return failed(found)
    throw error
  }
}

/** Whether the write-ahead log beside a journal lost something but its tail; to be asked before the file is opened. */
export function journalLogDamage(file: string): Fault<'journal_damaged'> | null {
  const damage = logDamage(file)
  return damage === null ? null : damaged(file, `its write-ahead log: ${damage}`)
}

/** Whether an agent has the file open: it holds it for itself alone. What cannot be opened for its damage is not in use. */
export function isJournalInUse(file: string): boolean {
  try {
    const db = openDatabase({ file, readOnly: true })
    try {
      db.prepare('SELECT count(*) FROM sqlite_master').get()
    } finally {
      db.close()
    }
    return false
  } catch (error) {
    return codeOf(error).startsWith('SQLITE_BUSY') || String(error).includes('database is locked')
  }
}

/**
 * Everything SQLite itself finds wrong with a file, at most a hundred findings: pages, free lists, and whether its indexes
 * name the rows that are there. Reads all of it and changes nothing.
 */
export function integrityFindings(file: string): string[] {
  try {
    const db = openDatabase({ file, readOnly: true })
    try {
      const found = db.prepare<[], string>('PRAGMA integrity_check(100)').pluck().all()
      return [...schemaFaults(db, journalMigrations), ...found.filter((line) => line !== 'ok')]
    } finally {
      db.close()
    }
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}

/** The code of an error of SQLite or of the operating system. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unexpected'
}
