import { closeSync, openSync } from 'node:fs'
import { openDatabase } from './open.ts'
import type { SimulatedDisk } from './simulated-disk.ts'

/**
 * Writes one committed state of a database to a new file, while others go on reading and writing it, and returns when
 * the new file is on the disk. `VACUUM INTO` rather than SQLite's backup interface: it works on one snapshot however long
 * it takes (that interface begins again whenever another connection commits), reads every row instead of copying pages
 * unseen, and leaves out free pages. The new file has no write-ahead log beside it. Throws what SQLite throws; a file
 * that was begun is then left behind.
 */
export function copyDatabase(copy: {
  readonly from: string
  /** Must not exist. Readable for its owner alone. */
  readonly to: string
  /** For simulations only: with any, the new file need not reach the machine's own. */
  readonly disk?: SimulatedDisk | undefined
}): void {
  const db = openDatabase({ file: copy.from, readOnly: true })
  try {
    closeSync(openSync(copy.to, 'wx', 0o600))
    // The connection still cannot change its own file; this lets it write another.
    db.pragma('query_only = OFF')
    db.pragma(`synchronous = ${copy.disk === undefined ? 'FULL' : 'OFF'}`)
    db.prepare<[string]>('VACUUM INTO ?').run(copy.to)
  } finally {
    db.close()
  }
}
