import type { Clock, SyncState, Timer } from '@meterline/shared/base/clock.ts'

interface Due {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

/** A clock that only moves when a test moves it; timers run in the order they are due, then in the order they were set. */
export class VirtualClock implements Clock {
  readonly bootId = '0123456789abcdef0123456789abcdef'
  #nowMs = 1_000
  #wallOffsetMs = 1_760_000_000_000
  #order = 0
  readonly #due = new Set<Due>()

  wallMs(): number {
    return this.#nowMs + this.#wallOffsetMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  syncState(): SyncState {
    return 'synced'
  }

  after(delayMs: number, run: () => void): Timer {
    const due = { atMs: this.#nowMs + delayMs, order: this.#order++, run }
    this.#due.add(due)
    return { cancel: () => void this.#due.delete(due) }
  }

  /** Timers that are set and have not run. */
  get pending(): number {
    return this.#due.size
  }

  /** Lets time pass and runs what falls due on the way, also what that sets. */
  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs
    for (let next = this.#next(untilMs); next !== undefined; next = this.#next(untilMs)) {
      this.#due.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      next.run()
    }
    this.#nowMs = untilMs
  }

  /** Runs one timer that is due within `byMs`; false when there is none. */
  step(byMs: number): boolean {
    const next = this.#next(this.#nowMs + byMs)
    if (next === undefined) return false
    this.#due.delete(next)
    this.#nowMs = Math.max(this.#nowMs, next.atMs)
    next.run()
    return true
  }

  /** The wall clock jumps. */
  stepWall(byMs: number): void {
    this.#wallOffsetMs += byMs
  }

  #next(untilMs: number): Due | undefined {
    let first: Due | undefined
    for (const due of this.#due) {
      if (due.atMs > untilMs) continue
      if (first === undefined || due.atMs < first.atMs || (due.atMs === first.atMs && due.order < first.order))
        first = due
    }
    return first
  }
}
