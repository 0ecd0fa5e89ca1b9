import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { emptyLog, openDatabase } from '@meterline/shared/sqlite/open.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { Transactions } from '@meterline/shared/sqlite/transactions.ts'
import { noDiskFaults } from '../disk-faults.ts'
import type { DiskFaults } from '../disk-faults.ts'
import { FaultCounts } from '../fault-counts.ts'
import { MachineDisk } from './machine-disk.ts'
import type { DiskUser } from './machine-disk.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'meterline-disk-'))
})
afterEach(() => {
  rmSync(directory, { recursive: true, force: true })
})

const minuteMs = 60_000

/** A process that dies at a call, and takes its machine with it when the power fails. */
class Process implements DiskUser {
  alive = true
  callsLeft: number | null = null
  died: () => void = () => undefined

  called(): void {
    if (this.callsLeft === null) return
    this.callsLeft -= 1
    if (this.callsLeft > 0 || !this.alive) return
    this.alive = false
    this.died()
  }

  touched(): void {}
}

/** A machine with one file, in which every commit is one number, on a page of each of two tables. */
class Machine {
  readonly faults = new FaultCounts()
  readonly process = new Process()
  readonly disk: MachineDisk
  readonly db: Database
  readonly events: string[] = []
  readonly folder = join(directory, 'before')
  nowMs = 0
  powerGoes = false
  readonly #after = join(directory, 'after')
  readonly #transactions: Transactions
  #next = 1

  constructor(seed: string, faults: Partial<DiskFaults>) {
    this.disk = new MachineDisk(
      seededRandom(seed),
      { ...noDiskFaults, ...faults },
      {
        nowMs: () => this.nowMs,
        note: (what) => this.events.push(what),
        faults: this.faults,
        powerFails: (calls) => {
          this.process.callsLeft = calls
        },
        inDoubt: () => this.events.push('in doubt'),
        settled: () => this.events.push('settled'),
      },
    )
    mkdirSync(this.folder, { recursive: true })
    this.db = openDatabase({ file: join(this.folder, 'a.db'), disk: this.disk.serve(this.process) })
    this.db.exec('CREATE TABLE t (a INTEGER); CREATE TABLE u (a INTEGER)')
    emptyLog(this.db)
    this.#transactions = new Transactions(this.db)
    this.process.died = () => this.disk.leave(this.folder, this.#after, this.powerGoes)
  }

  /** Returns the code of the error, or null when the commit returned. */
  commit(): string | null {
    const insert = this.db.prepare('INSERT INTO t VALUES (?)')
    const second = this.db.prepare('INSERT INTO u VALUES (?)')
    try {
      this.#transactions.run(() => {
        insert.run(this.#next)
        second.run(this.#next)
      })
      return null
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error)
    } finally {
      this.#next += 1
    }
  }

  /** Commits until a commit is refused, and returns the code and how many had returned; `before` is done before each. */
  commitUntilRefused(before: () => void = () => undefined): { readonly code: string; readonly returned: number } {
    for (let returned = 0; returned < 10_000; returned++) {
      before()
      const code = this.commit()
      if (code !== null) return { code, returned }
      this.nowMs += minuteMs
    }
    throw new Error('no commit was refused')
  }

