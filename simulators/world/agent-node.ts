import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fault, FaultError, type Fault } from '@meterline/shared/base/errors.ts'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import { composeAgent } from '@meterline/agent/compose.ts'
import type { RunningAgent } from '@meterline/agent/compose.ts'
import { agentConfig } from '@meterline/agent/config.ts'
import type { AgentConfigInput } from '@meterline/agent/config.ts'
import type { Intake } from '@meterline/agent/flow/ports.ts'
// Loaded here so that composing an agent inside the world finds it in memory and waits for no file.
import '@meterline/agent/writer/inline.ts'
import { copyCrashImage, removeFolder } from '../faults/crash-image.ts'
import type { DiskFaults } from '../faults/disk-faults.ts'
import { MachineDisk } from '../faults/disk/machine-disk.ts'
import { happens } from '../faults/fault-plan.ts'
import type { MachineFaults } from '../faults/fault-plan.ts'
import type { AgentImage } from '../oracle/agent-image.ts'
import type { Door, DoorClient, DoorConnection } from './device.ts'
import { IntakeConnection } from './intake-connection.ts'
import { JournalDamage } from './journal-damage.ts'
import type { EdgeLink } from './link.ts'
import { lateness, MortalClock, mortalRandom, mortalUplink, ProcessLife } from './process-life.ts'
import type { Ending } from './process-life.ts'
import type { Surroundings } from './surroundings.ts'
import { ProcessClock } from './virtual-clock.ts'
import type { MachineClock } from './virtual-clock.ts'

/** Lets a test plant a defect between the doors and the agent. */
export type IntakeTampering = (intake: Intake) => Intake

/** What makes the machine of an agent. */
export interface AgentNodeOptions {
  readonly agent: string
  readonly machine: MachineClock
  readonly faults: MachineFaults
  readonly disk: DiskFaults
  readonly link: EdgeLink
  readonly config: Omit<AgentConfigInput, 'dataDirectory'>
  /** Another cap of the outbox than a config may set; null: the config's. */
  readonly outboxBytes: number | null
  readonly signingPem: string
  readonly tamper?: IntakeTampering
}

/** The machine of one agent: one process at a time, the journal that outlives it, and its door for devices. */
export class AgentNode implements Door {
  readonly agent: string
  readonly #world: Surroundings
  readonly #options: AgentNodeOptions
  readonly #random: Random
  readonly #disk: MachineDisk
  readonly #damage: JournalDamage
  #config: Omit<AgentConfigInput, 'dataDirectory'>
  #life: ProcessLife | null = null
  #running: RunningAgent | null = null
  #intake: Intake | null = null
  #lives = 0
  #folder: string
  #connections = new Set<IntakeConnection>()
  #withMachine = false
  #ending: Ending = 'crash'

