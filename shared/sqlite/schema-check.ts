import { migrate, type Migration } from './migrate.ts'
import { openScratchDatabase, type Database } from './open.ts'

interface SchemaObject {
  readonly type: string
  readonly name: string
  readonly sql: string | null
}

/**
 * What of a file's schema is not what its migrations make: damage that SQLite takes for another definition. Compares the
 * text of every table, index, trigger and view with what the file's version calls for; empty when all are the same. Of a
 * version that is newer than the migrations nothing is known, and nothing is said.
 */
export function schemaFaults(db: Database, migrations: readonly Migration[]): readonly string[] {
  const version: unknown = db.pragma('user_version', { simple: true })
  if (typeof version !== 'number' || version > migrations.length) return []
  const found = schemaOf(db)
  const expected = expectedSchema(migrations, version)
  const changed = [...found].filter(([name, sql]) => expected.get(name) !== sql).map(([name]) => name)
  // A trigger only keeps programs from mistakes: that one is gone shows in what got past it.
  const gone = [...expected.keys()].filter((name) => !found.has(name) && !name.startsWith('trigger '))
  return [
    ...changed.map((name) => `the definition of ${name} is not what was written`),
    ...gone.map((name) => `the definition of ${name} is gone`),
  ]
}

// What migrations make stays the same while a program runs, and making it costs more than all the comparing.
const madeBy = new WeakMap<readonly Migration[], Map<number, ReadonlyMap<string, string | null>>>()

function expectedSchema(migrations: readonly Migration[], version: number): ReadonlyMap<string, string | null> {
  const ofVersions = madeBy.get(migrations) ?? new Map<number, ReadonlyMap<string, string | null>>()
  madeBy.set(migrations, ofVersions)
  const schema = ofVersions.get(version) ?? schemaMadeBy(migrations.slice(0, version))
  ofVersions.set(version, schema)
  return schema
}

function schemaMadeBy(migrations: readonly Migration[]): ReadonlyMap<string, string | null> {
  const scratch = openScratchDatabase()
  try {
    migrate(scratch, migrations)
    return schemaOf(scratch)
  } finally {
    scratch.close()
  }
}

function schemaOf(db: Database): ReadonlyMap<string, string | null> {
  // The planner's own statistics come and go.
  const objects = db.prepare<[], SchemaObject>(
    "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%'",
  )
  return new Map(objects.all().map(({ type, name, sql }) => [`${type} ${name}`, sql]))
}
