import { migrate } from '@meterline/shared/sqlite/migrate.ts'
import { openScratchDatabase } from '@meterline/shared/sqlite/open.ts'
import { journalMigrations } from './journal-schema.ts'
import type { PageFile } from './salvage-pages.ts'
import { readRow, walkTree } from './salvage-tree.ts'

const versionAt = 60
const floorAt = 68

/** What is wrong with the version a journal names and with the tables it has: exactly those of that version. */
export function schemaFindings(pages: PageFile): string[] {
  const header = pages.page(1)
  if (header === null) return ['the file has no first page']
  const version = header.readUInt32BE(versionAt)
  const floor = header.readUInt32BE(floorAt)
  if (version < 1 || version > journalMigrations.length) return [`it says it has version ${version}`]
  const wrong = floor === 0 || floor === version ? [] : [`it says programs of version ${floor} may open it`]
  const there = new Set(storedSchema(pages))
  const expected = schemaOfVersion(version)
  const missing = expected.filter((entry) => !there.delete(entry))
  const names = [...missing, ...there].map((entry) => String((JSON.parse(entry) as unknown[])[1]))
  return [...wrong, ...[...new Set(names)].map((name) => `${name} is not what version ${version} has of it`)]
}

function storedSchema(pages: PageFile): string[] {
  return walkTree(pages, 1, () => undefined).rows.map((place) => {
    const entry = readRow(pages, place)
    const [type, name, table, , sql] = typeof entry === 'string' ? [] : entry
    return JSON.stringify([type ?? '', name ?? 'an entry of the schema', table ?? '', sql ?? null])
  })
}

function schemaOfVersion(version: number): string[] {
  const db = openScratchDatabase()
  try {
    migrate(db, journalMigrations.slice(0, version))
    const rows = db.prepare<[], unknown[]>('SELECT type, name, tbl_name, sql FROM sqlite_master').raw().all()
    return rows.map((row) => JSON.stringify(row))
  } finally {
    db.close()
  }
}
