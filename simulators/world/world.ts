import { seededRandom } from '@meterline/shared/base/random.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import type { FaultPlan } from '../faults/fault-plan.ts'
import { happens } from '../faults/fault-plan.ts'
import type { AgentImage } from '../oracle/agent-image.ts'
import type { Publish } from '../oracle/published.ts'
import { RestoredBooks } from './actors/restored-books.ts'
import { RogueAgent } from './actors/rogue-agent.ts'
import { rogueName } from './actors/rogue-session.ts'
import type { AgentNode } from './agent-node.ts'
import type { IntakeTampering } from './agent-node.ts'
import { AgentSite } from './agent-site.ts'
import { AggregatorNode } from './aggregator-node.ts'
import { boxRules } from './box-payloads.ts'
import { Device } from './device.ts'
import { drawMachine } from './draw-machine.ts'
import type { LinkTampering } from './connection.ts'
import { Operator } from './operator.ts'
import { signingKeyFrom } from './signing-key.ts'
import type { StormyMachine } from './storm.ts'
import type { Surroundings } from './surroundings.ts'
import type { PlannedDevice, WorldTenant } from './tenant.ts'
import { Workload } from './workload.ts'

const dayMs = 86_400_000
/** Longest pause between attempts to connect: where links part for weeks, half a minute would be all that happens. */
const usualRetryMs = 30_000
const seldomRetryMs = 600_000
const agentNames = ['gw-1', 'gw-2', 'gw-3', 'gw-4'] as const
const fewestAgents = 2
/** Full after some dozens of events; far below what a config may say, so that a short outage fills it. */
const tightOutboxBytes = 12_000
/** A device that was out of reach for a while sends what it has gathered at once. */
const burstPublishes = 40
/** Readings of an instrument older than this count for nothing, in whatever order they come (docs/meters.md: 400 days). */
const longestReadingsMs = 300 * dayMs

/** Deliberate defects between the parts, for proving that the oracle sees them. */
export interface Tampering {
  readonly link?: LinkTampering
  readonly intake?: (agent: string) => IntakeTampering
  /** What is applied instead of the tenant file. */
  readonly tenantFile?: (text: string) => string
  /** Changes the aggregator's database while it is down, before the periods are closed or after. */
  readonly aggregatorFile?: { readonly when: 'at rest' | 'after close'; readonly change: (file: string) => void }
}

interface Member {
  readonly planned: PlannedDevice
  readonly main: Device
  /** The same device heard by the other agent as well, as a radio gateway's neighbour does. */
  readonly twin: Device
}

/** One aggregator, two to four agents, their links and a fleet of devices, all on one clock. */
export class World {
  readonly operator: Operator
  readonly aggregator: AggregatorNode
  readonly sites: readonly AgentSite[]
  readonly agents: readonly AgentNode[]
  readonly machines: readonly StormyMachine[]
  /** An agent that nobody can trust; null in runs without one. */
  readonly rogue: RogueAgent | null
  readonly books: RestoredBooks
  readonly #world: Surroundings
  readonly #random: Random
  readonly #workload: Workload
  readonly #members: readonly Member[]
  #faults: FaultPlan
  #publishing = true
  /** Payloads that devices keep for later, and when the last of them is sent. */
  #spooled = 0
  #spooledUntilMs = 0

