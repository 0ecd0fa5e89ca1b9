import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FaultError } from '../base/errors.ts'
import { migrate } from './migrate.ts'
import { assertNodeVersion, openDatabase } from './open.ts'
import { temporaryDisk } from './simulated-disk.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'meterline-sqlite-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (error instanceof FaultError) return error.fault.code
    throw error
  }
  return 'none'
}

test('every opening is durable, also that of a file which is there', () => {
  const file = join(directory, 'a.db')
  for (let opening = 0; opening < 2; opening++) {
    const db = openDatabase({ file })
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal')
    expect(db.pragma('synchronous', { simple: true })).toBe(2)
    expect(db.pragma('foreign_keys', { simple: true })).toBe(1)
    expect(db.pragma('trusted_schema', { simple: true })).toBe(0)
    db.exec('CREATE TABLE IF NOT EXISTS t (a INTEGER)')
    db.close()
  }
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('a temporary disk is the only way to an unsynchronised file', () => {
  const db = openDatabase({ file: join(directory, 'a.db'), disk: temporaryDisk })
  expect(db.pragma('synchronous', { simple: true })).toBe(0)
  db.close()
})

test('a read-only connection reads and cannot write', () => {
  const file = join(directory, 'a.db')
  const writer = openDatabase({ file })
  writer.exec('CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (7)')
  const reader = openDatabase({ file, readOnly: true })
  expect(reader.prepare('SELECT a FROM t').pluck().get()).toBe(7)
  expect(() => reader.exec('INSERT INTO t VALUES (8)')).toThrow('readonly')
  reader.close()
  writer.close()
})

test('what is no usable file is refused by name', () => {
  writeFileSync(join(directory, 'text.db'), 'this is a letter, not a database. '.repeat(100))
  expect(codeOf(() => openDatabase({ file: join(directory, 'text.db') }))).toBe('database_unusable')
  expect(codeOf(() => openDatabase({ file: join(directory, 'missing', 'a.db') }))).toBe('database_unusable')
  expect(codeOf(() => openDatabase({ file: join(directory, 'absent.db'), readOnly: true }))).toBe('database_unusable')
})

test.each([
  ['20.20.2', 'node_too_old'],
  ['22.17.9', 'node_too_old'],
  ['22.18.0', 'none'],
  ['24.0.0', 'none'],
])('Node %s: %s', (version, code) => {
  expect(codeOf(() => assertNodeVersion(version))).toBe(code)
})

const steps = [
  { version: 1, sql: 'CREATE TABLE a (x INTEGER)' },
  { version: 2, sql: 'CREATE TABLE b (x INTEGER)' },
]

test('migrations run once each and in order', () => {
  const db = openDatabase({ file: join(directory, 'a.db') })
  expect(migrate(db, steps.slice(0, 1))).toBe(1)
  expect(migrate(db, steps)).toBe(2)
  expect(migrate(db, steps)).toBe(2)
  db.exec('INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)')
  db.close()
})

test('a failing step leaves the one before it, whole', () => {
  const db = openDatabase({ file: join(directory, 'a.db') })
  const broken = { version: 2, sql: 'CREATE TABLE b (x INTEGER); CREATE TABLE a (x INTEGER)' }
  expect(() => migrate(db, [...steps.slice(0, 1), broken])).toThrow('already exists')
  expect(db.pragma('user_version', { simple: true })).toBe(1)
  expect(migrate(db, steps)).toBe(2)
  db.close()
})

test('a file of a newer version is refused and stays as it is', () => {
  const db = openDatabase({ file: join(directory, 'a.db') })
  migrate(db, steps)
  expect(codeOf(() => migrate(db, steps.slice(0, 1)))).toBe('database_newer')
  expect(db.pragma('user_version', { simple: true })).toBe(2)
  db.close()
})

test('a newer file is opened by programs that reach its floor, and by no others', () => {
  const db = openDatabase({ file: join(directory, 'a.db') })
  const additive = { version: 3, sql: 'CREATE TABLE c (x INTEGER)', readableFrom: 2 }
  expect(migrate(db, [...steps, additive])).toBe(3)
  expect(migrate(db, steps)).toBe(3)
  expect(codeOf(() => migrate(db, steps.slice(0, 1)))).toBe('database_newer')
  // A step that older programs cannot live with lifts the floor for good.
  const changing = { version: 4, sql: 'DROP TABLE c' }
  expect(migrate(db, [...steps, additive, changing])).toBe(4)
  expect(codeOf(() => migrate(db, [...steps, additive]))).toBe('database_newer')
  db.close()
})

test('misnumbered migrations are a bug', () => {
  const db = openDatabase({ file: join(directory, 'a.db') })
  expect(() => migrate(db, [{ version: 2, sql: 'SELECT 1' }])).toThrow('place 1')
  db.close()
})
