import { FaultError, assertThat, fault } from '../base/errors.ts'
import type { Database } from './open.ts'

/** One step of a file's schema. Steps are numbered 1, 2, 3, … and never changed once released. */
export interface Migration {
  readonly version: number
  readonly sql: string
  /**
   * The oldest version a program may know to go on with a file that has this step. Left out: this one, so that only
   * programs which know the step open the file. Lower only where a program that knows nothing of it breaks nothing.
   */
  readonly readableFrom?: number
}

/**
 * Brings a file to the newest of `migrations`, one transaction per step, and returns the version it then has.
 * The version is SQLite's `user_version`, the version floor its `application_id`: the oldest version a program must know
 * to open the file. Both are changed in the step's own transaction, so a crash leaves a whole step or none. A newer file
 * whose floor this program reaches is opened as it is; another one throws a `FaultError` with code `database_newer` and
 * stays untouched. Files from before there were floors have 0 for one, and may be opened by programs of their version.
 */
export function migrate(db: Database, migrations: readonly Migration[]): number {
  migrations.forEach((migration, index) => {
    assertThat(migration.version === index + 1, `migration ${migration.version} stands at place ${index + 1}`)
  })
  const before = numberOf(db, 'user_version')
  if (before > migrations.length) {
    const floor = numberOf(db, 'application_id') || before
    if (floor <= migrations.length) return before
    throw new FaultError(
      fault(
        'database_newer',
        `${db.name} has version ${before} and may be opened by programs that know version ${floor}; this one knows ` +
          `versions up to ${migrations.length}. It was written by a newer Meterline: start that one, or restore the ` +
          'backup made before the upgrade',
        { file: db.name, version: before, floor, known: migrations.length },
      ),
    )
  }
  for (const { version, sql, readableFrom } of migrations.slice(before)) {
    db.transaction(() => {
      db.exec(sql)
      const floor = Math.max(numberOf(db, 'application_id'), readableFrom ?? version)
      db.pragma(`application_id = ${floor}`)
      db.pragma(`user_version = ${version}`)
    }).immediate()
  }
  return Math.max(before, migrations.length)
}

function numberOf(db: Database, pragma: 'user_version' | 'application_id'): number {
  const value: unknown = db.pragma(pragma, { simple: true })
  assertThat(typeof value === 'number', `${pragma} is a number`)
  return value
}
