import type { Clock, SyncState, Timer } from '@meterline/shared/base/clock.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import type { OpenUplink } from '@meterline/agent/flow/ports.ts'
import type { FaultCounts } from '../faults/fault-counts.ts'
import { happens } from '../faults/fault-plan.ts'
import type { MachineFaults } from '../faults/fault-plan.ts'
import type { ProcessClock } from './virtual-clock.ts'

/**
 * One life of a simulated process. Everything the process does to the outside passes here, so that it can die at any such
 * call: what it did before has happened, what its code still does afterwards reaches nobody. Its code runs on to the end
 * of the step in which it died, since nothing can stop a function in its middle; whatever it calls in a later step is the
 * call of a zombie, something that `kill` ought to have ended, and is reported.
 */
export class ProcessLife {
  readonly #onDeath: (insideAStep: boolean) => void
  readonly #onZombie: (call: string) => void
  #alive = true
  #buried = false
  #callsToLive: number | null = null

  constructor(onDeath: (insideAStep: boolean) => void, onZombie: (call: string) => void) {
    this.#onDeath = onDeath
    this.#onZombie = onZombie
  }

  get alive(): boolean {
    return this.#alive
  }

  /** Calls to the outside that are left until the process dies; null while no end is near. */
  get callsLeft(): number | null {
    return this.#callsToLive
  }

  /** Lets the process die at its `calls`-th call to the outside from now on; null: not after all. */
  dieAtCall(calls: number | null): void {
    this.#callsToLive = calls
  }

  /** The step in which the process died is over, and it was told to end. */
  bury(): void {
    this.#buried = true
  }

  /** The process calls something outside itself. */
  called(call: string): void {
    this.touched(call)
    if (this.#callsToLive === null) return
    this.#callsToLive -= 1
    if (this.#callsToLive <= 0) this.#end(true)
  }

  /** The process asks something of the outside that is no moment to die at, but nothing that a dead one may ask. */
  touched(call: string): void {
    if (this.#buried) this.#onZombie(call)
  }

  /** The process ends between two steps. */
  die(): void {
    this.#end(false)
  }

  #end(insideAStep: boolean): void {
    if (!this.#alive) return
    this.#alive = false
    this.#callsToLive = null
    this.#onDeath(insideAStep)
  }
}

/** Why a process ends: something killed it, the power failed at a write, or it gave up after an error of its disk. */
export type Ending = 'crash' | 'power cut' | 'gave up'

/** A process's clock that also counts as a call to the outside. */
export class MortalClock implements Clock {
  readonly #clock: ProcessClock
  readonly #life: ProcessLife
  readonly #lateMs: () => number
  readonly #busyMs: () => number

  /** Each timer fires `lateMs` later than it could, and none before `busyMs`: until then the process waits for its disk. */
  constructor(clock: ProcessClock, life: ProcessLife, lateMs: () => number = () => 0, busyMs: () => number = () => 0) {
    this.#clock = clock
    this.#life = life
    this.#lateMs = lateMs
    this.#busyMs = busyMs
  }

  get bootId(): string {
    return this.#clock.bootId
  }

  wallMs(): number {
    this.#life.called('reads the wall clock')
    return this.#clock.wallMs()
  }

  monotonicMs(): number {
    this.#life.called('reads the monotonic clock')
    return this.#clock.monotonicMs()
  }

  syncState(): SyncState {
    return this.#clock.syncState()
  }

  after(delayMs: number, run: () => void): Timer {
    this.#life.touched('sets a timer')
    return this.#clock.after(Math.max(delayMs + this.#lateMs(), this.#busyMs()), run)
  }
}

/** How late the timers of a process are, as a machine's faults say. */
export function lateness(random: Random, faults: MachineFaults, counts: FaultCounts): () => number {
  const { lateTimers, lateMaxMs } = faults
  return () => {
    if (!happens(random, lateTimers)) return 0
    counts.add('late-timer')
    return random.below(lateMaxMs + 1)
  }
}

/** Randomness of a process that also counts as a call to the outside. */
export function mortalRandom(random: Random, life: ProcessLife): Random {
  return {
    bytes: (count) => {
      life.called('draws random bytes')
      return random.bytes(count)
    },
    below: (limit) => {
      life.touched('draws a random number')
      return random.below(limit)
    },
    fraction: () => {
      life.touched('draws a random number')
      return random.fraction()
    },
  }
}

/** The way to the aggregator, each message on which counts as a call to the outside. */
export function mortalUplink(openUplink: OpenUplink, life: ProcessLife): OpenUplink {
  return (handlers) => {
    const link = openUplink(handlers)
    return {
      send: (message) => {
        life.called('sends a message')
        return link.send(message)
      },
      close: () => {
        life.touched('closes its uplink')
        link.close()
      },
    }
  }
}
