import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { seededRandom } from '@meterline/shared/base/random.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import { temporaryDisk } from '@meterline/shared/sqlite/simulated-disk.ts'
import { trustedAgentId, trustedTenantId } from '@meterline/shared/units/ids.ts'
import type { AgentConfigInput } from '@meterline/agent/config.ts'
import { recoverJournal } from '@meterline/agent/flow/recover-journal.ts'
import type { ReceivedPoint } from '@meterline/agent/flow/recover-start.ts'
import type { FaultPlan } from '../faults/fault-plan.ts'
import { AgentNode } from './agent-node.ts'
import type { IntakeTampering } from './agent-node.ts'
import type { LinkTampering } from './connection.ts'
import type { Door, DoorClient, DoorConnection } from './device.ts'
import { linkObserver } from './link-observer.ts'
import { EdgeLink } from './link.ts'
import type { Accept } from './link.ts'
import type { Surroundings } from './surroundings.ts'
import { drawMachine } from './draw-machine.ts'
import type { MachineClock } from './virtual-clock.ts'

/** A machine that runs as the agent of a site, with its way to the aggregator. */
interface Box {
  readonly node: AgentNode
  readonly link: EdgeLink
  readonly machine: MachineClock
}

/** What all boxes of a site have in common. */
export interface SiteOptions {
  readonly agent: string
  readonly tenant: string
  readonly signingPem: string
  readonly config: Omit<AgentConfigInput, 'dataDirectory'>
  /** Another cap of the outbox than a config may set; null: the config's. */
  readonly outboxBytes: number | null
  readonly clocks: Random
  readonly accept: Accept
  readonly link?: LinkTampering
  readonly intake?: (agent: string) => IntakeTampering
}

/** The disk of a box as it was at some moment, and what the box had acknowledged by then. */
interface DiskImage {
  readonly folder: string
  readonly acknowledged: ReadonlySet<number>
}

const backInServiceMs = 10_000

/**
 * Where devices find one agent: one box that runs as it. People can make two histories of it: copy the disk of the box
 * into another one, which then runs beside it as the same agent, or throw the box back to an image of before. It ends
 * with a new epoch and one journal, recovered from whatever disks there are.
 */
export class AgentSite implements Door {
  readonly agent: string
  readonly main: Box
  readonly #world: Surroundings
  readonly #faults: FaultPlan
  readonly #options: SiteOptions
  readonly #random: Random
  #clone: Box | null = null
  #image: DiskImage | null = null
  #epoch = 1
  #hasTwoHistories = false

  constructor(world: Surroundings, faults: FaultPlan, options: SiteOptions) {
    this.agent = options.agent
    this.#world = world
    this.#faults = faults
    this.#options = options
    this.#random = seededRandom(`${world.seed} site ${this.agent}`)
    this.main = this.#box(this.agent)
  }

  get links(): readonly EdgeLink[] {
    return this.#clone === null ? [this.main.link] : [this.main.link, this.#clone.link]
  }

  /** Whether the aggregator and its devices may have met two histories of this agent since its epoch began. */
  get hasTwoHistories(): boolean {
    return this.#hasTwoHistories
  }

  /** A device knocks: with two boxes, nobody knows which one answers. */
  open(device: string, client: DoorClient): DoorConnection | null {
    const clone = this.#clone
    const box = clone !== null && this.#random.below(2) === 0 ? clone : this.main
    return box.node.open(device, client)
  }

