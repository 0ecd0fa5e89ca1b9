import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { removeFolder } from '../crash-image.ts'
import { writeFileImage } from './file-image.ts'
import type { FileImage } from './file-image.ts'

/**
 * In what a file differs from what it was: tables with other rows, and what SQLite says of its structure. Empty: only bytes
 * that mean nothing were changed. Works in `folder`.
 */
export function contentDifferences(before: FileImage, after: FileImage, folder: string): readonly string[] {
  const left = contentOf(before, folder)
  const right = contentOf(after, folder)
  const parts = new Set([...left.keys(), ...right.keys()])
  return [...parts].filter((part) => left.get(part) !== right.get(part)).toSorted()
}

/** A hash of each table, and the words of SQLite's own check. */
function contentOf(image: FileImage, folder: string): ReadonlyMap<string, string> {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, 'content.db')
  const content = new Map<string, string>()
  try {
    writeFileImage(file, image)
    const db = openDatabase({ file, disk: temporaryDisk })
    try {
      content.set('version', JSON.stringify(db.pragma('user_version')))
      const schema = db
        .prepare<[], { name: string; type: string }>('SELECT * FROM sqlite_master ORDER BY type, name')
        .all()
      content.set('schema', JSON.stringify(schema))
      content.set('structure', JSON.stringify(db.pragma('integrity_check')))
      for (const { name } of schema.filter(({ type }) => type === 'table'))
        content.set(`table ${name}`, rowsOf(db, name))
    } finally {
      db.close()
    }
  } catch (error) {
    // Whatever the reason: it cannot be read to the end, as the other one can.
    content.set('readable', error instanceof Error ? error.message : String(error))
  } finally {
    removeFolder(folder)
  }
  return content
}

function rowsOf(db: Database, table: string): string {
  const hash = createHash('sha256')
  try {
    for (const row of db.prepare(`SELECT * FROM "${table}"`).safeIntegers().iterate())
      hash.update(JSON.stringify(row, asText))
  } catch (error) {
    // As different from every readable table as can be.
    return `unreadable: ${String(error)}`
  }
  return hash.digest('hex')
}

function asText(_name: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}` : value
}
