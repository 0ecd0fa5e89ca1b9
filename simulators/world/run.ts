import { seededRandom } from '@meterline/shared/base/random.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import { FaultCounts } from '../faults/fault-counts.ts'
import { calmed, drawFaultPlan } from '../faults/fault-plan.ts'
import type { FaultPlan } from '../faults/fault-plan.ts'
import { periodOf, startOfDay, startOfDayText } from '../oracle/calendar.ts'
import { Findings } from '../oracle/findings.ts'
import { Oracle } from '../oracle/oracle.ts'
import { PublishedLedger } from '../oracle/published.ts'
import { lookAfterAgent } from './agent-keeper.ts'
import { crossCheck } from './cross-check.ts'
import { EventQueue } from './event-queue.ts'
import { Stepper } from './stepper.ts'
import { Storm } from './storm.ts'
import { noCounts } from './surroundings.ts'
import type { Surroundings } from './surroundings.ts'
import { drawTenant } from './tenant.ts'
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
  readonly #startMs: number
  readonly #tenant: WorldTenant
  readonly #counts = noCounts()
  readonly #faultCounts = new FaultCounts()
  readonly #random: Random

  constructor(options: WorldOptions, folder: string) {
    const { seed, faults = 'stream' } = options
    this.#options = options
    this.#random = seededRandom(`${seed} run`)
    this.#mode = typeof faults === 'string' ? faults : 'given'
    this.#faults = typeof faults === 'string' ? drawFaultPlan(seededRandom(`${seed} faults`), faults) : faults
    this.#startMs = drawStart(this.#random.below(9), this.#random.below(2) === 0, this.#random.below(30 * minuteMs))
    this.#queue = new EventQueue(this.#startMs, this.#random.below(2 ** 32))
    this.#trace = new Trace(this.#startMs, options.traceLines ?? 60)
    this.findings = new Findings(() => ({ atMs: this.#queue.nowMs, step: this.#counts.steps }), options.endsAt)
    this.#tenant = drawTenant(seededRandom(`${seed} tenant`))
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
      afterStep: (work) => this.#stepper.afterStep(work),
      starting: (process) => this.#stepper.starting(process),
    }
    this.#world = new World(this.#surroundings, this.#tenant, this.#faults, options.tampering ?? {})
  }

  async play(): Promise<void> {
    const { hours = 1, publishesPerDevice = 80 } = this.#options
    const world = this.#world
    const stormMs = hours * hourMs
    world.aggregator.start()
    for (const agent of world.agents) agent.start()
    world.operator.apply(this.#tenant.plan)
    const joinsAtMs = this.#queue.nowMs + this.#random.below(stormMs)
    this.#queue.at(joinsAtMs, 'operator', 'subscribes the latecomer', () => {
      // What came of it before is mostly charged then, but for what somebody gave up.
      world.operator.discardSuspended('unknown_subject', 1)
      world.operator.apply(this.#tenant.joined)
    })
    this.#lookAfterSuspense(stormMs)
    this.#closeDuringStorm(stormMs)
    world.publishDuring(stormMs, publishesPerDevice)
    const storm = new Storm(
      this.#surroundings,
      seededRandom(`${this.#options.seed} storm`),
      this.#faults.machine,
      world.machines,
    )
    await this.#stepper.runUntil(this.#startMs + stormMs)
    this.#trace.note(this.#queue.nowMs, 'world', 'calm')
    storm.stop()
    world.calm(calmed(this.#faults))
    this.#comeUpAgain()
    await this.#rest()
    // By now the latecomer is subscribed, so what waited for that can be charged.
    world.operator.replaySuspense()
    await this.#rest()
    await this.#tamperWithFile('at rest')
    if (this.#random.below(3) === 0 || this.#options.replacesAgent === true) await this.#replaceAgent()
    const periods = await this.#closePeriods()
    await this.#tamperWithFile('after close')
    await this.#useLate(periods)
  }

  result(): WorldResult {
    const trueMinutes = Math.round((this.#queue.nowMs - this.#startMs) / minuteMs)
    return {
      seed: this.#options.seed,
      mode: this.#mode,
      traceHash: this.#trace.digest(),
      statistics: { ...this.#counts, ...this.#oracle.counts, trueMinutes },
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

  /** Now and then somebody rates again what is in suspense, and gives up some of what cannot be charged. */
  #lookAfterSuspense(stormMs: number): void {
    const random = seededRandom(`${this.#options.seed} suspense`)
    const { operator } = this.#world
    for (let left = 1 + random.below(4); left > 0; left--) {
      const atMs = this.#startMs + random.below(stormMs)
      this.#queue.at(atMs, 'operator', 'replays the suspense', () => operator.replaySuspense())
    }
    for (const agent of this.#world.agents) {
      const discards = 1 + random.below(3)
      this.#queue.at(this.#startMs + random.below(stormMs), agent.agent, 'has its suspense looked after', () =>
        lookAfterAgent(this.#surroundings, agent, discards),
      )
    }
    const code = ['event_conflict', 'no_price'][random.below(2)] ?? ''
    this.#queue.at(this.#startMs + random.below(stormMs), 'operator', `discards some ${code}`, () =>
      operator.discardSuspended(code, 1 + random.below(3)),
    )
  }

  /** When the month ends during the storm, someone may well close it in the middle of everything. */
  #closeDuringStorm(stormMs: number): void {
    const period = periodOf(this.#startMs)
    const afterMs = this.#random.below(stormMs)
    const closes = this.#random.below(4) !== 0
    if (!closes || periodOf(this.#startMs + afterMs) === period) return
    this.#queue.at(this.#startMs + afterMs, 'operator', `closes ${period}`, () =>
      this.#world.operator.closePeriod(period, () =>
        this.#trace.note(this.#queue.nowMs, 'operator', `${period} is closed`),
      ),
    )
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
    this.#oracle.retire(agent.agent, image)
    agent.crash(null, true)
    await this.#stepper.runUntil(this.#queue.nowMs + minuteMs)
    agent.replaceDisk(world.operator.registerNextEpoch(agent.agent))
    agent.start()
    world.publishEarlier(repeatsAfterNewDisk)
    await this.#rest()
  }

  /** Lets time pass until everything has drained, then looks at everything. */
  async #rest(): Promise<void> {
    const startedMs = this.#queue.nowMs
    const limitMs = startedMs + restLimitMs
    let images = this.#world.inspectAgents()
    while (this.#queue.nowMs < limitMs && !this.findings.full) {
      const isLong = this.#queue.nowMs - startedMs > longRestEveryMs
      await this.#stepper.runUntil(this.#queue.nowMs + (isLong ? longRestEveryMs : restEveryMs))
      if (!this.#world.devicesDone || !this.#world.operator.idle) continue
      images = this.#world.inspectAgents()
      if (this.#oracle.isAtRest([...images.values()]) && images.size === this.#world.agents.length) break
    }
    this.findings.demand(this.#world.devicesDone, 'I18', () => 'devices still wait for a PUBACK')
    this.findings.demand(this.#world.operator.idle, 'I18', () => 'commands still wait for their answer')
    this.#oracle.atRest(images)
    if (this.#faults.link.misbehaviour === null) this.#oracle.nobodyAccused()
    const { running } = this.#world.aggregator
    if (running !== null)
      crossCheck(this.findings, running, this.#tenant.plan.tenant, this.#surroundings.published, this.#oracle)
    this.#trace.note(this.#queue.nowMs, 'world', 'rest')
  }

  /** Closes every period that was charged in once the last of them is over; the aggregator may crash on the way. */
  async #closePeriods(): Promise<readonly string[]> {
    const world = this.#world
    const periods = this.#oracle.chargedPeriods
    const last = periods.at(-1)
    if (last === undefined || this.findings.full) return []
    const [year = 0, month = 0] = last.split('-').map(Number)
    await this.#stepper.runUntil(Math.max(this.#queue.nowMs, startOfDay(year, month + 1, 2)))
    for (const period of periods) {
      if (this.findings.full) return []
      // Armed before the last usage comes, it can strike between receiving and rating, or within the closing.
      const crashes = this.#faults.machine.aggregatorCrashEveryMin !== null && this.#random.below(3) > 0
      if (crashes) world.aggregator.crash(1 + this.#random.below(12), false)
      await this.#useNow(period)
      world.operator.replaySuspense()
      let closed = false
      world.operator.closePeriod(period, () => {
        closed = true
      })
      const limitMs = this.#queue.nowMs + 10 * minuteMs
      while (!closed && this.#queue.nowMs < limitMs) {
        await this.#stepper.runUntil(this.#queue.nowMs + restEveryMs)
        world.aggregator.start()
      }
      world.aggregator.spare()
      this.findings.demand(closed, 'I18', () => `period ${period} cannot be closed`)
      this.#oracle.afterClose(period)
    }
    return periods
  }

  /** In half of the runs usage of the period is still under way when it is closed. */
  async #useNow(period: string): Promise<void> {
    if (this.#random.below(2) === 0) return
    this.#world.publishOnce(startOfDayText(`${period}-15`))
    await this.#stepper.runUntil(this.#queue.nowMs + this.#random.below(500))
  }

  /** Usage of a closed period that comes after all, and some of the new one: no document may change. */
  async #useLate(periods: readonly string[]): Promise<void> {
    const [first] = periods
    if (first === undefined || this.findings.full) return
    this.#world.publishOnce(startOfDayText(`${first}-15`))
    this.#world.publishOnce(this.#queue.nowMs)
    await this.#rest()
    for (const period of periods) this.#oracle.afterClose(period)
    this.#oracle.recheck()
  }
}

/** Some day of 2026, half of the runs close to the end of a month so that they span two periods. */
function drawStart(month: number, nearMonthEnd: boolean, beforeMs: number): number {
  return nearMonthEnd
    ? startOfDay(2026, month + 3, 1) - 10 * minuteMs - beforeMs
    : startOfDay(2026, month + 2, 14) + beforeMs
}
