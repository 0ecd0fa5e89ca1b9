import { closeSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs'
import DatabaseConstructor from 'better-sqlite3'
import type { Database } from 'better-sqlite3'

const chunkBytes = 1024 * 1024

/**
 * Writes every byte of the log of a database anew where it stands and waits until it is on the disk; nothing in it
 * changes. After a failed fsync the kernel may hold pages as clean that never reached the disk, and synchronising again
 * succeeds without writing them: only what is written again is waited for. Holds the right to write meanwhile, so that
 * nobody appends to the log. Returns false when somebody else has that right.
 */
export function rewriteLog(db: Database): boolean {
  try {
    db.exec('BEGIN IMMEDIATE')
  } catch (error) {
    if (error instanceof DatabaseConstructor.SqliteError && error.code === 'SQLITE_BUSY') return false
    throw error
  }
  try {
    rewriteInPlace(`${db.name}-wal`)
  } finally {
    db.exec('ROLLBACK')
  }
  return true
}

// Another descriptor of the log may be closed: SQLite holds its locks on the database file and on the index.
function rewriteInPlace(file: string): void {
  const descriptor = openSync(file, 'r+')
  try {
    const chunk = Buffer.allocUnsafe(chunkBytes)
    for (let offset = 0; ;) {
      const length = readSync(descriptor, chunk, 0, chunkBytes, offset)
      if (length === 0) break
      for (let written = 0; written < length;)
        written += writeSync(descriptor, chunk, written, length - written, offset + written)
      offset += length
    }
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
