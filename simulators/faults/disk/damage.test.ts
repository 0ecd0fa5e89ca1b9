import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { contentDifferences } from './content-differences.ts'
import { damagedImage } from './damage.ts'
import { readFileImage } from './file-image.ts'
import type { FileImage } from './file-image.ts'
import { settledLogBytes } from './log-frames.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'meterline-damage-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

const frameBytes = 24 + 4096

function imageAfter(...transactions: readonly string[]): FileImage {
  const file = join(directory, 'a.db')
  const db = openDatabase({ file })
  db.exec('CREATE TABLE t (a INTEGER); CREATE TABLE other (b TEXT)')
  db.pragma('wal_checkpoint(TRUNCATE)')
  for (const sql of transactions) db.exec(sql)
  const image = readFileImage(file)
  db.close()
  rmSync(file)
  return image
}

test('all of a log but its last transaction was settled before the last one began', () => {
  expect(settledLogBytes(imageAfter().log)).toBe(0)
  expect(settledLogBytes(imageAfter('INSERT INTO t VALUES (1)').log)).toBe(0)
  const { log } = imageAfter('INSERT INTO t VALUES (1)', 'INSERT INTO other VALUES (2)', 'INSERT INTO t VALUES (3)')
  expect(log.length).toBe(32 + 3 * frameBytes)
  expect(settledLogBytes(log)).toBe(32 + 2 * frameBytes)
  // What is behind a frame that is not whole does not count, as it does not for SQLite.
  const torn = Buffer.from(log)
  torn[torn.length - 1] = (torn.at(-1) ?? 0) ^ 1
  expect(settledLogBytes(torn)).toBe(32 + frameBytes)
})

test('each damage changes the file, and the last transaction of its log never', () => {
  const image = imageAfter('INSERT INTO t VALUES (1)', 'INSERT INTO other VALUES (2)', 'INSERT INTO t VALUES (3)')
  const kinds = new Set<string>()
  for (let seed = 0; seed < 200; seed++) {
    const { image: damaged, what } = damagedImage(seededRandom(`damage ${seed}`), image)
    kinds.add(what.replace(/\d+/g, '#'))
    const isZeroed = what.includes('zeros')
    if (!isZeroed) expect(damaged.database.equals(image.database) && damaged.log.equals(image.log)).toBe(false)
    expect(damaged.log.subarray(32 + 2 * frameBytes).equals(image.log.subarray(32 + 2 * frameBytes))).toBe(true)
  }
  expect([...kinds].toSorted()).toEqual([
    'a bit at #, on page #',
    'a bit of the log at #',
    'it ends at #',
    'page # is zeros',
  ])
})

test('what differs is named by table; bytes that mean nothing differ in nothing', () => {
  const before = imageAfter('INSERT INTO t VALUES (1)')
  const folder = join(directory, 'content')
  expect(contentDifferences(before, before, folder)).toEqual([])
  expect(contentDifferences(before, imageAfter('INSERT INTO t VALUES (2)'), folder)).toEqual(['table t'])
  const garbled = { ...before, database: Buffer.alloc(before.database.length, 7) }
  expect(contentDifferences(before, garbled, folder)).toContain('readable')
})