  constructor(world: Surroundings, options: AgentNodeOptions) {
    this.agent = options.agent
    this.#options = options
    this.#world = world
    this.#random = seededRandom(`${world.seed} machine ${options.agent}`)
    this.#disk = new MachineDisk(seededRandom(`${world.seed} disk ${options.agent}`), options.disk, {
      nowMs: () => world.queue.nowMs,
      note: (what) => world.trace.note(world.queue.nowMs, options.agent, what),
      faults: world.faults,
      powerFails: (calls) => this.#powerFails(calls),
      // Nobody looks into a journal at work; what is in doubt is settled before anything is sent again.
      inDoubt: () => undefined,
      settled: () => undefined,
    })
    this.#damage = new JournalDamage(world, options.agent, options.config.tenant)
    this.#config = options.config
    this.#folder = join(world.folder, `${this.agent}-0`)
  }

  get alive(): boolean {
    return this.#life?.alive === true
  }

  /** Whether nothing is wrong with its journal that anybody still has to put right. */
  get isSound(): boolean {
    return !this.#damage.isOpen
  }

  get running(): RunningAgent | null {
    return this.#running
  }

  start(): void {
    if (this.alive || this.#damage.isBeingRepaired) return
    if (this.#damage.isOpen && !this.#damage.takesAnotherTry()) return this.#repair()
    const { queue, seed, trace } = this.#world
    this.#lives += 1
    const clock = new ProcessClock(this.#options.machine, queue, this.agent)
    const named = `${this.agent} (life ${this.#lives})`
    const life: ProcessLife = new ProcessLife(
      (insideAStep) => this.#died(clock, life, insideAStep),
      (call) => this.#world.findings.add('world', `${named} is dead and ${call}`),
    )
    this.#life = life
    this.#ending = 'crash'
    const disk = this.#disk.serve(life)
    trace.note(queue.nowMs, this.agent, `starts (life ${this.#lives}, boot ${clock.bootId.slice(0, 4)})`)
    mkdirSync(this.#folder, { recursive: true })
    const config = agentConfig({ ...this.#config, dataDirectory: this.#folder })
    this.#world.oracle.caps.configured(this.agent, {
      outboxBytes: this.#options.outboxBytes ?? config.limits.outboxBytes,
      groupDeliveries: config.limits.groupDeliveries,
      groupBytes: config.limits.groupBytes,
    })
    const starting = composeAgent({
      config:
        this.#options.outboxBytes === null
          ? config
          : { ...config, limits: { ...config.limits, outboxBytes: this.#options.outboxBytes } },
      clock: new MortalClock(
        clock,
        life,
        lateness(seededRandom(`${seed} late ${this.agent} ${this.#lives}`), this.#options.faults, this.#world.faults),
        () => this.#disk.busyMs,
      ),
      random: mortalRandom(seededRandom(`${seed} ${this.agent} ${this.#lives}`), life),
      log: silentLog(),
      openUplink: mortalUplink(
        this.#options.link.opener(() => life.alive),
        life,
      ),
      writer: 'inline',
      journalFile: this.#journal,
      disk,
      signingKeyPem: this.#options.signingPem,
    }).then(
      (running) => this.#isUp(running, life),
      (error: unknown) => {
        if (life.alive) this.#gaveUp('does not start', faultOf(error), this.#disk.hasRefused)
      },
    )
    this.#world.starting(starting)
  }

  #isUp(running: RunningAgent, life: ProcessLife): void {
    if (!life.alive) return running.kill()
    const { queue, trace, counts } = this.#world
    this.#running = running
    this.#intake = this.#options.tamper?.(running.intake) ?? running.intake
    this.#intake.onRoom(() => {
      if (life.alive) for (const connection of this.#connections) connection.pump()
    })
    this.#intake.onReject(({ device, code, eventId }) => {
      if (!life.alive) return
      counts.rejects += 1
      trace.note(queue.nowMs, this.agent, `rejects ${eventId ?? 'an event'} of ${device}: ${code}`)
    })
    running.onFailure((cause) => {
      if (life.alive) this.#gaveUp('gives up', cause, this.#disk.hasFailed)
    })
  }

  open(device: string, client: DoorClient): DoorConnection | null {
    const life = this.#life
    const intake = this.#intake
    if (life === null || !life.alive || intake === null) return null
    const connection = new IntakeConnection(this.#world, this.agent, device, client, intake, life)
    this.#connections.add(connection)
    return connection
  }

  /** Kills the process now, or at its `calls`-th call to the outside; with its machine nobody resets its connections. */
  crash(calls: number | null, withMachine: boolean): void {
    this.#withMachine = withMachine
    if (calls === null) this.#life?.die()
    else this.#life?.dieAtCall(calls)
  }

  /** A new disk goes into the machine, which is down: the agent begins anew, in the epoch it was registered with. */
  replaceDisk(epoch: number): void {
    removeFolder(this.#folder)
    this.#disk.forget(this.#folder)
    this.#config = { ...this.#config, epoch }
    this.#world.trace.note(this.#world.queue.nowMs, this.agent, `gets a new disk for epoch ${epoch}`)
  }

  /** Copies what is on the disk now, as somebody does who makes an image of it. */
  copyDisk(to: string): void {
    removeFolder(to)
    copyCrashImage(this.#folder, to)
  }

  /** The disk of the machine, which is down, is written over with an image; it is for this epoch. */
  insertDisk(image: string, epoch: number): void {
    removeFolder(this.#folder)
    this.#disk.forget(this.#folder)
    copyCrashImage(image, this.#folder)
    this.#config = { ...this.#config, epoch }
  }

  /** The crash that was announced does not come, and nothing happens to its disk any more. */
  spare(): void {
    this.#life?.dieAtCall(null)
    this.#disk.heal()
    // Whoever looks after the machine examines its files at last, also where nothing runs just then.
    if (this.#damage.lookAfter() && this.alive) this.crash(null, false)
  }

  /** Lets the oracle look into a copy of the journal as it is now. */
  inspect(): AgentImage | null {
    if (this.#damage.isOpen) return null
    const copy = join(this.#world.folder, `look-${this.agent}`)
    copyCrashImage(this.#folder, copy)
    const image = this.#world.oracle.lookInto(this.agent, join(copy, 'journal.db'))
    removeFolder(copy)
    return image
  }

  get #journal(): string {
    return join(this.#folder, 'journal.db')
  }

  /** A process that was given an error by its disk ends, and whoever looks after the machine starts it again. */
  #gaveUp(what: string, { code, message }: Fault, isExcused: boolean): void {
    const { queue, trace, findings } = this.#world
    const isDamage = this.#damage.isOpen && code === 'journal_damaged'
    if (!isExcused && !isDamage) return findings.add('world', `${this.agent} ${what}: ${message}`)
    // Messages name files of this very run, which no trace may.
    trace.note(queue.nowMs, this.agent, `${what}: ${code}`)
    this.#ending = 'gave up'
    this.crash(null, false)
    this.#startLater()
  }

  #powerFails(calls: number): void {
    this.#ending = 'power cut'
    this.crash(calls, true)
    this.#startLater()
  }

  #startLater(): void {
    const { queue } = this.#world
    queue.at(queue.nowMs + 1000 + this.#random.below(30_000), this.agent, 'is started again', () => this.start())
  }

  #died(clock: ProcessClock, life: ProcessLife, insideAStep: boolean): void {
    const { queue, trace, counts } = this.#world
    trace.note(queue.nowMs, this.agent, insideAStep ? 'crashes in the middle of a step' : 'crashes')
    if (insideAStep) counts.crashesInsideAStep += 1
    counts.agentCrashes += 1
    const powerGoes =
      this.#ending === 'power cut' || (this.#withMachine && happens(this.#random, this.#options.disk.powerCuts))
    if (powerGoes) this.#world.faults.add('power-cut')
    else if (this.#disk.isWriting) this.#world.faults.add('crash-at-commit')
    else if (this.#ending === 'crash') this.#world.faults.add(insideAStep ? 'crash-inside-a-step' : 'agent-crash')
    clock.kill()
    const left = this.#folder
    this.#folder = join(this.#world.folder, `${this.agent}-${this.#lives}`)
    this.#disk.leave(left, this.#folder, powerGoes)
    if (this.#ending === 'power cut')
      this.#options.machine.reboot(Buffer.from(this.#random.bytes(16)).toString('hex'), 'unsynced')
    this.#options.link.agentDied(this.#withMachine)
    const connections = this.#connections
    this.#connections = new Set()
    for (const connection of connections) connection.end()
    const running = this.#running
    this.#running = null
    this.#intake = null
    this.#world.afterStep(() => {
      running?.kill()
      life.bury()
      removeFolder(left)
      this.#maybeDamage(this.inspect())
    })
  }

  /** Something may happen to the disk while nothing runs. */
  #maybeDamage(held: AgentImage | null): void {
    if (held === null || this.alive || this.#disk.isHealed || !happens(this.#random, this.#options.disk.damage)) return
    this.#damage.strike(this.#journal, held)
  }

  #repair(): void {
    const { findings } = this.#world
    this.#damage.repair(this.#journal, (epoch) => {
      if (findings.full) return
      this.#config = { ...this.#config, epoch }
      this.inspect()
      this.start()
    })
  }
}

function faultOf(error: unknown): Fault {
  return error instanceof FaultError ? error.fault : fault('unexpected', String(error))
}
