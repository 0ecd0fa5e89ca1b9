import { join } from 'node:path'
import DatabaseConstructor from 'better-sqlite3'
import { FaultError, fault } from '@meterline/shared/base/errors.ts'

/** A data directory held by this process alone. */
export interface DataLock {
  release(): void
}

/**
 * Takes the data directory for this process, or throws a `FaultError` ('data_in_use'). Two aggregators on the same files
 * would give the same log index twice. The lock is that of an open SQLite transaction on a file of its own: the system
 * frees it with the process, however that ends.
 */
export function lockData(dataDirectory: string): DataLock {
  const file = join(dataDirectory, 'aggregator.lock')
  const db = new DatabaseConstructor(file, { timeout: 0 })
  try {
    db.pragma('journal_mode = DELETE')
    db.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    db.close()
    const text = `${dataDirectory} cannot be taken: another aggregator runs on it. Stop that one, or use another dataDirectory.`
    throw new FaultError(fault('data_in_use', text), { cause })
  }
  return { release: () => void db.close() }
}
