import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { openDatabase } from '@meterline/shared/sqlite/open.ts'
import { buildFaultyDisk, compilerMissing } from './build-faulty-disk.ts'
import { environmentOfDisks, FaultyDisk } from './faulty-disk.ts'
import type { CutMix } from './cut-power.ts'

const root = mkdtempSync(join(tmpdir(), 'meterline-faulty-disk-'))
let library = ''
let disks = 0

beforeAll(() => {
  if (compilerMissing === null) library = buildFaultyDisk(root)
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

function newDisk(): FaultyDisk {
  disks += 1
  return new FaultyDisk(join(root, `disk-${disks}`), join(root, `disk-${disks}.state`))
}

/** Whether a process has said enough and may be killed. */
type Enough = (said: string) => boolean

/** Runs lines of JavaScript on the disk; `file` and `other` are names on it. At its end the process crashes. */
async function runLines(disk: FaultyDisk, lines: readonly string[]): Promise<string> {
  const names = { file: join(disk.folder, 'file'), other: join(disk.folder, 'other'), folder: disk.folder }
  const program = [
    "import fs from 'node:fs'",
    `const { file, other, folder } = ${JSON.stringify(names)}`,
    'const failure = (call) => { try { call() } catch (error) { fs.writeSync(1, `${error.code} `) } }',
    ...lines,
    'process.kill(process.pid, "SIGKILL")',
  ]
  return await run(disk, ['--input-type=module', '-e', program.join('\n')], never)
}

/** Runs a step of sqlite-program.ts on the disk. The process is killed at its end, or as soon as it has said enough. */
async function runSqlite(disk: FaultyDisk, step: string, enough: Enough = never): Promise<string> {
  const program = fileURLToPath(new URL('sqlite-program.ts', import.meta.url))
  return await run(disk, [program, join(disk.folder, 'file'), step], enough)
}

async function run(disk: FaultyDisk, args: readonly string[], enough: Enough): Promise<string> {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environmentOfDisks(library, [disk]) },
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString()
    if (enough(said)) child.kill('SIGKILL')
  })
  await once(child, 'close')
  expect(child.signalCode).toBe('SIGKILL')
  return said.trim()
}

const never: Enough = () => false
const random = seededRandom('faulty disk')

