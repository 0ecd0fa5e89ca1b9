import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { emptyLog, openDatabase, type Database } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { Transactions } from '@meterline/shared/sqlite/transactions.ts'
import { readFileImage, writeFileImage, type FileImage } from './file-image.ts'
import { imageAfterKill, imageAfterPowerCut } from './torn-image.ts'
import { writeStages, type WriteStage } from './write-stages.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'meterline-torn-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

/** What a file holds: the numbers of its transactions, each with its rows, or why it cannot be read. */
function contentOf(image: FileImage): readonly number[] | string {
  const file = join(directory, 'after.db')
  writeFileImage(file, image)
  try {
    const db = openDatabase({ file, disk: temporaryDisk })
    try {
      const health: unknown = db.pragma('integrity_check', { simple: true })
      if (health !== 'ok') return String(health)
      const rows = db
        .prepare<[], { txn: number; rows: number }>('SELECT txn, count(*) AS rows FROM t GROUP BY txn')
        .all()
      const broken = rows.find(({ txn, rows: count }) => count !== rowsOf(txn))
      return broken === undefined ? rows.map(({ txn }) => txn) : `transaction ${broken.txn} is there in part`
    } finally {
      db.close()
    }
  } catch (error) {
    return String(error)
  }
}

/** Some small, some that fill several pages; every third one also changes older rows, so that pages have versions. */
function rowsOf(txn: number): number {
  return 1 + ((txn * 7) % 13)
}

function commitOne(db: Database, transactions: Transactions, txn: number): void {
  const insert = db.prepare('INSERT INTO t (txn, payload) VALUES (?, ?)')
  transactions.run(() => {
    for (let row = 0; row < rowsOf(txn); row++) insert.run(txn, Buffer.alloc(700, txn))
    if (txn % 3 === 0) db.prepare('UPDATE t SET payload = ? WHERE txn = ?').run(Buffer.alloc(900, txn), txn - 3)
  })
}

interface Struck {
  readonly before: FileImage
  readonly after: FileImage
}

const nothing: Struck = {
  before: { database: Buffer.alloc(0), log: Buffer.alloc(0) },
  after: { database: Buffer.alloc(0), log: Buffer.alloc(0) },
}

/** The images round each of `count` commits, during which the log is checkpointed and begun anew time and again. */
function struckCommits(count: number): readonly Struck[] {
  const file = join(directory, 'struck.db')
  const db = openDatabase({ file })
  db.pragma('wal_autocheckpoint = 12')
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, txn INTEGER, payload BLOB)')
  const transactions = new Transactions(db)
  let before = readFileImage(file)
  const struck = numbers(count).map((txn) => {
    commitOne(db, transactions, txn)
    const after = readFileImage(file)
    const images = { before, after }
    before = after
    return images
  })
  db.close()
  return struck
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index)

test.each([
  ['power cut', imageAfterPowerCut],
  ['kill', imageAfterKill],
])('after a %s in a commit every earlier one is there, and that one whole or not at all', (_what, imageAfter) => {
  const outcomes = { whole: 0, none: 0 }
  const commits = struckCommits(41)
  fc.assert(
    fc.property(fc.nat({ max: 40 }), fc.string(), (txn, seed) => {
      const { before, after } = commits[txn] ?? nothing
      const random = seededRandom(seed)
      const image = imageAfter(random, writeStages(before, after)) ?? before
      const content = contentOf(image)
      const isWhole = content.length === txn + 1
      outcomes[isWhole ? 'whole' : 'none'] += 1
      expect(content).toEqual(numbers(isWhole ? txn + 1 : txn))
    }),
    { numRuns: 150 },
  )
  expect(outcomes.whole).toBeGreaterThan(0)
  expect(outcomes.none).toBeGreaterThan(0)
})

test('the commits of such a run show every stage: a new header, frames, pages of a checkpoint', () => {
  const seen = new Set<string>()
  for (const { before, after } of struckCommits(24)) {
    for (const { from, to } of writeStages(before, after)) seen.add(stageName(from, to))
  }
  expect([...seen].toSorted()).toEqual(['frames', 'header', 'pages'])
})

function stageName(from: FileImage, to: FileImage): string {
  if (!from.database.equals(to.database)) return from.log.equals(to.log) ? 'pages' : 'both'
  if (to.log.length === 0) return 'emptied'
  return from.log.length === to.log.length && from.log.subarray(32).equals(to.log.subarray(32)) ? 'header' : 'frames'
}

test('a log that is emptied on demand may lie beside any part of the pages, and is given up last', () => {
  const file = join(directory, 'emptied.db')
  const db = openDatabase({ file })
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, txn INTEGER, payload BLOB)')
  const transactions = new Transactions(db)
  for (const txn of numbers(9)) commitOne(db, transactions, txn)
  const before = readFileImage(file)
  expect(emptyLog(db)).toBe(true)
  const after = readFileImage(file)
  db.close()
  const stages = writeStages(before, after)
  expect(stages.map(({ from, to }) => stageName(from, to))).toEqual(['pages', 'emptied'])
  for (const seed of numbers(60)) {
    const image = imageAfterPowerCut(seededRandom(`emptied ${seed}`), stages)
    expect(image === null ? null : contentOf(image)).toEqual(numbers(9))
  }
})

test('where commits were not synchronised the same cut loses what had returned', () => {
  const file = join(directory, 'lax.db')
  const db = openDatabase({ file })
  db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, txn INTEGER, payload BLOB)')
  const transactions = new Transactions(db)
  const durable = readFileImage(file)
  for (const txn of numbers(9)) commitOne(db, transactions, txn)
  const unsynchronised: WriteStage[] = [{ from: durable, to: readFileImage(file) }]
  db.close()
  const counts = new Set(
    numbers(40).map((seed) => {
      const image = imageAfterPowerCut(seededRandom(`lax ${seed}`), unsynchronised)
      const content = image === null ? 'no image' : contentOf(image)
      expect(content).toEqual(numbers(content.length))
      return content.length
    }),
  )
  expect(Math.min(...counts)).toBe(0)
  expect(Math.max(...counts)).toBe(9)
})

test('a new header that may come after the frames would lose what had returned: why the order of stages matters', () => {
  // The first commit that begins the log anew after a checkpoint.
  const restarting = struckCommits(60).find(({ before, after }) =>
    writeStages(before, after).some(({ from, to }) => stageName(from, to) === 'header'),
  )
  if (restarting === undefined) throw new Error('no commit began the log anew')
  const unordered: readonly WriteStage[] = [{ from: restarting.before, to: restarting.after }]
  const content = contentOf(restarting.before)
  const wrong = numbers(200).filter((seed) => {
    const image = imageAfterPowerCut(seededRandom(`order ${seed}`), unordered)
    const left = image === null ? content : contentOf(image)
    return typeof left === 'string' || left.length < content.length
  })
  expect(wrong.length).toBeGreaterThan(0)
})
