import { FaultError, fault } from '@meterline/shared/base/errors.ts'
import { logDamage } from '@meterline/shared/sqlite/log-damage.ts'
import { migrate } from '@meterline/shared/sqlite/migrate.ts'
import { emptyLog, openDatabase } from '@meterline/shared/sqlite/open.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import type { SimulatedDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { tenantMigrations } from './schema.ts'

/**
 * Opens the books of a tenant in the newest form. Throws a `FaultError` when their write-ahead log is damaged
 * (`books_damaged`) or another program reads them (`database_unusable`).
 */
export function openTenantFile(file: string, disk?: SimulatedDisk): Database {
  const lost = logDamage(file)
  if (lost !== null) throw damagedLog(file, lost)
  const db = openDatabase({ file, disk })
  try {
    // Without it a REPLACE would delete rows behind the back of the triggers that forbid it.
    db.pragma('recursive_triggers = ON')
    // What an earlier process, or this one before an error of the disk, left in the log may never have reached it.
    if (!emptyLog(db)) throw inUse(file)
    migrate(db, tenantMigrations)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function inUse(file: string): FaultError {
  const message =
    `${file} cannot be opened while another program reads it: what is in its log has to be written into it first. ` +
    'It is tried again by itself; end what reads it (such as "verify") if that takes long.'
  return new FaultError(fault('database_unusable', message, { file }))
}

/** SQLite would take the damage for the end of the log, and what was committed behind it would be gone without a word. */
function damagedLog(file: string, damage: string): FaultError {
  const message =
    `The books ${file} are damaged: their write-ahead log ${file}-wal: ${damage}. Nothing was changed, and nothing is ` +
    'received until they are put right: stop the aggregator and put back the newest backup with "restore", which keeps ' +
    'these files; agents then send again what came after it.'
  return new FaultError(fault('books_damaged', message, { file }))
}
