import type { Migration } from '../migrate.ts'
import { migrate } from '../migrate.ts'
import { openDatabase, type Database } from '../open.ts'
import { temporaryDisk } from '../simulated-disk.ts'

/**
 * Writes the file that a program of an earlier version would have: the tables of `migrations` with the rows of a newest
 * file, as far as those tables and columns were there. `adjust` changes what the earlier version would have written in
 * another way.
 */
export function writeEarlierFile(
  newest: string,
  earlier: string,
  migrations: readonly Migration[],
  adjust: (db: Database) => void = () => undefined,
): void {
  const db = openDatabase({ file: earlier, disk: temporaryDisk })
  try {
    migrate(db, migrations)
    // Files of that time had no floor.
    db.pragma('application_id = 0')
    db.pragma('foreign_keys = OFF')
    db.prepare('ATTACH ? AS newest').run(newest)
    for (const table of tablesOf(db)) {
      const there = columnsOf(db, 'newest', table)
      const columns = columnsOf(db, 'main', table).filter((column) => there.includes(column))
      const names = columns.join(', ')
      db.exec(`DELETE FROM main.${table}`)
      db.exec(`INSERT INTO main.${table} (${names}) SELECT ${names} FROM newest.${table}`)
    }
    adjust(db)
    db.exec('DETACH newest')
  } finally {
    db.close()
  }
}

/** The rows of a table as text, in a stable order, without what later versions added. */
export function rowsOf(file: string, table: string, columns: readonly string[]): string[] {
  const db = openDatabase({ file, disk: temporaryDisk })
  try {
    const rows = db.prepare<[], Record<string, unknown>>(`SELECT ${columns.join(', ')} FROM ${table}`).all()
    return rows.map((row) => JSON.stringify(row)).toSorted()
  } finally {
    db.close()
  }
}

/** The tables of a file with their columns, but for those SQLite keeps itself. */
export function shapeOf(file: string): readonly { readonly table: string; readonly columns: readonly string[] }[] {
  const db = openDatabase({ file, disk: temporaryDisk })
  try {
    return tablesOf(db).map((table) => ({ table, columns: columnsOf(db, 'main', table) }))
  } finally {
    db.close()
  }
}

function tablesOf(db: Database): string[] {
  return db
    .prepare<[], string>(
      `SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
    )
    .pluck()
    .all()
}

function columnsOf(db: Database, schema: string, table: string): string[] {
  return db.prepare<[string, string], string>('SELECT name FROM pragma_table_info(?, ?)').pluck().all(table, schema)
}
