import { seededRandom } from '@meterline/shared/base/random.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import type { FaultPlan } from '../faults/fault-plan.ts'
import { happens } from '../faults/fault-plan.ts'
import type { AgentImage } from '../oracle/agent-image.ts'
import type { Publish } from '../oracle/published.ts'
import { AgentNode } from './agent-node.ts'
import type { IntakeTampering } from './agent-node.ts'
import { AggregatorNode } from './aggregator-node.ts'
import { Device } from './device.ts'
import { EdgeLink } from './link.ts'
import type { LinkObserver, LinkTampering } from './connection.ts'
import { Operator } from './operator.ts'
import { signingKeyFrom } from './signing-key.ts'
import type { StormyMachine } from './storm.ts'
import type { Surroundings } from './surroundings.ts'
import type { PlannedDevice, WorldTenant } from './tenant.ts'
import { shortHex } from './trace.ts'
import { MachineClock } from './virtual-clock.ts'
import { Workload } from './workload.ts'

const agentNames = ['gw-1', 'gw-2'] as const
/** Full after some dozens of events; far below what a config may say, so that a short outage fills it. */
const tightOutboxBytes = 12_000
/** A device that was out of reach for a while sends what it has gathered at once. */
const burstPublishes = 40

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

/** One aggregator, two agents, their links and a fleet of devices, all on one clock. */
export class World {
  readonly operator: Operator
  readonly aggregator: AggregatorNode
  readonly agents: readonly AgentNode[]
  readonly links: readonly EdgeLink[]
  readonly machines: readonly StormyMachine[]
  readonly #world: Surroundings
  readonly #random: Random
  readonly #workload: Workload
  readonly #members: readonly Member[]
  #faults: FaultPlan
  #publishing = true

  constructor(world: Surroundings, tenant: WorldTenant, faults: FaultPlan, tampering: Tampering) {
    const { seed, queue } = world
    const part = (name: string): Random => seededRandom(`${seed} ${name}`)
    this.#world = world
    this.#faults = faults
    this.#random = part('devices')
    this.#workload = new Workload(part('workload'), faults.device, world.published)

    const clocks = part('clocks')
    const aggregatorKey = signingKeyFrom(clocks.bytes(32))
    const aggregatorMachine = drawMachine(world, clocks)
    const links: EdgeLink[] = []
    this.links = links
    this.aggregator = new AggregatorNode(world, {
      machine: aggregatorMachine,
      faults: faults.machine,
      tenant: tenant.plan.tenant,
      signingPem: aggregatorKey.privatePem,
      onUp: () => this.operator.tryAgain(),
      onDeath: (withMachine) => {
        for (const link of links) link.aggregatorDied(withMachine)
      },
    })
    const machines: StormyMachine[] = []
    const registered: { id: string; signingKey: string; epoch: number }[] = []
    const agents: AgentNode[] = []
    for (const agent of agentNames) {
      const key = signingKeyFrom(clocks.bytes(32))
      registered.push({ id: agent, signingKey: key.publicKeyBase64, epoch: 1 })
      const link = new EdgeLink({
        agent,
        queue,
        random: part(`link ${agent}`),
        faults: faults.link,
        observer: linkObserver(world, agent),
        accept: (name, answer) => this.aggregator.accept(name, answer),
        ...(tampering.link === undefined ? {} : { tampering: tampering.link }),
      })
      links.push(link)
      const machine = drawMachine(world, clocks)
      const node = new AgentNode(world, {
        agent,
        machine,
        faults: faults.machine,
        link,
        config: drawAgentConfig(part(`config ${agent}`), tenant.plan.tenant, agent, aggregatorKey.publicKeyBase64),
        outboxBytes: part(`outbox ${agent}`).below(3) === 0 ? tightOutboxBytes : null,
        signingPem: key.privatePem,
        ...(tampering.intake === undefined ? {} : { tamper: tampering.intake(agent) }),
      })
      agents.push(node)
      machines.push({
        name: agent,
        clock: machine,
        node,
        links: [link],
        crashEveryMin: faults.machine.agentCrashEveryMin,
      })
    }
    this.agents = agents
    machines.push({
      name: 'aggregator',
      clock: aggregatorMachine,
      node: this.aggregator,
      links,
      crashEveryMin: faults.machine.aggregatorCrashEveryMin,
    })
    this.machines = machines
    this.operator = new Operator(world, this.aggregator, registered, tampering.tenantFile)
    this.#members = tenant.devices.map((planned, index) => this.#member(planned, index))
  }

