import { copyFileSync, existsSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import DatabaseConstructor from 'better-sqlite3'
import { migrate, type Migration } from '../migrate.ts'

const frameBytes = 24 + 4_096
const logHeaderBytes = 32

/**
 * Migrates a copy of a file and returns what a crash at each point would leave: before every single statement, with the
 * pages that had left the cache by then, and behind every page of the log that the migration wrote.
 */
export function migrationCrashImages(file: string, migrations: readonly Migration[], folder: string): string[] {
  const images: string[] = []
  const worked = join(folder, 'worked.db')
  copyFileSync(file, worked)
  const copy = (): string => {
    const image = join(folder, `image-${images.length}.db`)
    copyFileSync(worked, image)
    if (existsSync(`${worked}-wal`)) copyFileSync(`${worked}-wal`, `${image}-wal`)
    images.push(image)
    return image
  }
  const db = new DatabaseConstructor(worked, { verbose: () => void copy() })
  db.pragma('journal_mode = WAL')
  db.pragma('wal_autocheckpoint = 0')
  // With hardly a cache, pages of a transaction that is under way are written to the log before its end.
  db.pragma('cache_size = 1')
  migrate(db, migrations)
  const logBytes = readFileSync(`${worked}-wal`).length
  for (let end = logHeaderBytes; end < logBytes; end += frameBytes) truncateSync(`${copy()}-wal`, end)
  copy()
  db.close()
  return images
}
