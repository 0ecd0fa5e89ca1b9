import type { Clock, SyncState, Timer } from '@meterline/shared/base/clock.ts'
import type { EventQueue, Pending } from './event-queue.ts'

/** The oscillator and the wall clock of one simulated machine. They outlive its processes. */
export class MachineClock {
  readonly #queue: EventQueue
  #bootId: string
  #bootedAtMs: number
  #wallOffsetMs: number
  #syncState: SyncState
  /** How much faster than true time the machine's clocks run, in parts per million. */
  readonly #fastPpm: number
  #ratedFromMs: number

  constructor(
    queue: EventQueue,
    options: { bootId: string; wallOffsetMs: number; fastPpm: number; syncState: SyncState },
  ) {
    this.#queue = queue
    this.#bootId = options.bootId
    this.#wallOffsetMs = options.wallOffsetMs
    this.#fastPpm = options.fastPpm
    this.#syncState = options.syncState
    this.#bootedAtMs = queue.nowMs
    this.#ratedFromMs = queue.nowMs
  }

  get bootId(): string {
    return this.#bootId
  }

  get syncState(): SyncState {
    return this.#syncState
  }

  monotonicMs(): number {
    return this.#machineMs(this.#queue.nowMs - this.#bootedAtMs)
  }

  wallMs(): number {
    return this.#ratedFromMs + this.#machineMs(this.#queue.nowMs - this.#ratedFromMs) + this.#wallOffsetMs
  }

  /** True time after which at least `machineMs` have passed on this machine. */
  trueMsFor(machineMs: number): number {
    return Math.ceil((machineMs * 1_000_000) / (1_000_000 + this.#fastPpm))
  }

  /** The wall clock jumps; the monotonic one does not. */
  step(deltaMs: number, syncState: SyncState): void {
    this.#wallOffsetMs += deltaMs
    this.#syncState = syncState
  }

  /** The machine starts anew: monotonic time counts from zero under another boot id. */
  reboot(bootId: string, syncState: SyncState): void {
    this.#bootId = bootId
    this.#bootedAtMs = this.#queue.nowMs
    this.#syncState = syncState
  }

  #machineMs(trueMs: number): number {
    return Math.floor((trueMs * (1_000_000 + this.#fastPpm)) / 1_000_000)
  }
}

/** What one process of a machine sees as its clock. When the process is killed its timers are gone, silently. */
export class ProcessClock implements Clock {
  readonly bootId: string
  readonly #machine: MachineClock
  readonly #queue: EventQueue
  readonly #owner: string
  readonly #pending = new Set<Pending>()
  #alive = true

  constructor(machine: MachineClock, queue: EventQueue, owner: string) {
    this.bootId = machine.bootId
    this.#machine = machine
    this.#queue = queue
    this.#owner = owner
  }

  /** Timers that are still to fire. */
  get pendingTimers(): number {
    return this.#pending.size
  }

  wallMs(): number {
    return this.#machine.wallMs()
  }

  monotonicMs(): number {
    return this.#machine.monotonicMs()
  }

  syncState(): SyncState {
    return this.#machine.syncState
  }

  after(delayMs: number, run: () => void): Timer {
    if (!this.#alive) return { cancel: () => undefined }
    if (!(delayMs >= 0)) throw new Error(`a timer cannot wait for ${delayMs} ms`)
    const dueMs = this.#queue.nowMs + this.#machine.trueMsFor(delayMs)
    const pending = this.#queue.at(dueMs, this.#owner, 'timer', () => {
      this.#pending.delete(pending)
      run()
    })
    this.#pending.add(pending)
    return {
      cancel: () => {
        pending.cancel()
        this.#pending.delete(pending)
      },
    }
  }

  /** The process is gone: nothing it waited for happens, and nothing it still asks for will. */
  kill(): void {
    this.#alive = false
    for (const pending of this.#pending) pending.cancel()
    this.#pending.clear()
  }
}
