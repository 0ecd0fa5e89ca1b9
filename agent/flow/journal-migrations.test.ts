import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { migrate } from '@meterline/shared/sqlite/migrate.ts'
import { openDatabase, openScratchDatabase, type Database } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { migrationCrashImages } from '@meterline/shared/sqlite/testing/crash-images.ts'
import { rowsOf, shapeOf, writeEarlierFile } from '@meterline/shared/sqlite/testing/earlier-file.ts'
import { journalMigrations } from '../store/journal-schema.ts'
import { loadBatches } from './load-batches.ts'
import { publish, seal, storedJournal, unsentIds, waitingIds } from './testing/stored-journal.ts'
import { TestDisk } from './testing/test-disk.ts'
import { openWriter } from './testing/test-writer.ts'

const versions = journalMigrations.map(({ version }) => version)
const newest = versions.length
const earlier = versions.slice(0, -1)
let folder: string
let disk: TestDisk

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-migrations-'))
  disk = new TestDisk()
})
afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
  disk.remove()
})

/** A filled journal as an agent of that version would have left it. */
function journalOfVersion(version: number): string {
  const whole = join(folder, 'newest.db')
  writeFileSync(whole, storedJournal('closed').file)
  const file = join(folder, `version-${version}.db`)
  writeEarlierFile(whole, file, journalMigrations.slice(0, version), (db) => {
    if (version >= 4) return
    // Before batches were kept they left with their receipts.
    db.exec('DELETE FROM chunk WHERE id <= (SELECT last_chunk FROM batch, chain WHERE seq = settled_seq)')
    db.exec('DELETE FROM batch WHERE seq <= (SELECT settled_seq FROM chain)')
  })
  return file
}

function versionOf(db: Database): unknown {
  return db.pragma('user_version', { simple: true })
}

describe.each(earlier)('a journal of version %i', (version) => {
  test('goes over to the newest with every row it had', () => {
    const file = journalOfVersion(version)
    const before = shapeOf(file).map(({ table, columns }) => ({ table, columns, rows: rowsOf(file, table, columns) }))
    expect(before.flatMap(({ rows }) => rows).length).toBeGreaterThan(20)
    const db = openDatabase({ file, disk: temporaryDisk })
    expect(migrate(db, journalMigrations)).toBe(newest)
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
    db.close()
    for (const { table, columns, rows } of before) {
      expect({ table, rows: rowsOf(file, table, columns) }).toEqual({ table, rows })
    }
  })

  test('is used: what waits is sent as it was sealed, repetitions are known, and it goes on', () => {
    const file = journalOfVersion(version)
    const sealed = rowsOf(file, 'batch', ['hex(header)', 'hex(signature)'])
    copyFileSync(file, disk.journalFile)
    const opened = openWriter(disk)
    if (!opened.ok) throw new Error(opened.fault.message)
    const writer = opened.value
    expect(unsentIds(disk.journalFile)).toEqual(waitingIds)
    publish(writer, ['a-1', 'new'])
    expect(writer.memory.counters.duplicates).toBe(1)
    seal(writer)
    const loaded = loadBatches(writer, 1, 100, 10_000_000)
    expect(loaded).toHaveLength(4)
    for (const { header, signature } of loaded.slice(0, 3)) {
      const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex').toUpperCase()
      const stored = JSON.stringify({ 'hex(header)': hex(header), 'hex(signature)': hex(signature) })
      expect(sealed).toContain(stored)
    }
    writer.journal.close()
  })

  test('killed at every statement and page of its migrations it has whole steps, and goes on from there', () => {
    const file = journalOfVersion(version)
    const images = migrationCrashImages(file, journalMigrations, folder)
    const steps = newest - version
    expect(images.length).toBeGreaterThan(steps * 4)
    const found = images.map((image) => {
      const db = openDatabase({ file: image, disk: temporaryDisk })
      const left = Number(versionOf(db))
      expect(schemaOf(db)).toEqual(schemaOfVersion(left))
      expect(migrate(db, journalMigrations)).toBe(newest)
      db.close()
      expect(unsentIds(image)).toEqual(waitingIds)
      return left
    })
    // Every step was seen before and after it was done.
    expect([...new Set(found)].toSorted((one, other) => one - other)).toEqual(versions.slice(version - 1))
  })
})

function schemaOf(db: Database): unknown {
  return db
    .prepare(`SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`)
    .all()
}

function schemaOfVersion(version: number): unknown {
  const db = openScratchDatabase()
  migrate(db, journalMigrations.slice(0, version))
  const schema = schemaOf(db)
  db.close()
  return schema
}

test('a journal of a newer version is refused and stays as it is', () => {
  writeFileSync(disk.journalFile, storedJournal('closed').file)
  const db = openDatabase({ file: disk.journalFile, disk: temporaryDisk })
  db.pragma(`user_version = ${newest + 1}`)
  db.pragma(`application_id = ${newest + 1}`)
  db.close()
  const before = readFileSync(disk.journalFile)
  const opened = openWriter(disk)
  expect(opened).toMatchObject({ ok: false, fault: { code: 'journal_unusable' } })
  expect(opened.ok ? '' : opened.fault.message).toContain(`has version ${newest + 1}`)
  expect(readFileSync(disk.journalFile)).toEqual(before)
})