describe.skipIf(compilerMissing !== null)('a faulty disk under a real process (needs a C compiler)', () => {
  const durableFile = [
    "const fd = fs.openSync(file, 'w+')",
    "fs.writeSync(fd, 'old old old', 0)",
    'fs.fsyncSync(fd)',
    "fs.fsyncSync(fs.openSync(folder, 'r'))",
  ]
  test.each<[string, readonly string[], string | null]>([
    ['what was synchronised stays', durableFile, 'old old old'],
    ['a write that was not is lost', [...durableFile, "fs.writeSync(fd, 'new and longer', 0)"], 'old old old'],
    [
      'so is one through writev',
      [...durableFile, "fs.writevSync(fd, [Buffer.from('n'), Buffer.from('w')])"],
      'old old old',
    ],
    ['and a change of size', [...durableFile, 'fs.ftruncateSync(fd, 3)', 'fs.ftruncateSync(fd, 9)'], 'old old old'],
    ['and a file opened to be emptied', [...durableFile, "fs.writeFileSync(file, 'new')"], 'old old old'],
    ['fdatasync is as good', [...durableFile, "fs.writeSync(fd, 'new', 0)", 'fs.fdatasyncSync(fd)'], 'new old old'],
    ['a name is lost without an fsync of its folder', durableFile.slice(0, 3), null],
    ['a removed name comes back', [...durableFile, 'fs.unlinkSync(file)'], 'old old old'],
    [
      'so does one that was replaced',
      [...durableFile, "fs.writeFileSync(other, 'new', { flush: true })", 'fs.renameSync(other, file)'],
      'old old old',
    ],
    [
      'unless the folder was synchronised',
      [
        ...durableFile,
        "fs.writeFileSync(other, 'new', { flush: true })",
        'fs.renameSync(other, file)',
        "fs.fsyncSync(fs.openSync(folder, 'r'))",
      ],
      'new',
    ],
  ])('%s', async (_name, lines, left) => {
    const disk = newDisk()
    await runLines(disk, lines)
    disk.cutPower('everything', random)
    const file = join(disk.folder, 'file')
    expect(existsSync(file) ? readFileSync(file, 'utf8') : null).toBe(left)
  })

  test('after a failed fsync what was written is lost, whatever the next fsync says', async () => {
    const disk = newDisk()
    await runLines(disk, durableFile)
    disk.failSyncs(1)
    const retried = [
      "const fd = fs.openSync(file, 'r+')",
      "fs.writeSync(fd, 'new new new', 0)",
      'failure(() => fs.fsyncSync(fd))',
      'failure(() => fs.fsyncSync(fd))',
      "fs.writeSync(fd, 'abc', 4)",
      'fs.fsyncSync(fd)',
    ]
    expect(await runLines(disk, retried)).toBe('EIO')
    expect(readFileSync(join(disk.folder, 'file'), 'utf8')).toBe('new abc new')
    expect(disk.cutPower('everything', random)).toMatchObject({ lostBefore: 1 })
    expect(readFileSync(join(disk.folder, 'file'), 'utf8')).toBe('old abc old')
  })

  test('a full disk refuses growth and new files, and lets what is there be overwritten', async () => {
    const disk = newDisk()
    await runLines(disk, durableFile)
    disk.fill(true)
    const lines = [
      "const fd = fs.openSync(file, 'r+')",
      "failure(() => fs.writeSync(fd, 'longer than before', 0))",
      "failure(() => fs.writeFileSync(other, ''))",
      "fs.writeSync(fd, 'new', 0)",
      'fs.fsyncSync(fd)',
    ]
    expect(await runLines(disk, lines)).toBe('ENOSPC ENOSPC')
    expect(disk.counts().refusedWrites).toBe(2)
    disk.cutPower('everything', random)
    expect(readFileSync(join(disk.folder, 'file'), 'utf8')).toBe('new old old')
  })

  const lastSaid = (said: string): number => Number(said.split(' ').at(-1) ?? 0)

  test.each<CutMix>(['everything', 'some', 'torn'])('every commit SQLite returned is there (%s lost)', async (mix) => {
    const disk = newDisk()
    let expected = 0
    for (let round = 0; round < 3; round += 1) {
      // Beyond a thousand pages the log is written into the database and begun anew.
      const target = expected + 300 + random.below(300)
      const said = await runSqlite(disk, 'commit-for-ever', (text) => lastSaid(text.trim()) >= target)
      disk.cutPower(mix, random)
      const db = openDatabase({ file: join(disk.folder, 'file') })
      expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
      const { last } = db.prepare<[], { last: number }>('SELECT max(n) AS last FROM row').get() ?? { last: 0 }
      db.close()
      // The last number may have been cut off in the pipe; every one before it was said after its commit.
      expect(last).toBeGreaterThanOrEqual(Number(said.split(' ').at(-2) ?? 0))
      expected = last
    }
  })

  test('what the opening after a failed fsync found is durable', async () => {
    const disk = newDisk()
    await runSqlite(disk, 'begin-with-one')
    // What follows is in the log only as far as the system believes.
    disk.failSyncs('for ever')
    expect(await runSqlite(disk, 'fail-with-two')).toBe('SQLITE_IOERR_FSYNC')
    disk.failSyncs(0)
    expect(await runSqlite(disk, 'reopen')).toBe('true 2')
    // The log that was emptied does not come back in part, with its older pages.
    disk.cutPower('everything', random)
    const db = openDatabase({ file: join(disk.folder, 'file') })
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
    expect(db.prepare('SELECT n, length(filler) AS bytes FROM state').get()).toEqual({ n: 2, bytes: 40_000 })
    db.close()
  })

  test('a commit is not there when its fsync was only pretended', async () => {
    const disk = newDisk()
    await runSqlite(disk, 'commit-once')
    disk.swallowSyncs(true)
    const said = await runSqlite(disk, 'commit-for-ever', (text) => lastSaid(text.trim()) >= 50)
    expect(lastSaid(said)).toBeGreaterThan(1)
    disk.cutPower('everything', random)
    const db = openDatabase({ file: join(disk.folder, 'file') })
    expect(db.prepare('SELECT count(*) AS rows FROM row').get()).toEqual({ rows: 1 })
    db.close()
  })
})
