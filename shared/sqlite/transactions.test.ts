import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { emptyLog, openDatabase } from './open.ts'
import type { Database } from './open.ts'
import { diskError } from './simulated-disk.ts'
import type { DiskWrite, SimulatedDisk } from './simulated-disk.ts'
import { Transactions } from './transactions.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'meterline-transactions-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

function rowsOf(db: Database): readonly unknown[] {
  return db.prepare('SELECT a FROM t ORDER BY a').pluck().all()
}

/** A disk that writes down what passes through it, and throws what it is given. */
function notingDisk(): SimulatedDisk & { readonly seen: string[]; fails: Error | null } {
  const seen: string[] = []
  const disk = {
    seen,
    fails: null as Error | null,
    write(db: Database, what: DiskWrite, run: () => void): void {
      if (disk.fails !== null) throw disk.fails
      run()
      seen.push(`${what} at ${String(db.pragma('synchronous', { simple: true }))}`)
    },
  }
  return disk
}

test('what throws leaves nothing, and the next transaction works', () => {
  const db = openDatabase({ file: join(directory, 'a.db') })
  db.exec('CREATE TABLE t (a INTEGER)')
  const transactions = new Transactions(db)
  const insert = db.prepare('INSERT INTO t VALUES (?)')
  transactions.run(() => void insert.run(1))
  const failing = (): void =>
    transactions.run(() => {
      insert.run(2)
      throw new Error('not after all')
    })
  expect(failing).toThrow('not after all')
  transactions.run(() => void insert.run(3))
  expect(rowsOf(db)).toEqual([1, 3])
  db.close()
})

test('a simulated disk sees every opening, commit and checkpoint, with the level that makes it durable', () => {
  const disk = notingDisk()
  const db = openDatabase({ file: join(directory, 'a.db'), disk })
  db.exec('CREATE TABLE t (a INTEGER)')
  const transactions = new Transactions(db)
  transactions.run(() => void db.exec('INSERT INTO t VALUES (1)'))
  expect(emptyLog(db)).toBe(true)
  db.pragma('synchronous = NORMAL')
  transactions.run(() => void db.exec('INSERT INTO t VALUES (2)'))
  expect(disk.seen).toEqual(['opening at 2', 'commit at 2', 'log at 2', 'checkpoint at 2', 'commit at 1'])
  db.close()
})

test.each(['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_IOERR_FSYNC'] as const)('a disk that says %s', (code) => {
  const disk = notingDisk()
  const db = openDatabase({ file: join(directory, 'a.db'), disk })
  db.exec('CREATE TABLE t (a INTEGER)')
  const transactions = new Transactions(db)
  disk.fails = diskError(code)
  expect(() => transactions.run(() => void db.exec('INSERT INTO t VALUES (1)'))).toThrow(
    expect.objectContaining({ code }),
  )
  expect(db.inTransaction).toBe(false)
  expect(rowsOf(db)).toEqual([])
  disk.fails = null
  transactions.run(() => void db.exec('INSERT INTO t VALUES (2)'))
  expect(rowsOf(db)).toEqual([2])
  db.close()
})

test('a log that somebody reads cannot be emptied, and nobody waits for it', () => {
  const file = join(directory, 'a.db')
  const db = openDatabase({ file })
  db.exec('CREATE TABLE t (a INTEGER); INSERT INTO t VALUES (1)')
  const reader = openDatabase({ file, readOnly: true })
  reader.exec('BEGIN')
  rowsOf(reader)
  db.exec('INSERT INTO t VALUES (2)')
  expect(emptyLog(db)).toBe(false)
  reader.exec('COMMIT')
  expect(emptyLog(db)).toBe(true)
  expect(db.pragma('busy_timeout', { simple: true })).toBe(5_000)
  reader.close()
  db.close()
})
