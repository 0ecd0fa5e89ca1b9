import DatabaseConstructor from 'better-sqlite3'
import type { Database } from 'better-sqlite3'

/**
 * What a connection is about to make SQLite write: `opening` (the file becomes a database, its log is read again),
 * `commit` (one transaction ends), `log` (all of the log is written again where it stands and synchronised) or
 * `checkpoint` (the log is written into the database file).
 */
export type DiskWrite = 'opening' | 'commit' | 'log' | 'checkpoint'

/**
 * A disk of the simulated world. Production has none, and nothing is asked then. With one, every write that a connection
 * makes durable passes through `write`, so that a world can let its process die before, in or after it, can refuse it
 * with the errors that SQLite gives, and knows what a power cut in the middle of it may leave.
 */
export interface SimulatedDisk {
  /**
   * Runs `run`, which makes SQLite write to the file of `db` (`db.name`) and to the log beside it, or throws instead or
   * afterwards (a `diskError`). The level of `PRAGMA synchronous` of `db` is the one it would have on a real disk.
   */
  write(db: Database, what: DiskWrite, run: () => void): void
}

/** A disk that loses nothing and refuses nothing: for tests whose files may go with the machine they run on. */
export const temporaryDisk: SimulatedDisk = {
  write(db, what, run) {
    run()
    // Nothing waits for a synchronisation that nobody needs.
    if (what === 'opening') db.pragma('synchronous = OFF')
  },
}

// Which disk a connection lies on is known to whoever opened it; whoever commits has only the connection.
const disks = new WeakMap<Database, SimulatedDisk>()

/** From now on what `db` commits passes through `disk`. */
export function putOnDisk(db: Database, disk: SimulatedDisk): void {
  disks.set(db, disk)
}

/** Runs what makes SQLite write, through the simulated disk of the connection if it has one. */
export function writeThrough(db: Database, what: DiskWrite, run: () => void): void {
  const disk = disks.get(db)
  if (disk === undefined) run()
  else disk.write(db, what, run)
}

/** The same, to be called often: what it takes to find the disk is done once. */
export function writerThrough(db: Database, what: DiskWrite, run: () => void): () => void {
  const disk = disks.get(db)
  return disk === undefined ? run : () => disk.write(db, what, run)
}

/** Whether a connection lies on a simulated disk, which says itself what is durable. */
export function isSimulated(db: Database): boolean {
  return disks.has(db)
}

const words = {
  SQLITE_FULL: 'database or disk is full',
  SQLITE_IOERR_WRITE: 'disk I/O error',
  SQLITE_IOERR_FSYNC: 'disk I/O error',
} as const

/** The error that SQLite gives when a disk is full, cannot be written or cannot be synchronised. */
export function diskError(code: keyof typeof words): Error {
  return new DatabaseConstructor.SqliteError(words[code], code)
}
