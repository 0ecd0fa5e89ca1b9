import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Fault } from '@meterline/shared/base/errors.ts'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import { openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { SigningKey } from '@meterline/shared/integrity/signature.ts'
import type { AggregatorMessage } from '@meterline/shared/wire/messages.ts'
import { composeAggregator } from '@meterline/aggregator/compose.ts'
import type { RunningAggregator } from '@meterline/aggregator/compose.ts'
import { removeFolder } from '../faults/crash-image.ts'
import type { DiskFaults } from '../faults/disk-faults.ts'
import { MachineDisk } from '../faults/disk/machine-disk.ts'
import { happens } from '../faults/fault-plan.ts'
import type { MachineFaults } from '../faults/fault-plan.ts'
import { BooksDamage } from './books-damage.ts'
import type { AcceptedSession, Answer } from './connection.ts'
import { lateness, MortalClock, mortalRandom, ProcessLife } from './process-life.ts'
import type { Ending } from './process-life.ts'
import type { Surroundings } from './surroundings.ts'
import { ProcessClock } from './virtual-clock.ts'
import type { MachineClock } from './virtual-clock.ts'

const name = 'aggregator'
/** So few keys in memory that runs are written and merged under the light traffic of a simulated hour. */
const memtableKeys = 128
/** Signed heads of the log are half of all that is said while they come every second: not all runs need that many. */
const checkpointPausesMs = [1_000, 30_000, 120_000] as const

/** The aggregator's machine: one process at a time, and the files that outlive it. */
export class AggregatorNode {
  readonly #world: Surroundings
  readonly #machine: MachineClock
  readonly #faults: MachineFaults
  readonly #diskFaults: DiskFaults
  readonly #random: Random
  readonly #disk: MachineDisk
  readonly #damage: BooksDamage
  readonly #tenant: string
  readonly #signingPem: string
  readonly #checkpointEveryMs: number
  readonly #onUp: () => void
  readonly #onDeath: (withMachine: boolean) => void
  #life: ProcessLife | null = null
  #running: RunningAggregator | null = null
  #lives = 0
  #held = false
  #withMachine = false
  #ending: Ending = 'crash'
  #watched = false
  /** A commit failed, and whether it is there nobody knows before the file is opened again. */
  #inDoubt = false
  #folder: string

  constructor(
    world: Surroundings,
    options: {
      machine: MachineClock
      faults: MachineFaults
      disk: DiskFaults
      tenant: string
      signingPem: string
      /** The books are damaged: has a backup take their place, or says that none can. */
      restoresBooks: () => boolean
      onUp: () => void
      onDeath: (withMachine: boolean) => void
    },
  ) {
    this.#world = world
    this.#machine = options.machine
    this.#faults = options.faults
    this.#diskFaults = options.disk
    this.#random = seededRandom(`${world.seed} machine ${name}`)
    this.#disk = new MachineDisk(seededRandom(`${world.seed} disk ${name}`), options.disk, {
      nowMs: () => world.queue.nowMs,
      note: (what) => world.trace.note(world.queue.nowMs, name, what),
      faults: world.faults,
      powerFails: (calls) => this.#powerFails(calls),
      inDoubt: () => this.#lookAway(),
      settled: () => this.#settled(),
    })
    this.#tenant = options.tenant
    const { publicKeyBase64 } = openSigningKey(options.signingPem)
    const random = seededRandom(`${world.seed} damage ${name}`)
    this.#damage = new BooksDamage(world, options.tenant, publicKeyBase64, random, options.restoresBooks)
    this.#signingPem = options.signingPem
    this.#checkpointEveryMs = checkpointPausesMs[seededRandom(`${world.seed} checkpoints`).below(3)] ?? 1_000
    this.#onUp = options.onUp
    this.#onDeath = options.onDeath
    this.#folder = join(world.folder, 'aggregator-0')
  }

  /** The process at work; null while there is none. */
  get running(): RunningAggregator | null {
    return this.#running
  }

  /** Whether no process at work is kept waiting by its disk: after errors of it the books are opened again a while later. */
  isServing(tenant: string): boolean {
    return this.#running === null || this.#running.commands.dispositions(tenant, []).ok
  }

  /** The tenant's database file of the process at work. */
  get file(): string {
    return join(this.#folder, `${this.#tenant}.db`)
  }

  get tenant(): string {
    return this.#tenant
  }

  /** Where its files are; another folder after each end of a process. */
  get dataDirectory(): string {
    return this.#folder
  }

  get signingKey(): SigningKey {
    return openSigningKey(this.#signingPem)
  }

  /** Nobody starts it before it is released: people are at its files. */
  hold(): void {
    this.#held = true
  }

  release(): void {
    this.#held = false
    this.start()
  }

  start(): void {
    if (this.#life?.alive === true || this.#held) return
    const { queue, seed, trace } = this.#world
    this.#lives += 1
    const clock = new ProcessClock(this.#machine, queue, name)
    const named = `${name} (life ${this.#lives})`
    const life: ProcessLife = new ProcessLife(
      (insideAStep) => this.#died(clock, life, insideAStep),
      (call) => this.#world.findings.add('world', `${named} is dead and ${call}`),
    )
    this.#life = life
    this.#ending = 'crash'
    const disk = this.#disk.serve(life)
    trace.note(queue.nowMs, name, `starts (life ${this.#lives})`)
    const parts = {
      dataDirectory: this.#folder,
      signingKey: openSigningKey(this.#signingPem),
      clock: new MortalClock(
        clock,
        life,
        lateness(seededRandom(`${seed} late ${name} ${this.#lives}`), this.#faults, this.#world.faults),
        () => this.#disk.busyMs,
      ),
      random: mortalRandom(seededRandom(`${seed} ${name} ${this.#lives}`), life),
      log: silentLog(),
      disk,
      limits: { keyMemtableKeys: memtableKeys, checkpointEveryMs: this.#checkpointEveryMs },
    }
    const starting = composeAggregator(parts).then(
      (running) => {
        if (!life.alive) return running.kill()
        this.#running = running
        this.letOracleWatch()
        this.#onUp()
      },
      (error: unknown) => {
        if (life.alive) this.#world.findings.add('world', `the aggregator does not start: ${String(error)}`)
      },
    )
    this.#world.starting(starting)
  }

  /** Takes a connection of an agent; null while no process listens. */
  accept(agent: string, answer: Answer): AcceptedSession | null {
    const running = this.#running
    const life = this.#life
    if (running === null || life === null || !life.alive) return null
    const session = running.openEdgeSession(
      { tenant: this.#tenant, agent, address: `world/${agent}` },
      {
        send: (message: AggregatorMessage) => {
          life.called('sends a message')
          if (life.alive) answer.send(message)
        },
        close: (fault: Fault) => {
          life.touched('closes a session')
          if (life.alive) answer.close(fault)
        },
        pause: () => {
          if (life.alive) answer.pause()
        },
        resume: () => {
          if (life.alive) answer.resume()
        },
      },
    )
    return {
      onMessage: (message) => {
        if (life.alive) session.onMessage(message)
      },
      onClosed: () => {
        if (life.alive) session.onClosed()
      },
    }
  }

  /** Kills the process now, or at its `calls`-th call to the outside; with its machine nobody resets its connections. */
  crash(calls: number | null, withMachine: boolean): void {
    this.#withMachine = withMachine
    if (calls === null) this.#life?.die()
    else this.#life?.dieAtCall(calls)
  }

  /** The crash that was announced does not come, and nothing happens to its disk any more. */
  spare(): void {
    this.#life?.dieAtCall(null)
    this.#disk.heal()
  }

  /** The tenant's file is made by the first apply; from then on the oracle follows it. */
  letOracleWatch(): void {
    if (this.#watched || this.#inDoubt || !existsSync(this.file)) return
    this.#watched = true
    this.#world.oracle.watch(this.file)
  }

  /** What was refused may be there or not, and both are right: nobody judges the file before it was opened again. */
  #lookAway(): void {
    this.#world.oracle.unwatch()
    this.#watched = false
    this.#inDoubt = true
  }

  #settled(): void {
    if (!this.#inDoubt) return
    this.#inDoubt = false
    this.#world.afterStep(() => {
      if (this.#running !== null) this.letOracleWatch()
    })
  }

  /** Something may happen to the disk while nothing runs. */
  #maybeDamage(): void {
    const isUp = this.#life?.alive === true
    if (isUp || this.#disk.isHealed || !happens(this.#random, this.#diskFaults.damage) || !existsSync(this.file)) return
    this.#damage.strike(this.file)
  }

  #powerFails(calls: number): void {
    const { queue } = this.#world
    this.#ending = 'power cut'
    this.crash(calls, true)
    queue.at(queue.nowMs + 1000 + this.#random.below(30_000), name, 'is started again', () => this.start())
  }

  #died(clock: ProcessClock, life: ProcessLife, insideAStep: boolean): void {
    const { queue, trace, counts, oracle } = this.#world
    trace.note(queue.nowMs, name, insideAStep ? 'crashes in the middle of a step' : 'crashes')
    if (insideAStep) counts.crashesInsideAStep += 1
    counts.aggregatorCrashes += 1
    const powerGoes =
      this.#ending === 'power cut' || (this.#withMachine && happens(this.#random, this.#diskFaults.powerCuts))
    if (powerGoes) this.#world.faults.add('power-cut')
    else if (this.#disk.isWriting) this.#world.faults.add('crash-at-commit')
    else this.#world.faults.add(insideAStep ? 'crash-inside-a-step' : 'aggregator-crash')
    clock.kill()
    const left = this.#folder
    this.#folder = join(this.#world.folder, `aggregator-${this.#lives}`)
    this.#disk.leave(left, this.#folder, powerGoes)
    if (this.#ending === 'power cut')
      this.#machine.reboot(Buffer.from(this.#random.bytes(16)).toString('hex'), 'unsynced')
    const running = this.#running
    this.#running = null
    oracle.unwatch()
    this.#watched = false
    if (powerGoes) this.#inDoubt = false
    this.#onDeath(this.#withMachine)
    this.#world.afterStep(() => {
      running?.kill()
      life.bury()
      removeFolder(left)
      this.#maybeDamage()
    })
  }
}
