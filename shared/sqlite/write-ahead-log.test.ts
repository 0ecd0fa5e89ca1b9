import { closeSync, copyFileSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase } from './open.ts'
import { temporaryDisk } from './simulated-disk.ts'
import { readLog, type LogContents } from './write-ahead-log.ts'

const pageBytes = 4_096
const headerBytes = 32
const frameBytes = 24 + pageBytes
let folder = ''
let log = Buffer.alloc(0)

// A log of several transactions, each of which writes a page of random bytes.
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'meterline-log-'))
  const db = openDatabase({ file: join(folder, 'a.db'), disk: temporaryDisk })
  db.exec('CREATE TABLE t (payload BLOB)')
  for (let row = 0; row < 6; row++) db.exec('INSERT INTO t VALUES (randomblob(3000))')
  copyFileSync(join(folder, 'a.db-wal'), join(folder, 'log'))
  db.close()
  log = readFileSync(join(folder, 'log'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface ReadBack extends Omit<LogContents, 'pages'> {
  page(number: number): Buffer
}

function read(bytes: Buffer): ReadBack {
  const file = join(folder, 'read')
  writeFileSync(file, bytes)
  const fd = openSync(file, 'r')
  try {
    const { pages, ...contents } = readLog(fd, bytes.length, pageBytes)
    const page = (number: number): Buffer => {
      const found = pages.get(number)
      if (found === undefined) throw new Error(`page ${number} is not in the log`)
      return typeof found === 'number' ? bytes.subarray(found, found + pageBytes) : found
    }
    return { ...contents, page }
  } finally {
    closeSync(fd)
  }
}

/** The last frame: its page, and the log with one bit of that page's content flipped. */
function flippedInLastFrame(byte: number, bit: number): { readonly page: number; readonly bytes: Buffer } {
  const frames = (log.length - headerBytes) / frameBytes
  const at = headerBytes + (frames - 1) * frameBytes
  const bytes = Buffer.from(log)
  bytes[at + 24 + byte] = (bytes[at + 24 + byte] ?? 0) ^ (1 << bit)
  return { page: log.readUInt32BE(at), bytes }
}

describe('a write-ahead log', () => {
  test('that is whole has no damage', () => {
    expect(read(log)).toMatchObject({ damage: null, lostFrames: 0 })
  })

  test('that is cut off in the middle of a frame was left so by a crash', () => {
    expect(read(log.subarray(0, log.length - 1_000))).toMatchObject({ damage: null, lostFrames: 0 })
  })

  test('with a flipped low bit is damaged, and read as it was written', () => {
    const { page, bytes } = flippedInLastFrame(2_000, 3)
    const found = read(bytes)
    expect(found).toMatchObject({ damage: expect.stringContaining('is flipped') as string, lostFrames: 0 })
    expect(found.page(page).equals(read(log).page(page))).toBe(true)
  })

  // SQLite's words are little-endian here: the highest bit is in the last of four bytes. Which other words have the same
  // effect goes by threes, so three of them show each case.
  test.each([2_003, 2_007, 2_011])(
    'with a flipped high bit (byte %i), which other words explain as well, is damaged, and read as it was found',
    (byte) => {
      const { page, bytes } = flippedInLastFrame(byte, 7)
      const found = read(bytes)
      const { pageCount } = read(log)
      const damage = expect.stringContaining('is flipped') as string
      expect(found).toMatchObject({ damage, lostFrames: 0, pageCount })
      const written = read(log).page(page)
      const wrong = [...found.page(page)].flatMap((value, at) => (value === written[at] ? [] : [at]))
      expect(wrong).toEqual([byte])
    },
  )
})
