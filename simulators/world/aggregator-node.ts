import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Fault } from '@meterline/shared/base/errors.ts'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { openSigningKey } from '@meterline/shared/integrity/signature.ts'
import type { AggregatorMessage } from '@meterline/shared/wire/messages.ts'
import { composeAggregator } from '@meterline/aggregator/compose.ts'
import type { RunningAggregator } from '@meterline/aggregator/compose.ts'
import { copyCrashImage, removeFolder } from '../faults/crash-image.ts'
import type { MachineFaults } from '../faults/fault-plan.ts'
import type { AcceptedSession, Answer } from './connection.ts'
import { lateness, MortalClock, mortalRandom, ProcessLife } from './process-life.ts'
import type { Surroundings } from './surroundings.ts'
import { ProcessClock } from './virtual-clock.ts'
import type { MachineClock } from './virtual-clock.ts'

const name = 'aggregator'

/** The aggregator's machine: one process at a time, and the files that outlive it. */
export class AggregatorNode {
  readonly #world: Surroundings
  readonly #machine: MachineClock
  readonly #faults: MachineFaults
  readonly #tenant: string
  readonly #signingPem: string
  readonly #onUp: () => void
  readonly #onDeath: (withMachine: boolean) => void
  #life: ProcessLife | null = null
  #running: RunningAggregator | null = null
  #lives = 0
  #withMachine = false
  #watched = false
  #folder: string

  constructor(
    world: Surroundings,
    options: {
      machine: MachineClock
      faults: MachineFaults
      tenant: string
      signingPem: string
      onUp: () => void
      onDeath: (withMachine: boolean) => void
    },
  ) {
    this.#world = world
    this.#machine = options.machine
    this.#faults = options.faults
    this.#tenant = options.tenant
    this.#signingPem = options.signingPem
    this.#onUp = options.onUp
    this.#onDeath = options.onDeath
    this.#folder = join(world.folder, 'aggregator-0')
  }

  /** The process at work; null while there is none. */
  get running(): RunningAggregator | null {
    return this.#running
  }

  /** The tenant's database file of the process at work. */
  get file(): string {
    return join(this.#folder, `${this.#tenant}.db`)
  }

  start(): void {
    if (this.#life?.alive === true) return
    const { queue, seed, trace } = this.#world
    this.#lives += 1
    const clock = new ProcessClock(this.#machine, queue, name)
    const life: ProcessLife = new ProcessLife((insideAStep) => this.#died(clock, insideAStep))
    this.#life = life
    trace.note(queue.nowMs, name, `starts (life ${this.#lives})`)
    const parts = {
      dataDirectory: this.#folder,
      signingKey: openSigningKey(this.#signingPem),
      clock: new MortalClock(clock, life, lateness(seededRandom(`${seed} late ${name} ${this.#lives}`), this.#faults)),
      random: mortalRandom(seededRandom(`${seed} ${name} ${this.#lives}`), life),
      log: silentLog(),
      temporaryDisk: true,
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
          life.called()
          if (life.alive) answer.send(message)
        },
        close: (fault: Fault) => {
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

  /** The crash that was announced does not come. */
  spare(): void {
    this.#life?.dieAtCall(null)
  }

  /** The tenant's file is made by the first apply; from then on the oracle follows it. */
  letOracleWatch(): void {
    if (this.#watched || !existsSync(this.file)) return
    this.#watched = true
    this.#world.oracle.watch(this.file)
  }

  #died(clock: ProcessClock, insideAStep: boolean): void {
    const { queue, trace, counts, oracle } = this.#world
    trace.note(queue.nowMs, name, insideAStep ? 'crashes in the middle of a step' : 'crashes')
    if (insideAStep) counts.crashesInsideAStep += 1
    counts.aggregatorCrashes += 1
    clock.kill()
    const left = this.#folder
    this.#folder = join(this.#world.folder, `aggregator-${this.#lives}`)
    copyCrashImage(left, this.#folder)
    const running = this.#running
    this.#running = null
    oracle.unwatch()
    this.#watched = false
    this.#onDeath(this.#withMachine)
    this.#world.afterStep(() => {
      running?.kill()
      removeFolder(left)
    })
  }
}
