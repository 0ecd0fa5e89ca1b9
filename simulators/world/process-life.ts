import type { Clock, SyncState, Timer } from '@meterline/shared/base/clock.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import { happens } from '../faults/fault-plan.ts'
import type { MachineFaults } from '../faults/fault-plan.ts'
import type { ProcessClock } from './virtual-clock.ts'

/**
 * One life of a simulated process. Everything the process does to the outside passes here, so that it can die at any such
 * call: what it did before has happened, what its code still does afterwards reaches nobody.
 */
export class ProcessLife {
  readonly #onDeath: (insideAStep: boolean) => void
  #alive = true
  #callsToLive: number | null = null

  constructor(onDeath: (insideAStep: boolean) => void) {
    this.#onDeath = onDeath
  }

  get alive(): boolean {
    return this.#alive
  }

  /** Lets the process die at its `calls`-th call to the outside from now on; null: not after all. */
  dieAtCall(calls: number | null): void {
    this.#callsToLive = calls
  }

  /** The process calls something outside itself. */
  called(): void {
    if (this.#callsToLive === null) return
    this.#callsToLive -= 1
    if (this.#callsToLive <= 0) this.#end(true)
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

/** A process's clock that also counts as a call to the outside. */
export class MortalClock implements Clock {
  readonly #clock: ProcessClock
  readonly #life: ProcessLife
  readonly #lateMs: () => number

  /** Each timer fires `lateMs` later than it could. */
  constructor(clock: ProcessClock, life: ProcessLife, lateMs: () => number = () => 0) {
    this.#clock = clock
    this.#life = life
    this.#lateMs = lateMs
  }

  get bootId(): string {
    return this.#clock.bootId
  }

  wallMs(): number {
    this.#life.called()
    return this.#clock.wallMs()
  }

  monotonicMs(): number {
    this.#life.called()
    return this.#clock.monotonicMs()
  }

  syncState(): SyncState {
    return this.#clock.syncState()
  }

  after(delayMs: number, run: () => void): Timer {
    return this.#clock.after(delayMs + this.#lateMs(), run)
  }
}

/** How late the timers of a process are, as a machine's faults say. */
export function lateness(random: Random, faults: MachineFaults): () => number {
  const { lateTimers, lateMaxMs } = faults
  return () => (happens(random, lateTimers) ? random.below(lateMaxMs + 1) : 0)
}

/** Randomness of a process that also counts as a call to the outside. */
export function mortalRandom(random: Random, life: ProcessLife): Random {
  return {
    bytes: (count) => {
      life.called()
      return random.bytes(count)
    },
    below: (limit) => random.below(limit),
    fraction: () => random.fraction(),
  }
}
