import { seededRandom } from '@meterline/shared/base/random.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import { FaultCounts } from '../faults/fault-counts.ts'
import { calmed } from '../faults/fault-plan.ts'
import type { FaultPlan } from '../faults/fault-plan.ts'
import { planForRun } from '../faults/plan-for-run.ts'
import type { AgentImage } from '../oracle/agent-image.ts'
import { boundsOf } from '../oracle/billing-cycles.ts'
import { dayMs } from '../oracle/calendar.ts'
import { Findings } from '../oracle/findings.ts'
import { Oracle } from '../oracle/oracle.ts'
import { PublishedLedger } from '../oracle/published.ts'
import { rogueName } from './actors/rogue-session.ts'
import { Accountant } from './accountant.ts'
import { closePeriods, correct } from './closings.ts'
import type { ClosingParts } from './closings.ts'
import { crossCheck } from './cross-check.ts'
import { drawStart } from './draw-start.ts'
import { EventQueue } from './event-queue.ts'
import { flipBits } from './flip-bits.ts'
import { planOperatorsDay } from './operators-day.ts'
import { meddle } from './people.ts'
import { recoverSites } from './recover-sites.ts'
import { Stepper } from './stepper.ts'
import { Storm } from './storm.ts'
import { noCounts } from './surroundings.ts'
import type { Surroundings } from './surroundings.ts'
import { drawTenant } from './draw-tenant.ts'
import type { WorldTenant } from './tenant.ts'
import { Trace } from './trace.ts'
import type { WorldOptions, WorldResult } from './world-options.ts'
import { World } from './world.ts'

const hourMs = 3_600_000
const minuteMs = 60_000
/** Slow links, long outages and every backoff fit into this; looking costs most, so it is done less often after a while. */
const restLimitMs = 2 * hourMs
const restEveryMs = 5_000
const longRestEveryMs = 60_000
const repeatsAfterNewDisk = 60
/** A storm that was too kind goes on until there were as many faults. */
const leastFaults = 20
const mostStrikes = 500

/** One run of a world, phase by phase. */
export class Run {
  readonly findings: Findings
  readonly #options: WorldOptions
  readonly #mode: string
  readonly #faults: FaultPlan
  readonly #queue: EventQueue
  readonly #trace: Trace
  readonly #surroundings: Surroundings
  readonly #oracle: Oracle
  readonly #stepper: Stepper
  readonly #world: World
  readonly #accountant: Accountant
  readonly #startMs: number
  readonly #tenant: WorldTenant
  readonly #counts = noCounts()
  readonly #faultCounts = new FaultCounts()
  readonly #random: Random