  /** Publishes nothing new any more, and lets everything that can heal do so. */
  calm(faults: FaultPlan): void {
    this.#faults = faults
    this.#publishing = false
    for (const link of this.links) link.faults = faults.link
    for (const { main, twin } of this.#members) {
      main.faults = faults.device
      twin.faults = faults.device
    }
  }

  /** Whether no device waits for a PUBACK. */
  get devicesDone(): boolean {
    return this.#members.every(({ main, twin }) => main.unacknowledged === 0 && twin.unacknowledged === 0)
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

  #member(planned: PlannedDevice, index: number): Member {
    const { queue, seed } = this.#world
    const home = index % this.agents.length
    const device = (name: string, home: number): Device =>
      new Device(planned.id, {
        queue,
        random: seededRandom(`${seed} device ${planned.id} ${name}`),
        doors: this.agents,
        home,
        faults: this.#faults.device,
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
    const { counts } = this.#world
    const { device: faults } = this.#faults
    counts.publishes += 1
    const publish = this.#workload.next(member.planned, usedAtMs)
    member.main.publish(publish)
    if (happens(this.#random, faults.throughBothAgents)) member.twin.publish(publish)
    const earlier = happens(this.#random, faults.lateRepeats) ? this.#workload.earlier() : undefined
    if (earlier !== undefined) this.#repeat(earlier)
  }

  #repeat(publish: Publish): void {
    const member = this.#members.find(({ planned }) => planned.id === publish.device)
    if (member === undefined) return
    if (this.#random.below(2) === 0) member.main.publish(publish)
    else member.twin.publish(publish)
  }
}

/** Machines disagree about the time: by up to a few seconds, and by how fast it goes. */
function drawMachine({ queue }: Surroundings, random: Random): MachineClock {
  return new MachineClock(queue, {
    bootId: Buffer.from(random.bytes(16)).toString('hex'),
    wallOffsetMs: random.below(6001) - 3000,
    fastPpm: random.below(201) - 100,
    syncState: random.below(3) === 0 ? 'unknown' : 'synced',
  })
}

/** Small batches and groups now and then, so that their limits are met within an hour of light traffic. */
function drawAgentConfig(random: Random, tenant: string, agent: string, aggregatorKey: string) {
  const small = random.below(2) === 0
  return {
    tenant,
    agent,
    epoch: 1,
    // Weeks may pass without usage until a period is closed; reports of every minute would be most of what happens.
    uplink: { address: 'aggregator:7000', aggregatorKey, reportEveryMs: 6 * 3_600_000 },
    seal: { lingerMs: [20, 100, 2000][random.below(3)] ?? 100, maxUnits: small ? 2 + random.below(6) : 1000 },
    journal: { commitDelayMs: small || random.below(3) === 0 ? 50 : 0 },
    limits: { groupDeliveries: small ? 16 : 4096, groupBytes: 128 * 1024, devices: small ? 16 : 65_536 },
  }
}

function linkObserver(world: Surroundings, agent: string): LinkObserver {
  const { trace, queue, oracle, counts } = world
  const note = (what: string): void => trace.note(queue.nowMs, agent, what)
  return {
    note(what) {
      if (what === 'connects') counts.connections += 1
      note(`link ${what}`)
    },
    sentByAgent(message) {
      if (message.kind === 'hello') note(`sends hello at ${message.lastSealedSeq} ${shortHex(message.chainHash)}`)
      else if (message.kind === 'report') note(`reports ${message.suspendedRows} entries in suspense`)
      else note(`sends batch of ${message.body.length} bytes, signed ${shortHex(message.signature)}`)
    },
    sentByAggregator(message) {
      if (message.kind === 'refusal') note(`is refused: ${message.code} ${message.seq} ${message.message}`)
      else if (message.kind === 'welcome') note(`is welcomed at ${message.receivedSeq}`)
      else if (message.kind === 'snapshot') note(`is sent a snapshot of ${message.bytes.length} bytes`)
    },
    arrivedAtAgent(message) {
      if (message.kind !== 'receipt') return
      const { epoch, seq, batchHash, logIndex } = message
      note(`gets receipt ${seq} at ${logIndex} ${shortHex(batchHash)}`)
      oracle.receiptArrived({ agent, epoch, seq, batchHash: Buffer.from(batchHash).toString('hex'), logIndex })
    },
  }
}
