import type { Random } from '@meterline/shared/base/random.ts'
import { happens } from '../faults/fault-plan.ts'
import type { MachineFaults } from '../faults/fault-plan.ts'
import type { AgentNode } from './agent-node.ts'
import type { AggregatorNode } from './aggregator-node.ts'
import type { EdgeLink } from './link.ts'
import type { Surroundings } from './surroundings.ts'
import type { MachineClock } from './virtual-clock.ts'

/** A machine that things happen to. */
export interface StormyMachine {
  readonly name: string
  readonly clock: MachineClock
  readonly node: AgentNode | AggregatorNode
  /** The links that hang on it. */
  readonly links: readonly EdgeLink[]
  readonly crashEveryMin: number | null
}

const minuteMs = 60_000
const yearMs = 365 * 86_400_000
const lastWordMs = 30_000

/** Lets machines crash, links part and clocks jump, at moments drawn from the seed, until it is told to stop. */
export class Storm {
  readonly #world: Surroundings
  readonly #random: Random
  readonly #faults: MachineFaults
  readonly #machines: readonly StormyMachine[]
  readonly #links: readonly EdgeLink[]
  readonly #parted = new Set<EdgeLink>()
  readonly #skewed = new Map<MachineClock, number>()
  #blowing = true

  constructor(world: Surroundings, random: Random, faults: MachineFaults, machines: readonly StormyMachine[]) {
    this.#world = world
    this.#random = random
    this.#faults = faults
    this.#machines = machines
    this.#links = [...new Set(machines.flatMap(({ links }) => links))]
    for (const machine of machines) {
      this.#repeat(machine.crashEveryMin, `${machine.name} will crash`, () => this.#crash(machine))
      this.#repeat(faults.clockStepEveryMin, `${machine.name}'s clock steps`, () => this.#stepClock(machine))
    }
    for (const link of this.#links) this.#repeat(faults.partitionEveryMin, 'link parts', () => this.#part(link))
  }

  /** No new faults; what is down comes up, what is parted heals, clocks that were wrong are set right. */
  stop(): void {
    this.#blowing = false
    for (const link of this.#parted) link.heal()
    this.#parted.clear()
    for (const { node, clock } of this.#machines) {
      clock.step(-(this.#skewed.get(clock) ?? 0), 'synced')
      node.spare()
      node.start()
    }
  }

  /** One more fault, of those that this run has anyway; a partition where it has none. */
  strike(): void {
    const { clockStepEveryMin, partitionEveryMin } = this.#faults
    const crashes = this.#machines
      .filter(({ crashEveryMin }) => crashEveryMin !== null)
      .map((machine) => (): void => this.#crash(machine))
    const steps = clockStepEveryMin === null ? [] : this.#machines.map((each) => (): void => this.#stepClock(each))
    const partitions = this.#links.map((link) => (): void => this.#partAnew(link))
    const others = [...crashes, ...steps]
    const choices = partitionEveryMin === null && others.length > 0 ? others : [...others, ...partitions]
    choices[this.#random.below(choices.length)]?.()
  }

  #repeat(everyMin: number | null, what: string, happen: () => void): void {
    if (everyMin === null) return
    const { queue } = this.#world
    // A process without memory: the time to the next event is exponential, cut to a sensible range.
    const pauseMs = Math.min(8, -Math.log(1 - this.#random.fraction())) * everyMin * minuteMs
    queue.at(queue.nowMs + Math.ceil(pauseMs), 'storm', what, () => {
      if (!this.#blowing) return
      happen()
      this.#repeat(everyMin, what, happen)
    })
  }

  #crash(machine: StormyMachine): void {
    const { queue } = this.#world
    const withMachine = happens(this.#random, this.#faults.reboots)
    if (happens(this.#random, this.#faults.insideAStep)) {
      machine.node.crash(1 + this.#random.below(this.#random.below(3) === 0 ? 12 : 4), withMachine)
      // A process with nothing to do makes no calls; it goes down all the same.
      queue.at(queue.nowMs + lastWordMs, machine.name, 'goes down', () => {
        if (this.#blowing) machine.node.crash(null, withMachine)
      })
    } else machine.node.crash(null, withMachine)
    const upAtMs = queue.nowMs + lastWordMs + 1 + this.#random.below(this.#faults.downMaxMs)
    const bootId = Buffer.from(this.#random.bytes(16)).toString('hex')
    queue.at(upAtMs, machine.name, 'comes up', () => {
      if (!this.#blowing) return
      if (withMachine) machine.clock.reboot(bootId, 'unsynced')
      machine.node.start()
    })
  }

  #partAnew(link: EdgeLink): void {
    if (this.#parted.delete(link)) link.heal()
    this.#part(link)
  }

  #part(link: EdgeLink): void {
    if (this.#parted.has(link)) return
    const { queue, counts, faults } = this.#world
    counts.partitions += 1
    faults.add('partition')
    this.#parted.add(link)
    link.partition(happens(this.#random, this.#faults.silentPartitions) ? 'silent' : 'refusing')
    queue.at(queue.nowMs + 1 + this.#random.below(this.#faults.partitionMaxMs), 'storm', 'link heals', () => {
      if (this.#parted.delete(link)) link.heal()
    })
  }

  /** A wrong jump, or the correction of earlier ones. */
  #stepClock(machine: StormyMachine): void {
    const { queue, trace, counts, faults } = this.#world
    counts.clockSteps += 1
    const wrongMs = this.#skewed.get(machine.clock) ?? 0
    const corrects = wrongMs !== 0 && this.#random.below(2) === 0
    const deltaMs = corrects
      ? -wrongMs
      : this.#random.below(2 * this.#faults.clockStepMaxMs + 1) - this.#faults.clockStepMaxMs
    faults.add(Math.abs(deltaMs) > yearMs ? 'clock-step-of-years' : 'clock-step')
    this.#skewed.set(machine.clock, wrongMs + deltaMs)
    machine.clock.step(deltaMs, corrects ? 'synced' : 'unsynced')
    trace.note(queue.nowMs, machine.name, `clock steps by ${deltaMs} ms`)
  }
}
