import { closeSync, openSync } from 'node:fs'
import DatabaseConstructor from 'better-sqlite3'
import type { Database as BetterSqliteDatabase } from 'better-sqlite3'
import { FaultError, fault } from '../base/errors.ts'
import type { Fault } from '../base/errors.ts'
import { rewriteLog } from './rewrite-log.ts'
import { isSimulated, putOnDisk, writeThrough, type SimulatedDisk } from './simulated-disk.ts'
import { synchronise } from './synchronise.ts'

/** An open SQLite connection, as better-sqlite3 gives it: synchronous, one per thread. */
export type Database = BetterSqliteDatabase

/** Why a database file cannot be used. Carried by a `FaultError`: nothing can go on without its file. */
export type DatabaseFault = Fault<'node_too_old' | 'database_unusable' | 'database_not_durable' | 'database_newer'>

/** How a file is opened. */
export interface OpenOptions {
  readonly file: string
  /** Opens an existing file without the right to change it. */
  readonly readOnly?: boolean
  /** For simulations only: the disk that the file lies on. */
  readonly disk?: SimulatedDisk | undefined
  /** Page cache of this connection in pages of 4 KiB. Left out: 2,000 (8 MB). */
  readonly cachePages?: number
}

const oldestMajor = 22
const oldestMinor = 18
const busyTimeoutMs = 5_000
const journalSizeLimitBytes = 64 * 1024 * 1024
const defaultCachePages = 2_000
const fullSynchronous = 2

/**
 * Opens a SQLite file with write-ahead log and `synchronous=FULL`, so that a returned commit is on the disk.
 * better-sqlite3 is built with NORMAL as the default of every reopened WAL file: FULL is therefore set at each open
 * and read back. Throws a `FaultError` with a `DatabaseFault`.
 */
export function openDatabase(options: OpenOptions): Database {
  assertNodeVersion(process.versions.node)
  const db = connect(options)
  if (options.disk !== undefined && options.readOnly !== true) putOnDisk(db, options.disk)
  try {
    writeThrough(db, 'opening', () => configure(db, options))
  } catch (cause) {
    db.close()
    throw cause instanceof FaultError ? cause : unusable(options.file, cause)
  }
  return db
}

/** Opens an empty database in a temporary file that SQLite deletes when it is closed: room to work in beyond memory. */
export function openScratchDatabase(): Database {
  assertNodeVersion(process.versions.node)
  return new DatabaseConstructor('')
}

/**
 * Writes the whole log into the database file, synchronises that, and empties the log. To be called when a file is opened
 * to be written, before anything is: after a failed fsync the kernel may hold pages of the log as clean that never
 * reached the disk, and whatever is appended behind them would be lost with them at the next power cut (Rebello et al.,
 * "Can Applications Recover from fsync Failures?", ATC 2020). The log is made durable first: a power cut in the middle of
 * writing the database file is mended from it. Returns false when somebody else reads or writes the file and it could not
 * be done.
 */
export function emptyLog(db: Database): boolean {
  // Whoever reads may do so for minutes, and waiting would stop everything else of this process.
  db.pragma('busy_timeout = 0')
  try {
    let isDurable = false
    writeThrough(db, 'log', () => {
      isDurable = rewriteLog(db)
    })
    if (!isDurable) return false
    let busy: unknown = 1
    writeThrough(db, 'checkpoint', () => {
      busy = db.pragma('wal_checkpoint(TRUNCATE)', { simple: true })
    })
    // SQLite does not synchronise a log that it has emptied, because coming back whole it would change nothing. After a
    // failed fsync it can come back in part, and its old pages would then be laid over the newer ones of the database
    // file. Another descriptor of the log may be closed: SQLite holds its locks on the database file and on the index.
    if (busy === 0 && !isSimulated(db)) synchronise(`${db.name}-wal`)
    return busy === 0
  } finally {
    db.pragma(`busy_timeout = ${busyTimeoutMs}`)
  }
}

/**
 * Refuses a Node that better-sqlite3's prebuilt binary does not run on (it wants Node-API 10 and ends an older
 * process with a segmentation fault), before the native code is loaded.
 */
export function assertNodeVersion(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return
  throw new FaultError(
    fault(
      'node_too_old',
      `Node ${version} is too old for Meterline, which needs ${oldestMajor}.${oldestMinor} or newer; ` +
        'start it through npm (npm start, npm run agent), which uses the Node installed with the project',
      { version },
    ),
  )
}

function connect(options: OpenOptions): Database {
  try {
    // The file is created for its owner alone; SQLite gives the log beside it the same rights.
    if (options.readOnly !== true && options.file !== ':memory:') closeSync(openSync(options.file, 'a', 0o600))
    return new DatabaseConstructor(options.file, {
      readonly: options.readOnly === true,
      fileMustExist: options.readOnly === true,
      timeout: busyTimeoutMs,
    })
  } catch (cause) {
    throw unusable(options.file, cause)
  }
}

function configure(db: Database, options: OpenOptions): void {
  db.pragma('trusted_schema = OFF')
  db.pragma('foreign_keys = ON')
  db.pragma(`cache_size = ${options.cachePages ?? defaultCachePages}`)
  if (options.readOnly === true) {
    db.pragma('query_only = ON')
    // The first read tells whether this is a SQLite file at all.
    db.pragma('schema_version')
    return
  }
  const journalMode: unknown = db.pragma('journal_mode = WAL', { simple: true })
  db.pragma(`journal_size_limit = ${journalSizeLimitBytes}`)
  db.pragma('synchronous = FULL')
  const synchronous: unknown = db.pragma('synchronous', { simple: true })
  if (journalMode !== 'wal' || synchronous !== fullSynchronous) {
    throw new FaultError(
      fault(
        'database_not_durable',
        `${options.file} runs with journal mode ${String(journalMode)} and synchronous ${String(synchronous)} instead of ` +
          'wal and 2: a confirmed commit could be lost; put it on a local file system that supports shared memory',
        { file: options.file },
      ),
    )
  }
}

function unusable(file: string, cause: unknown): FaultError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new FaultError(
    fault(
      'database_unusable',
      `${file} cannot be opened as a database: ${reason}; check that its directory exists, that it may be written by this user and that it is a SQLite file`,
      { file },
    ),
  )
}
