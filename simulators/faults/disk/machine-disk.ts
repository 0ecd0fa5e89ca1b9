import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '@meterline/shared/base/random.ts'
import type { Database } from '@meterline/shared/sqlite/open.ts'
import { diskError } from '@meterline/shared/sqlite/simulated-disk.ts'
import type { DiskWrite, SimulatedDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { copyCrashImage } from '../crash-image.ts'
import type { DiskFaults } from '../disk-faults.ts'
import type { FaultCounts } from '../fault-counts.ts'
import { DiskTroubles } from './disk-troubles.ts'
import { readFileImage, writeFileImage } from './file-image.ts'
import type { FileImage } from './file-image.ts'
import { imageAfterKill, imageAfterPowerCut, takenBack } from './torn-image.ts'
import { beginsAnew, writeStages } from './write-stages.ts'

/** The process that writes. It can die at each call to the outside, and a commit is three: before, within and after it. */
export interface DiskUser {
  readonly alive: boolean
  /** Calls that are left until it dies; null while no end is near. */
  readonly callsLeft: number | null
  called(call: string): void
  /** Not a moment to die at, but nothing that a dead process may do either. */
  touched(call: string): void
}

/** What the disk needs of its machine. */
export interface DiskMachine {
  nowMs(): number
  note(what: string): void
  readonly faults: FaultCounts
  /** The power fails: the process dies at its `calls`-th call, and the machine with it. */
  powerFails(calls: number): void
  /** A commit was refused with an error of synchronising: whether it is there is not known yet. */
  inDoubt(): void
  /** What a file holds is known, and safe: all of its log was written into it. */
  settled(): void
}

interface Change {
  readonly before: FileImage
  readonly after: FileImage
}

const fullSynchronous = 2

/**
 * The disk of one simulated machine. It knows for every file what is safe: with `synchronous=FULL` whatever a commit
 * returned from, with less only what was there before the first such commit. When the power goes it leaves that and any
 * part of what came after.
 */
export class MachineDisk {
  readonly #random: Random
  readonly #machine: DiskMachine
  readonly #troubles: DiskTroubles
  #user: DiskUser | null = null
  #hasRefused = false
  #hasFailed = false
  #isWriting = false
  #busyUntilMs = 0
  readonly #levels = new Map<Database, () => unknown>()
  /** What a commit is doing while its process dies. */
  #underWay: (Change & { readonly file: string }) | null = null
  /** What is safe of files whose last commits were not synchronised. */
  #safe = new Map<string, FileImage>()
  /** What the kernel takes for written though its synchronisation failed: a power cut takes it back. */
  #unwritten = new Map<string, Change[]>()

  constructor(random: Random, faults: DiskFaults, machine: DiskMachine) {
    this.#random = random
    this.#machine = machine
    this.#troubles = new DiskTroubles(random, faults, machine.nowMs(), machine.faults)
  }

  /** Whether the process at work was refused a write, be it for want of room. */
  get hasRefused(): boolean {
    return this.#hasRefused
  }

  /** Whether it was given an error that no room can help. */
  get hasFailed(): boolean {
    return this.#hasFailed
  }

  /** Whether the process is in the middle of a commit, or just before or after it. */
  get isWriting(): boolean {
    return this.#isWriting
  }

  /** How long whoever wrote last still waits for it. */
  get busyMs(): number {
    return Math.max(0, this.#busyUntilMs - this.#machine.nowMs())
  }

  /** A process starts: the disk as it is seen by this one. */
  serve(user: DiskUser): SimulatedDisk {
    this.#user = user
    this.#hasRefused = false
    this.#hasFailed = false
    this.#isWriting = false
    this.#busyUntilMs = 0
    this.#levels.clear()
    return { write: (db, what, run) => this.#write(user, db, what, run) }
  }

  /** Whether nothing goes wrong any more. */
  get isHealed(): boolean {
    return this.#troubles.isHealed
  }

  /** Nothing goes wrong any more. */
  heal(): void {
    this.#troubles.heal()
  }

  /** Other files are put into `folder`: nothing is known of those that were there. */
  forget(folder: string): void {
    const others = <Value>(files: ReadonlyMap<string, Value>): Map<string, Value> =>
      new Map([...files].filter(([file]) => !file.startsWith(join(folder, '/'))))
    this.#safe = others(this.#safe)
    this.#unwritten = others(this.#unwritten)
  }

  /** The process is gone. Copies what is left of `from` to `to`; with the power what was not synchronised goes too. */
  leave(from: string, to: string, powerGoes: boolean): void {
    copyCrashImage(from, to)
    for (const name of readdirSync(from)
      .filter((entry) => entry.endsWith('.db'))
      .toSorted()) {
      const image = this.#leftOf(join(from, name), powerGoes)
      if (image !== null) writeFileImage(join(to, name), image)
    }
    const moved = <Value>(files: ReadonlyMap<string, Value>): Map<string, Value> =>
      new Map(powerGoes ? [] : [...files].map(([file, value]): [string, Value] => [file.replace(from, to), value]))
    this.#safe = moved(this.#safe)
    this.#unwritten = moved(this.#unwritten)
    this.#underWay = null
    this.#user = null
  }

  #write(user: DiskUser, db: Database, what: DiskWrite, run: () => void): void {
    user.touched(`makes SQLite write (${what})`)
    // What a dead process still does in the step in which it died goes into a folder that nobody reads any more.
    if (user !== this.#user || !user.alive) return run()
    if (what === 'opening') return this.#open(user, run)
    const nowMs = this.#machine.nowMs()
    if (this.#troubles.powerFails(nowMs)) this.#machine.powerFails(1 + this.#random.below(3))
    this.#maybeRefuse(db, what, run, nowMs)
    const tookMs = this.#troubles.tookMs(nowMs)
    this.#busyUntilMs = Math.max(this.#busyUntilMs, nowMs) + tookMs
    this.#isWriting = true
    this.#writeAndCall(user, db, run)
    this.#isWriting = false
    if (!user.alive) return
    // Written again and waited for: nothing of it is in the hands of the kernel alone any more.
    if (what === 'log') this.#unwritten.delete(db.name)
    if (what === 'checkpoint') this.#machine.settled()
  }

  #open(user: DiskUser, run: () => void): void {
    user.called('opens a file')
    run()
    user.called('has opened a file')
  }

  /** The process may die before the write, within it or after it. */
  #writeAndCall(user: DiskUser, db: Database, run: () => void): void {
    user.called('is about to commit')
    if (user.callsLeft === 1) {
      const before = readFileImage(db.name)
      run()
      this.#underWay = { file: db.name, before, after: readFileImage(db.name) }
    } else if (user.alive) this.#complete(db, run)
    else run()
    user.called('commits')
    user.called('has committed')
  }

  #maybeRefuse(db: Database, what: DiskWrite, run: () => void, nowMs: number): void {
    const trouble = this.#troubles.at(nowMs)
    if (trouble === null) return
    this.#machine.note(`${what} fails: ${trouble}`)
    this.#hasRefused = true
    if (trouble === 'disk-full') throw diskError('SQLITE_FULL')
    this.#hasFailed = true
    if (trouble === 'write-error') throw diskError('SQLITE_IOERR_WRITE')
    // The log may hold the commit all the same; the kernel then believes that it is on the disk, and it is not.
    if (what === 'commit' && this.#random.below(2) === 0) {
      const before = readFileImage(db.name)
      run()
      const change = { before, after: readFileImage(db.name) }
      this.#unwritten.set(db.name, [...(this.#unwritten.get(db.name) ?? []), change])
    }
    this.#machine.inDoubt()
    throw diskError('SQLITE_IOERR_FSYNC')
  }

  #complete(db: Database, run: () => void): void {
    const isSafe = this.#levelOf(db) === fullSynchronous
    if (!isSafe && !this.#safe.has(db.name)) this.#safe.set(db.name, readFileImage(db.name))
    run()
    if (isSafe) this.#safe.delete(db.name)
  }

  /** The level as it is now, which may be another one than at the opening. */
  #levelOf(db: Database): unknown {
    let level = this.#levels.get(db)
    if (level === undefined) {
      const statement = db.prepare('PRAGMA synchronous').pluck()
      level = () => statement.get()
      this.#levels.set(db, level)
    }
    return level()
  }

  #leftOf(file: string, powerGoes: boolean): FileImage | null {
    const change = this.#underWay?.file === file ? this.#underWay : null
    if (!powerGoes)
      return change === null ? null : imageAfterKill(this.#random, writeStages(change.before, change.after))
    const safe = this.#safe.get(file)
    const now = change?.after ?? readFileImage(file)
    const stages = safe !== undefined ? [{ from: safe, to: now }] : writeStages(change?.before ?? now, now)
    const left = imageAfterPowerCut(this.#random, stages) ?? now
    let { log } = left
    for (const { before, after } of (this.#unwritten.get(file) ?? []).toReversed()) {
      if (!beginsAnew(after.log, log)) log = takenBack(log, before.log, after.log)
    }
    return { ...left, log }
  }
}