  /** What is found after the process, or the machine with it, is gone. */
  left(powerGoes: boolean): readonly unknown[] {
    this.powerGoes = powerGoes
    if (this.process.alive) this.process.died()
    this.db.close()
    const found = openDatabase({ file: join(this.#after, 'a.db'), disk: temporaryDisk })
    const rows = found.prepare('SELECT a FROM t ORDER BY a').pluck().all()
    const second = found.prepare('SELECT a FROM u ORDER BY a').pluck().all()
    if (JSON.stringify(rows) !== JSON.stringify(second)) throw new Error('half of a commit is there')
    found.close()
    rmSync(directory, { recursive: true, force: true })
    return rows
  }
}

test.each([
  ['before a commit', 1, [[1, 2]]],
  [
    'within a commit',
    2,
    [
      [1, 2],
      [1, 2, 3],
    ],
  ],
  ['after a commit', 3, [[1, 2, 3]]],
])('whoever dies %s leaves what had returned', (_where, calls, expected) => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 48; seed++) {
    const machine = new Machine(`dies ${seed}`, {})
    machine.commit()
    machine.commit()
    machine.powerGoes = seed % 2 === 0
    machine.process.callsLeft = calls
    machine.commit()
    expect(machine.process.alive).toBe(false)
    seen.add(JSON.stringify(machine.left(machine.powerGoes)))
  }
  expect([...seen].toSorted()).toEqual(expected.map((rows) => JSON.stringify(rows)).toSorted())
})

test('commits that were not synchronised are lost with the power, and only with the power', () => {
  const rowsLeft = (seed: number, powerGoes: boolean): number => {
    const machine = new Machine(`lax ${seed}`, {})
    machine.commit()
    machine.db.pragma('synchronous = NORMAL')
    machine.commit()
    machine.commit()
    return machine.left(powerGoes).length
  }
  expect(rowsLeft(0, false)).toBe(3)
  const counts = Array.from({ length: 20 }, (_, seed) => rowsLeft(seed, true))
  expect(Math.min(...counts)).toBe(1)
  expect(Math.max(...counts)).toBe(3)
})

test('after a failed synchronisation the commit may be there, and goes with the power unless the log was emptied', () => {
  const outcomes = new Set<string>()
  for (let seed = 0; seed < 24; seed++) {
    const machine = new Machine(`sync ${seed}`, { syncFailsEveryMin: 5 })
    const { code, returned } = machine.commitUntilRefused()
    expect(code).toBe('SQLITE_IOERR_FSYNC')
    expect(machine.events).toContain('in doubt')
    expect(machine.disk.hasFailed).toBe(true)
    machine.disk.heal()
    const isThere = machine.db.prepare('SELECT count(*) FROM t').pluck().get() === returned + 1
    const isEmptied = seed % 2 === 0
    if (isEmptied) emptyLog(machine.db)
    // What is appended behind it is lost with it, however well that was synchronised itself.
    machine.commit()
    const left = machine.left(true).slice(returned)
    const names = left.map((number) => (number === returned + 1 ? 'refused' : 'next'))
    outcomes.add(`${isThere ? 'there' : 'not there'}, log ${isEmptied ? 'emptied' : 'kept'}: ${names.join(', ')}`)
  }
  expect([...outcomes].toSorted()).toEqual([
    'not there, log emptied: next',
    'not there, log kept: next',
    'there, log emptied: refused, next',
    'there, log kept: ',
  ])
})

test('the power may go while the log is emptied after a failed synchronisation: every commit is there or not', () => {
  const outcomes = new Set<string>()
  // Three calls to the outside make the log durable, and three more write it into the file: before, within and after each.
  // Within the writing of the file most can go wrong.
  for (const [seed, calls] of [1, 2, 3, 4, 6, ...Array.from({ length: 60 }, () => 5)].entries()) {
    const machine = new Machine(`cut ${seed}`, { syncFailsEveryMin: 5 })
    // The log then holds the refused commit alone, so that nothing else of it mends what the power cut leaves.
    const { returned } = machine.commitUntilRefused(() => void machine.db.pragma('wal_checkpoint(TRUNCATE)'))
    machine.disk.heal()
    machine.powerGoes = true
    machine.process.callsLeft = calls
    emptyLog(machine.db)
    expect(machine.process.alive).toBe(false)
    const left = machine.left(true)
    expect(left).toEqual(Array.from({ length: left.length }, (_, index) => index + 1))
    outcomes.add(`${left.length - returned} of the commits that did not return`)
  }
  expect([...outcomes].toSorted()).toEqual([
    '0 of the commits that did not return',
    '1 of the commits that did not return',
  ])
})

test('a full disk takes nothing for a while, and then everything again', () => {
  const machine = new Machine('full', { fullEveryMin: 5, fullMaxMs: 10 * minuteMs })
  const codes = new Set<string>()
  for (; machine.nowMs < 600 * minuteMs; machine.nowMs += minuteMs) codes.add(machine.commit() ?? 'stored')
  expect([...codes].toSorted()).toEqual(['SQLITE_FULL', 'stored'])
  expect(machine.disk.hasRefused).toBe(true)
  expect(machine.disk.hasFailed).toBe(false)
  // A fault is counted once, however many commits it hits.
  const spells = machine.faults.byKind()['disk-full'] ?? 0
  expect(spells).toBeGreaterThan(1)
  expect(spells).toBeLessThan(machine.events.filter((event) => event === 'commit fails: disk-full').length)
  machine.disk.heal()
  expect(machine.commit()).toBeNull()
})

test('a slow disk keeps its process waiting, and the power fails at a commit', () => {
  const slow = new Machine('slow', { slowEveryMin: 5, slowMaxMs: 10 * minuteMs, slowWriteMaxMs: 700 })
  const waits = new Set<number>()
  for (; slow.nowMs < 300 * minuteMs; slow.nowMs += minuteMs) {
    slow.commit()
    waits.add(slow.disk.busyMs)
  }
  expect(Math.min(...waits)).toBe(0)
  expect(Math.max(...waits)).toBeGreaterThan(1)
  expect(Math.max(...waits)).toBeLessThanOrEqual(700)
  rmSync(directory, { recursive: true, force: true })
  const dark = new Machine('dark', { powerFailsEveryMin: 5 })
  for (; dark.process.alive; dark.nowMs += minuteMs) dark.commit()
  expect(dark.nowMs).toBeGreaterThan(0)
})
