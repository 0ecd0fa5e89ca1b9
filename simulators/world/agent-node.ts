import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { composeAgent } from '@meterline/agent/compose.ts'
import type { RunningAgent } from '@meterline/agent/compose.ts'
import { agentConfig } from '@meterline/agent/config.ts'
import type { AgentConfigInput } from '@meterline/agent/config.ts'
import type { Acknowledger, Intake } from '@meterline/agent/flow/ports.ts'
// Loaded here so that composing an agent inside the world finds it in memory and waits for no file.
import '@meterline/agent/writer/inline.ts'
import { copyCrashImage, removeFolder } from '../faults/crash-image.ts'
import type { MachineFaults } from '../faults/fault-plan.ts'
import type { AgentImage } from '../oracle/agent-image.ts'
import type { Publish } from '../oracle/published.ts'
import type { Door, DoorClient, DoorConnection } from './device.ts'
import type { EdgeLink } from './link.ts'
import { lateness, MortalClock, mortalRandom, ProcessLife } from './process-life.ts'
import type { Surroundings } from './surroundings.ts'
import { ProcessClock } from './virtual-clock.ts'
import type { MachineClock } from './virtual-clock.ts'

/** Lets a test plant a defect between the doors and the agent. */
export type IntakeTampering = (intake: Intake) => Intake

/** The machine of one agent: one process at a time, the journal that outlives it, and its door for devices. */
export class AgentNode implements Door {
  readonly agent: string
  readonly #world: Surroundings
  readonly #machine: MachineClock
  readonly #faults: MachineFaults
  readonly #link: EdgeLink
  #config: Omit<AgentConfigInput, 'dataDirectory'>
  readonly #outboxBytes: number | null
  readonly #signingPem: string
  readonly #tamper: IntakeTampering
  #life: ProcessLife | null = null
  #running: RunningAgent | null = null
  #intake: Intake | null = null
  #lives = 0
  #folder: string
  #connections = new Set<Connection>()
  #withMachine = false

  constructor(
    world: Surroundings,
    options: {
      agent: string
      machine: MachineClock
      faults: MachineFaults
      link: EdgeLink
      config: Omit<AgentConfigInput, 'dataDirectory'>
      /** Another cap of the outbox than a config may set; null: the config's. */
      outboxBytes: number | null
      signingPem: string
      tamper?: IntakeTampering
    },
  ) {
    this.agent = options.agent
    this.#world = world
    this.#machine = options.machine
    this.#faults = options.faults
    this.#link = options.link
    this.#config = options.config
    this.#outboxBytes = options.outboxBytes
    this.#signingPem = options.signingPem
    this.#tamper = options.tamper ?? ((intake) => intake)
    this.#folder = join(world.folder, `${this.agent}-0`)
  }

  get alive(): boolean {
    return this.#life?.alive === true
  }

  get running(): RunningAgent | null {
    return this.#running
  }

