import type { Clock, SyncState, Timer } from '@meterline/shared/base/clock.ts'
import { assertThat } from '@meterline/shared/base/errors.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import type { CatalogueInForce } from './catalogue-in-force.ts'

/**
 * What a tenant takes the time from: the clock of the machine, but for a test tenant an instant that stands still until
 * somebody moves it on. Timers, which only say when work is done, run by the machine for everybody.
 */
export class TenantClock implements Clock {
  readonly #machine: Clock
  #standsAtMs: number | null = null
  #isMoving = false

  constructor(machine: Clock) {
    this.#machine = machine
  }

  /** Whether the tenant is one with a clock of its own. */
  get isOwn(): boolean {
    return this.#standsAtMs !== null
  }

  get bootId(): string {
    return this.#machine.bootId
  }

  wallMs(): number {
    return this.#standsAtMs ?? this.#machine.wallMs()
  }

  monotonicMs(): number {
    return this.#machine.monotonicMs()
  }

  syncState(): SyncState {
    return this.#machine.syncState()
  }

  after(delayMs: number, run: () => void): Timer {
    return this.#machine.after(delayMs, run)
  }

  /** Puts it to an instant (epoch milliseconds), from which on it is the tenant's own. It never goes back. */
  standAt(atMs: number): void {
    assertThat(atMs >= (this.#standsAtMs ?? atMs), 'the clock of a test tenant never goes back')
    this.#standsAtMs = atMs
  }

  /** Lets one caller at a time move it through what falls due on the way; null while another does. */
  async moving<Value>(move: () => Promise<Value>): Promise<Value | null> {
    if (this.#isMoving) return null
    this.#isMoving = true
    try {
      return await move()
    } finally {
      this.#isMoving = false
    }
  }
}

/** The clock of a test tenant stands where it was moved to last, and before that where its books began. */
export function standClock(
  clock: TenantClock,
  inForce: CatalogueInForce | null,
  { catalogues, testClock }: TenantStore,
): void {
  if (inForce?.catalogue.file.test !== true) return
  clock.standAt(testClock.latest()?.toMs ?? catalogues.first()?.appliedMs ?? clock.wallMs())
}