  constructor(world: Surroundings, tenant: WorldTenant, faults: FaultPlan, tampering: Tampering) {
    const { seed } = world
    const part = (name: string): Random => seededRandom(`${seed} ${name}`)
    this.#world = world
    this.#faults = faults
    this.#random = part('devices')
    this.#workload = new Workload(part('workload'), faults.device, world.published, world.faults, goFar(faults))

    const clocks = part('clocks')
    const aggregatorKey = signingKeyFrom(clocks.bytes(32))
    const aggregatorMachine = drawMachine(world, clocks)
    this.aggregator = new AggregatorNode(world, {
      machine: aggregatorMachine,
      faults: faults.machine,
      disk: faults.disk,
      tenant: tenant.plan.tenant,
      signingPem: aggregatorKey.privatePem,
      restoresBooks: () => this.books.replaceDamaged(),
      onUp: () => this.operator.tryAgain(),
      onDeath: (withMachine) => {
        for (const link of this.sites.flatMap(({ links }) => links)) link.aggregatorDied(withMachine)
      },
    })
    const machines: StormyMachine[] = []
    const registered: { id: string; signingKey: string; epoch: number }[] = []
    const sites: AgentSite[] = []
    const count = fewestAgents + part('agents').below(agentNames.length - fewestAgents + 1)
    for (const agent of agentNames.slice(0, count)) {
      const key = signingKeyFrom(clocks.bytes(32))
      registered.push({ id: agent, signingKey: key.publicKeyBase64, epoch: 1 })
      const site = new AgentSite(world, faults, {
        agent,
        tenant: tenant.plan.tenant,
        signingPem: key.privatePem,
        config: drawAgentConfig(part(`config ${agent}`), tenant.plan.tenant, agent, {
          aggregatorKey: aggregatorKey.publicKeyBase64,
          retryCapMs: faults.machine.partitionMaxMs > dayMs ? seldomRetryMs : usualRetryMs,
        }),
        outboxBytes: part(`outbox ${agent}`).below(3) === 0 ? tightOutboxBytes : null,
        clocks,
        accept: (name, answer) => this.aggregator.accept(name, answer),
        ...tampering,
      })
      const { node, link, machine } = site.main
      sites.push(site)
      machines.push({
        name: agent,
        clock: machine,
        node,
        links: [link],
        crashEveryMin: faults.machine.agentCrashEveryMin,
      })
    }
    this.sites = sites
    this.agents = sites.map(({ main }) => main.node)
    const links = sites.map(({ main }) => main.link)
    machines.push({
      name: 'aggregator',
      clock: aggregatorMachine,
      node: this.aggregator,
      links,
      crashEveryMin: faults.machine.aggregatorCrashEveryMin,
    })
    this.machines = machines
    this.rogue = faults.actors.byzantineAgent ? this.#rogueAgent(tenant, part('rogue')) : null
    if (this.rogue !== null) registered.push({ id: rogueName, signingKey: this.rogue.publicKey, epoch: 1 })
    this.operator = new Operator(world, this.aggregator, registered, tampering.tenantFile)
    this.books = new RestoredBooks(world, part('books'), this)
    this.#members = tenant.devices.map((planned, index) => this.#member(planned, index))
  }

  /** Publishes nothing new any more, and lets everything that can heal do so. */
  calm(faults: FaultPlan): void {
    this.#faults = faults
    this.#publishing = false
    this.rogue?.stop()
    for (const link of this.sites.flatMap(({ links }) => links)) link.faults = faults.link
    for (const { main, twin } of this.#members) {
      main.faults = faults.device
      twin.faults = faults.device
    }
  }

  /** Whether no device waits for a PUBACK. */
  get devicesDone(): boolean {
    const isDone = ({ main, twin }: Member): boolean => main.unacknowledged === 0 && twin.unacknowledged === 0
    return this.#spooled === 0 && this.#members.every(isDone)
  }

  /** True time at which the last device sends what it has kept. */
  get spooledUntilMs(): number {
    return this.#spooledUntilMs
  }

  /** Starts each device's publishing, `perDevice` payloads within `spanMs`, some of them in bursts. */
  publishDuring(spanMs: number, perDevice: number): void {
    for (const member of this.#members) this.#publishSoon(member, spanMs / perDevice)
  }

  /** One payload of every device, now, about usage at the given true time. */
  publishOnce(usedAtMs: number): void {
    for (const member of this.#members) this.#publish(member, usedAtMs)
  }

  /** Earlier payloads once more, through whichever agent. */
  publishEarlier(count: number): void {
    for (let left = count; left > 0; left--) {
      const publish = this.#workload.earlier()
      if (publish !== undefined) this.#repeat(publish)
    }
  }

  /** Looks into every agent's journal. */
  inspectAgents(): ReadonlyMap<string, AgentImage> {
    const images = new Map<string, AgentImage>()
    for (const node of this.agents) {
      const image = node.inspect()
      if (image !== null) images.set(node.agent, image)
    }
    return images
  }

  #rogueAgent({ plan, devices }: WorldTenant, random: Random): RogueAgent {
    this.#world.oracle.accusations.always(rogueName)
    return new RogueAgent(this.#world, {
      random,
      aggregator: this.aggregator,
      operator: () => this.operator,
      tenant: plan.tenant,
      subjects: devices.filter(({ kind }) => kind === 'tracker').map(({ id }) => id),
      otherAgent: this.agents[0]?.agent ?? '',
    })
  }