  start(): void {
    if (this.alive) return
    const { queue, seed, trace, counts, findings } = this.#world
    this.#lives += 1
    const clock = new ProcessClock(this.#machine, queue, this.agent)
    const life: ProcessLife = new ProcessLife((insideAStep) => this.#died(clock, insideAStep))
    this.#life = life
    trace.note(queue.nowMs, this.agent, `starts (life ${this.#lives}, boot ${clock.bootId.slice(0, 4)})`)
    mkdirSync(this.#folder, { recursive: true })
    const openUplink = this.#link.opener(() => life.alive)
    const config = agentConfig({ ...this.#config, dataDirectory: this.#folder })
    const starting = composeAgent({
      config:
        this.#outboxBytes === null
          ? config
          : { ...config, limits: { ...config.limits, outboxBytes: this.#outboxBytes } },
      clock: new MortalClock(
        clock,
        life,
        lateness(seededRandom(`${seed} late ${this.agent} ${this.#lives}`), this.#faults),
      ),
      random: mortalRandom(seededRandom(`${seed} ${this.agent} ${this.#lives}`), life),
      log: silentLog(),
      openUplink: (handlers) => {
        const link = openUplink(handlers)
        return {
          send: (message) => {
            life.called()
            return link.send(message)
          },
          close: () => link.close(),
        }
      },
      writer: 'inline',
      journalFile: this.#journal,
      temporaryDisk: true,
      signingKeyPem: this.#signingPem,
    }).then(
      (running) => {
        if (!life.alive) return running.kill()
        this.#running = running
        this.#intake = this.#tamper(running.intake)
        this.#intake.onRoom(() => {
          if (life.alive) for (const connection of this.#connections) connection.pump()
        })
        this.#intake.onReject(({ device, code, eventId }) => {
          if (!life.alive) return
          counts.rejects += 1
          trace.note(queue.nowMs, this.agent, `rejects ${eventId ?? 'an event'} of ${device}: ${code}`)
        })
        running.onFailure((fault) => {
          if (life.alive) findings.add('world', `${this.agent} gave up: ${fault.message}`)
        })
      },
      (error: unknown) => {
        if (life.alive) findings.add('world', `${this.agent} does not start: ${String(error)}`)
      },
    )
    this.#world.starting(starting)
  }

  open(device: string, client: DoorClient): DoorConnection | null {
    const life = this.#life
    const intake = this.#intake
    if (life === null || !life.alive || intake === null) return null
    const connection = new Connection(this.#world, this.agent, device, client, intake, life)
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
    this.#config = { ...this.#config, epoch }
    this.#world.trace.note(this.#world.queue.nowMs, this.agent, `gets a new disk for epoch ${epoch}`)
  }

  /** The crash that was announced does not come. */
  spare(): void {
    this.#life?.dieAtCall(null)
  }

  /** Lets the oracle look into a copy of the journal as it is now. */
  inspect(): AgentImage | null {
    const copy = join(this.#world.folder, `look-${this.agent}`)
    copyCrashImage(this.#folder, copy)
    const image = this.#world.oracle.lookInto(this.agent, join(copy, 'journal.db'))
    removeFolder(copy)
    return image
  }

  get #journal(): string {
    return join(this.#folder, 'journal.db')
  }

  #died(clock: ProcessClock, insideAStep: boolean): void {
    const { queue, trace, counts } = this.#world
    trace.note(queue.nowMs, this.agent, insideAStep ? 'crashes in the middle of a step' : 'crashes')
    if (insideAStep) counts.crashesInsideAStep += 1
    counts.agentCrashes += 1
    clock.kill()
    const left = this.#folder
    this.#folder = join(this.#world.folder, `${this.agent}-${this.#lives}`)
    copyCrashImage(left, this.#folder)
    this.#link.agentDied(this.#withMachine)
    const connections = this.#connections
    this.#connections = new Set()
    for (const connection of connections) connection.end()
    const running = this.#running
    this.#running = null
    this.#intake = null
    this.#world.afterStep(() => {
      running?.kill()
      removeFolder(left)
      this.inspect()
    })
  }
}

/** One device's connection: what arrives is submitted in order, and PUBACKs go out when the agent says flush. */
class Connection implements DoorConnection, Acknowledger {
  readonly #world: Surroundings
  readonly #agent: string
  readonly #device: string
  readonly #client: DoorClient
  readonly #intake: Intake
  readonly #life: ProcessLife
  readonly #unread: { readonly publish: Publish; readonly token: number }[] = []
  readonly #submitted = new Map<number, Publish>()
  #settled: number[] = []
  #open = true

  constructor(
    world: Surroundings,
    agent: string,
    device: string,
    client: DoorClient,
    intake: Intake,
    life: ProcessLife,
  ) {
    this.#world = world
    this.#agent = agent
    this.#device = device
    this.#client = client
    this.#intake = intake
    this.#life = life
  }

  publish(publish: Publish, token: number): void {
    if (!this.#open || !this.#life.alive) return
    this.#unread.push({ publish, token })
    this.pump()
  }

  /** Submits what was read until the intake takes no more. */
  pump(): void {
    const { counts, published, trace, queue } = this.#world
    while (this.#open && this.#life.alive) {
      const next = this.#unread[0]
      if (next === undefined) return
      const { publish, token } = next
      this.#submitted.set(token, publish)
      if (!this.#intake.submit(this.#device, publish.kind, publish.payload, this, token)) {
        this.#submitted.delete(token)
        counts.notTaken += 1
        return
      }
      this.#unread.shift()
      counts.submissions += 1
      published.submitted(publish.index, this.#agent)
      trace.note(queue.nowMs, this.#agent, `takes publish ${publish.index} of ${this.#device}`)
    }
  }

  settled(token: number, outcome: 'stored' | 'unavailable'): void {
    this.#life.called()
    if (!this.#life.alive) return
    const publish = this.#submitted.get(token)
    if (publish === undefined)
      return this.#world.findings.add('world', `${this.#agent} settles what was not submitted to it`)
    this.#submitted.delete(token)
    const { counts, published, trace, queue } = this.#world
    trace.note(queue.nowMs, this.#agent, `says ${outcome} to publish ${publish.index} of ${this.#device}`)
    if (outcome === 'stored') {
      counts.acknowledgements += 1
      published.acknowledged(publish.index, this.#agent)
      this.#settled.push(token)
      return
    }
    counts.unavailable += 1
    this.end()
  }

  flush(): void {
    this.#life.called()
    if (!this.#life.alive || !this.#open) return
    for (const token of this.#settled.splice(0)) this.#client.puback(token)
  }

  /** The device leaves; what it submitted is still taken in. */
  close(): void {
    this.#open = false
    this.#unread.length = 0
  }

  /** The connection is gone, and the device hears of it. */
  end(): void {
    if (!this.#open) return
    this.close()
    this.#client.closed()
  }
}
