import { FaultError, assertThat, fault } from '../base/errors.ts'
import type { Database } from './open.ts'

/** One step of a file's schema. Steps are numbered 1, 2, 3, … and never changed once released. */
export interface Migration {
  readonly version: number
  readonly sql: string
}

/**
 * Brings a file to the newest of `migrations`, one transaction per step, and returns the version it then has.
 * The version is SQLite's `user_version`, changed in the step's own transaction, so a crash leaves a whole step or none.
 * A file of a newer version throws a `FaultError` with code `database_newer` and stays untouched.
 */
export function migrate(db: Database, migrations: readonly Migration[]): number {
  migrations.forEach((migration, index) => {
    assertThat(migration.version === index + 1, `migration ${migration.version} stands at place ${index + 1}`)
  })
  const before = versionOf(db)
  if (before > migrations.length) {
    throw new FaultError(
      fault(
        'database_newer',
        `${db.name} has version ${before}, this program knows versions up to ${migrations.length}; ` +
          'it was written by a newer Meterline: start that one, or restore the backup made before the upgrade',
        { file: db.name, version: before, known: migrations.length },
      ),
    )
  }
  for (const migration of migrations.slice(before)) {
    db.transaction(() => {
      db.exec(migration.sql)
      db.pragma(`user_version = ${migration.version}`)
    }).immediate()
  }
  return migrations.length
}

function versionOf(db: Database): number {
  const version: unknown = db.pragma('user_version', { simple: true })
  assertThat(typeof version === 'number', 'user_version is a number')
  return version
}