  constructor(options: WorldOptions, folder: string) {
    const { seed, faults = 'stream', without = [], hours = 1 } = options
    this.#options = options
    this.#random = seededRandom(`${seed} run`)
    this.#mode = typeof faults === 'string' ? faults : 'given'
    this.#faults = planForRun({ seed, faults, without, hours })
    this.#startMs = drawStart(this.#random.below(9), this.#random.below(4), this.#random.below(30 * minuteMs))
    this.#queue = new EventQueue(this.#startMs, this.#random.below(2 ** 32))
    this.#trace = new Trace(this.#startMs, options.traceLines ?? 60)
    this.findings = new Findings(() => ({ atMs: this.#queue.nowMs, step: this.#counts.steps }), options.endsAt)
    this.#tenant = drawTenant(seededRandom(`${seed} tenant`), this.#startMs)
    const published = new PublishedLedger()
    this.#oracle = new Oracle(this.findings, published, this.#tenant.plan.tenant, () => this.#world.operator.plans)
    const parts = { queue: this.#queue, trace: this.#trace, findings: this.findings, oracle: this.#oracle }
    this.#stepper = new Stepper({ ...parts, counts: this.#counts })
    this.#surroundings = {
      ...parts,
      seed,
      folder,
      published,
      counts: this.#counts,
      faults: this.#faultCounts,
      office: () => this.#world.operator,
      afterStep: (work) => this.#stepper.afterStep(work),
      starting: (process) => this.#stepper.starting(process),
    }
    this.#world = new World(this.#surroundings, this.#tenant, this.#faults, options.tampering ?? {})
    this.#accountant = new Accountant(this.#surroundings, this.#world.operator)
  }

  async play(): Promise<void> {
    const { hours = 1, publishesPerDevice = 80 } = this.#options
    const world = this.#world
    const stormMs = hours * hourMs
    world.aggregator.start()
    for (const agent of world.agents) agent.start()
    world.operator.apply(this.#tenant.plan)
    planOperatorsDay(this.#surroundings, world, this.#tenant, stormMs)
    world.publishDuring(stormMs, publishesPerDevice)
    world.rogue?.begin(stormMs)
    if (this.#faults.actors.restoresAggregator) world.books.planWithin(stormMs)
    if (this.#faults.disk.damage > 0) world.books.keepBackups(stormMs)
    meddle(this.#surroundings, seededRandom(`${this.#options.seed} people`), this.#faults.actors, world.sites, stormMs)
    const storm = new Storm(
      this.#surroundings,
      seededRandom(`${this.#options.seed} storm`),
      this.#faults.machine,
      world.machines,
    )
    await this.#stepper.runUntil(this.#startMs + stormMs)
    await this.#strikeUp(storm)
    while (world.books.underWay && !this.findings.full) await this.#stepper.runUntil(this.#queue.nowMs + minuteMs)
    this.#trace.note(this.#queue.nowMs, 'world', 'calm')
    storm.stop()
    world.calm(calmed(this.#faults))
    this.#comeUpAgain()
    // Receipts say what the aggregator has, unless it forgot some of it.
    const looks = (): boolean => this.#faults.actors.restoresAggregator || this.#random.below(2) === 0
    await recoverSites(this.#surroundings, world, this.#stepper, looks)
    await this.#stepper.runUntil(Math.max(this.#queue.nowMs, world.spooledUntilMs))
    await this.#rest()
    // By now the latecomer is subscribed, so what waited for that can be charged.
    world.operator.replaySuspense()
    await this.#rest()
    await this.#tamperWithFile('at rest')
    if (this.#random.below(3) === 0 || this.#options.replacesAgent === true) await this.#replaceAgent()
    const closings = {
      surroundings: this.#surroundings,
      world,
      stepper: this.#stepper,
      random: this.#random,
      crashes: this.#faults.machine.aggregatorCrashEveryMin !== null,
    }
    const periods = await closePeriods(closings)
    await this.#tamperWithFile('after close')
    await this.#useLate(periods, closings)
    flipBits(this.#surroundings, world.aggregator, this.#tenant.plan.tenant)
  }

  /** A drawn plan may come to very little within its time: then its faults come one after the other until there were enough. */
  async #strikeUp(storm: Storm): Promise<void> {
    const { faults = 'stream', without = [] } = this.#options
    if (typeof faults !== 'string' || faults === 'none' || without.length > 0) return
    for (let strikes = 0; strikes < mostStrikes && this.#faultCounts.failures < leastFaults; strikes++) {
      if (this.findings.full) return
      storm.strike()
      await this.#stepper.runUntil(this.#queue.nowMs + minuteMs / 2 + this.#random.below(minuteMs / 2))
    }
  }

  result(): WorldResult {
    const trueMinutes = Math.round((this.#queue.nowMs - this.#startMs) / minuteMs)
    return {
      seed: this.#options.seed,
      mode: this.#mode,
      traceHash: this.#trace.digest(),
      statistics: { ...this.#counts, ...this.#oracle.counts, trueMinutes, agents: this.#world.agents.length },
      faults: this.#faultCounts.byKind(),
      violations: this.findings.violations,
      trace: this.#trace.lastLines(),
    }
  }

  end(): void {
    this.#oracle.unwatch()
    for (const agent of this.#world.agents) agent.running?.kill()
    this.#world.aggregator.running?.kill()
  }

  /** A corrupted batch can end in a quarantine that only a person ends: here he does, by starting the agents anew. */
  #comeUpAgain(): void {
    if (this.#faults.link.misbehaviour === null) return
    for (const agent of this.#world.agents) agent.crash(null, false)
    this.#queue.at(this.#queue.nowMs + 1000, 'operator', 'starts the agents anew', () => {
      for (const agent of this.#world.agents) agent.start()
    })
  }

  /** For tests of the oracle: what only somebody with access to the disk could do. */
  async #tamperWithFile(when: 'at rest' | 'after close'): Promise<void> {
    const planted = this.#options.tampering?.aggregatorFile
    if (planted?.when !== when) return
    const { aggregator } = this.#world
    aggregator.crash(null, false)
    await this.#stepper.settle()
    planted.change(aggregator.file)
    aggregator.start()
    await this.#stepper.runUntil(this.#queue.nowMs + minuteMs)
    this.#oracle.recheck()
  }

  /** An agent loses its disk when nothing is on it that is not elsewhere. In its next epoch devices send old events again. */
  async #replaceAgent(): Promise<void> {
    const world = this.#world
    const agent = world.agents[this.#random.below(world.agents.length)]
    const image = agent?.inspect()
    if (this.findings.full || agent === undefined || image === null || image === undefined) return
    this.#oracle.journals.retire(agent.agent, image)
    agent.crash(null, true)
    await this.#stepper.runUntil(this.#queue.nowMs + minuteMs)
    // Whoever looks after the machine may have started it again, after an error of its disk.
    agent.crash(null, true)
    await this.#stepper.settle()
    agent.replaceDisk(world.operator.registerNextEpoch(agent.agent))
    agent.start()
    world.publishEarlier(repeatsAfterNewDisk)
    await this.#rest()
  }

  /** Lets time pass until everything has drained, then looks at everything. */
  async #rest(examinesBooks: boolean = this.#random.below(24) === 0): Promise<void> {
    const startedMs = this.#queue.nowMs
    const limitMs = startedMs + restLimitMs
    let images: ReadonlyMap<string, AgentImage> | null = null
    while (this.#queue.nowMs < limitMs && !this.findings.full) {
      const isLong = this.#queue.nowMs - startedMs > longRestEveryMs
      await this.#stepper.runUntil(this.#queue.nowMs + (isLong ? longRestEveryMs : restEveryMs))
      if (!this.#world.devicesDone || !this.#world.operator.idle || !this.#oracle.isRated) continue
      if (!this.#world.aggregator.isServing(this.#tenant.plan.tenant)) continue
      images = this.#restingAgents()
      if (images !== null) break
    }
    images ??= this.#world.inspectAgents()
    this.findings.demand(this.#world.devicesDone, 'I18', () => 'devices still wait for a PUBACK')
    this.findings.demand(this.#world.operator.idle, 'I18', () => 'commands still wait for their answer')
    this.#oracle.atRest(images)
    if (this.#faults.link.misbehaviour === null) this.#oracle.nobodyAccused()
    this.#oracle.evidenceKept(rogueName, this.#world.rogue?.evidenceOwed ?? [])
    const { running } = this.#world.aggregator
    if (running !== null)
      crossCheck(
        this.findings,
        running,
        this.#tenant.plan.tenant,
        this.#surroundings.published,
        this.#oracle,
        examinesBooks,
      )
    this.#trace.note(this.#queue.nowMs, 'world', 'rest')
  }

  /** Looks into the journals one after the other, up to the first that has something left to send; null when one has. */
  #restingAgents(): ReadonlyMap<string, AgentImage> | null {
    const images = new Map<string, AgentImage>()
    for (const node of this.#world.agents) {
      const image = node.inspect()
      if (image === null || !this.#oracle.isAtRest(node.agent, image)) return null
      images.set(node.agent, image)
    }
    return images
  }

  /** Usage of closed periods that comes after all, and some of the new one; what is due is then billed, and no document changes. */
  async #useLate(periods: readonly string[], closings: ClosingParts): Promise<void> {
    if (this.findings.full) return
    const plan = this.#tenant.plan
    for (const period of periods.slice(0, 1 + this.#random.below(2)))
      this.#world.publishOnce(boundsOf(plan, period).endMs - 12 * dayMs)
    this.#world.publishOnce(this.#queue.nowMs)
    await this.#rest(true)
    this.#oracle.afterClose()
    this.#world.operator.voidSome(this.#random.below(4))
    this.#world.operator.recordPayments(this.#random.below(4))
    this.#accountant.writeNotes(this.#random.below(4))
    this.#accountant.voidDocuments(this.#random.below(3))
    this.#accountant.settleDisputes(this.#random.below(4))
    await correct(closings)
    await this.#rest(true)
    await correct(closings)
    this.#oracle.moneyAgrees()
    this.#oracle.recheck()
  }
}
