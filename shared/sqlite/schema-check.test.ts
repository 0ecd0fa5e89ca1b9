import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { migrate } from './migrate.ts'
import { openDatabase } from './open.ts'
import { schemaFaults } from './schema-check.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'meterline-schema-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

const steps = [
  {
    version: 1,
    sql: 'CREATE TABLE charge (id INTEGER PRIMARY KEY, micros TEXT NOT NULL); CREATE INDEX by_micros ON charge (micros)',
  },
  { version: 2, sql: 'ALTER TABLE charge ADD COLUMN leaf BLOB' },
]

test('a file is what its migrations make, whether they ran at once or years apart', () => {
  const db = openDatabase({ file: join(directory, 'a.db') })
  migrate(db, steps.slice(0, 1))
  migrate(db, steps)
  expect(schemaFaults(db, steps)).toEqual([])
  db.close()
})

test('a definition in which a letter was changed is named, and one that is gone', () => {
  const file = join(directory, 'a.db')
  const db = openDatabase({ file })
  migrate(db, steps)
  db.exec('DROP INDEX by_micros')
  db.pragma('wal_checkpoint(TRUNCATE)')
  db.close()
  const bytes = readFileSync(file)
  const at = bytes.indexOf('micros TEXT')
  bytes.write('mikros', at)
  writeFileSync(file, bytes)
  const damaged = openDatabase({ file })
  expect(schemaFaults(damaged, steps)).toEqual([
    'the definition of table charge is not what was written',
    'the definition of index by_micros is gone',
  ])
  damaged.close()
})