  #member(planned: PlannedDevice, index: number): Member {
    const { queue, seed, faults } = this.#world
    const home = index % this.agents.length
    const device = (name: string, home: number): Device =>
      new Device(planned.id, {
        queue,
        random: seededRandom(`${seed} device ${planned.id} ${name}`),
        doors: this.sites,
        home,
        faults: this.#faults.device,
        injected: (kind) => faults.add(kind),
      })
    return { planned, main: device('main', home), twin: device('twin', (home + 1) % this.agents.length) }
  }

  #publishSoon(member: Member, meanPauseMs: number): void {
    const { queue } = this.#world
    const burst = this.#random.below(100) === 0
    const pauseMs = meanPauseMs * 2 * this.#random.fraction()
    queue.at(queue.nowMs + pauseMs, `device ${member.planned.id}`, 'publishes', () => {
      if (!this.#publishing) return
      for (let count = burst ? burstPublishes : 1; count > 0; count--) this.#publish(member, queue.nowMs)
      this.#publishSoon(member, meanPauseMs)
    })
  }

  #publish(member: Member, usedAtMs: number): void {
    const { counts, faults: injected } = this.#world
    const { device: faults } = this.#faults
    counts.publishes += 1
    const publish = this.#workload.next(member.planned, usedAtMs)
    if (happens(this.#random, faults.spooled)) return this.#spool(member, publish, faults.spoolMaxMs)
    member.main.publish(publish)
    if (happens(this.#random, faults.throughBothAgents)) {
      injected.add('event-through-both-agents')
      member.twin.publish(publish)
    }
    const earlier = happens(this.#random, faults.lateRepeats) ? this.#workload.earlier() : undefined
    if (earlier === undefined) return
    injected.add('event-late-repeat')
    this.#repeat(earlier)
  }

  /** The device has no network, or saves its battery: it sends this much later. */
  #spool(member: Member, publish: Publish, mostMs: number): void {
    const { queue, faults } = this.#world
    const atMs = queue.nowMs + this.#random.below(mostMs)
    faults.add('event-spooled')
    this.#spooled += 1
    this.#spooledUntilMs = Math.max(this.#spooledUntilMs, atMs)
    queue.at(atMs, `device ${member.planned.id}`, 'sends what it has kept', () => {
      this.#spooled -= 1
      member.main.publish(publish)
    })
  }

  #repeat(publish: Publish): void {
    const member = this.#members.find(({ planned }) => planned.id === publish.device)
    if (member === undefined) return
    if (this.#random.below(2) === 0) member.main.publish(publish)
    else member.twin.publish(publish)
  }
}

/** Whether clocks may jump by more than readings of instruments are kept for. */
function goFar({ machine }: FaultPlan): boolean {
  return machine.clockStepEveryMin !== null && machine.clockStepMaxMs > longestReadingsMs
}

/** Small batches and groups now and then, so that their limits are met within an hour of light traffic. */
function drawAgentConfig(
  random: Random,
  tenant: string,
  agent: string,
  uplink: { readonly aggregatorKey: string; readonly retryCapMs: number },
) {
  const small = random.below(2) === 0
  return {
    tenant,
    agent,
    epoch: 1,
    // Weeks may pass without usage until a period is closed; reports would be most of what happens.
    uplink: { address: 'aggregator:7000', ...uplink, reportEveryMs: 60 * dayMs },
    seal: { lingerMs: [20, 100, 2000][random.below(3)] ?? 100, maxUnits: small ? 2 + random.below(6) : 1000 },
    journal: { commitDelayMs: small || random.below(3) === 0 ? 50 : 0 },
    mappings: boxRules,
    limits: { groupDeliveries: small ? 16 : 4096, groupBytes: 128 * 1024, devices: small ? 16 : 65_536 },
  }
}