  /** Somebody copies the disk and puts it into another machine, which begins to work. */
  cloneBox(): void {
    if (this.#clone !== null) return
    const name = `${this.agent}-copy`
    const { oracle, faults } = this.#world
    oracle.journals.runsAs(name, this.agent)
    this.#clone = this.#box(name)
    const image = join(this.#world.folder, `copied-${this.agent}`)
    this.main.node.copyDisk(image)
    this.#clone.node.insertDisk(image, this.#epoch)
    this.#twoHistories()
    faults.add('agent-cloned')
    this.#clone.node.start()
  }

  /** Somebody makes an image of the disk, for a rainy day. */
  takeImage(): void {
    const folder = join(this.#world.folder, `image-${this.agent}`)
    this.main.node.copyDisk(folder)
    this.#image = { folder, acknowledged: this.#world.published.acknowledgedBy(this.agent) }
  }

  /** Somebody puts the image back: what the box took in since, and had not sent, is lost, and by his hand. */
  throwBack(): void {
    const image = this.#image
    if (image === null) return
    const { queue, oracle, faults } = this.#world
    const { node } = this.main
    node.crash(null, true)
    this.#world.afterStep(() => {
      node.insertDisk(image.folder, this.#epoch)
      const why = `${this.agent} was thrown back to an image of its disk`
      oracle.thrownBack(this.agent, join(image.folder, 'journal.db'), image.acknowledged, why)
    })
    this.#twoHistories()
    faults.add('agent-thrown-back')
    queue.at(queue.nowMs + backInServiceMs, this.agent, 'is back in service', () => node.start())
  }

  /** Takes every box out of service, so that what is on their disks can be salvaged. */
  stopBoxes(): void {
    for (const box of this.#boxes()) {
      box.node.spare()
      box.node.crash(null, true)
    }
  }

  /**
   * Begins the given epoch with one journal that has all that any of the boxes has and the aggregator has not; the copy is
   * scrapped. `received`: what the aggregator has of the epoch before; nothing where nobody has looked.
   */
  recover(epoch: number, received: readonly ReceivedPoint[]): void {
    const { findings, oracle, published, queue, trace } = this.#world
    const { agent, tenant } = this.#options
    const target = join(this.#world.folder, `recovered-${this.agent}-${epoch}`)
    const sources = this.#boxes().map(({ node }, index) => {
      const folder = join(this.#world.folder, `salvage-${this.agent}-${epoch}-${index}`)
      node.copyDisk(folder)
      return join(folder, 'journal.db')
    })
    mkdirSync(target)
    const recovered = recoverJournal({
      dataDirectoryJournal: join(target, 'journal.db'),
      sources,
      identity: { tenant: trustedTenantId(tenant), agent: trustedAgentId(agent), epoch },
      received,
      nowMs: queue.nowMs,
      by: 'the operator',
      disk: temporaryDisk,
    })
    if (!recovered.ok) return findings.add('I18', `${agent} cannot be recovered: ${recovered.fault.message}`)
    for (const { what, which, why } of recovered.value.lost)
      findings.add('I7', `recovering ${agent} from healthy disks loses ${what} ${which}: ${why}`)
    const units = recovered.value.sources.map((source) => `${source.units} units`)
    trace.note(queue.nowMs, agent, `is recovered for epoch ${epoch} with ${units.join(' and ')}`)
    published.recovered(sources.length)
    if (this.#clone !== null) oracle.journals.answersFor(agent, this.#clone.node.agent)
    this.#clone = null
    oracle.accusations.upTo(agent, this.#epoch)
    this.#epoch = epoch
    this.#hasTwoHistories = false
    this.main.node.insertDisk(target, epoch)
    this.main.node.inspect()
    this.main.node.start()
  }

  /** The site was given a new disk and epoch in another way. */
  beginsEpoch(epoch: number): void {
    this.#epoch = epoch
  }

  #twoHistories(): void {
    this.#hasTwoHistories = true
    this.#world.oracle.accusations.upTo(this.agent, this.#epoch)
  }

  #boxes(): readonly Box[] {
    return this.#clone === null ? [this.main] : [this.main, this.#clone]
  }

  #box(name: string): Box {
    const { agent, config, outboxBytes, signingPem, clocks, accept, intake } = this.#options
    const { seed, queue } = this.#world
    const link = new EdgeLink({
      agent,
      queue,
      random: seededRandom(`${seed} link ${name}`),
      faults: this.#faults.link,
      observer: linkObserver(this.#world, name, agent),
      accept,
      ...(this.#options.link === undefined ? {} : { tampering: this.#options.link }),
    })
    const machine = drawMachine(this.#world, clocks)
    const node = new AgentNode(this.#world, {
      agent: name,
      machine,
      faults: this.#faults.machine,
      disk: this.#faults.disk,
      link,
      config,
      outboxBytes,
      signingPem,
      ...(intake === undefined ? {} : { tamper: intake(agent) }),
    })
    return { node, link, machine }
  }
}
