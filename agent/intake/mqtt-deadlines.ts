import type { CloseReason } from './mqtt-door-side.ts'
import type { MqttLimits } from './mqtt-limits.ts'

/** How far a client has come: before its CONNECT, before its CONNACK, after it. */
export type ClientStage = 'new' | 'connecting' | 'ready'

/**
 * What one client is given time for. Times are monotonic milliseconds as of the last look at the clock, so that taking
 * one costs nothing; every deadline is therefore one look later than it says, never earlier.
 */
export class ClientDeadlines {
  readonly #limits: MqttLimits
  readonly #lookEveryMs: number
  #stage: ClientStage = 'new'
  #stageSinceMs: number
  #heardMs: number
  #unreadSinceMs: number | null = null
  #keepaliveMs = 0

  constructor(limits: MqttLimits, lookEveryMs: number, nowMs: number) {
    this.#limits = limits
    this.#lookEveryMs = lookEveryMs
    this.#stageSinceMs = nowMs
    this.#heardMs = nowMs
  }

  /** The client has not read what was written to it. */
  get isUnread(): boolean {
    return this.#unreadSinceMs !== null
  }

  /** How long the client may be silent, as its CONNECT asked for; 0: for ever. */
  expectEvery(keepaliveMs: number): void {
    this.#keepaliveMs = keepaliveMs
  }

  enter(stage: ClientStage, nowMs: number): void {
    this.#stage = stage
    this.#stageSinceMs = nowMs
    this.#heardMs = nowMs
  }

  heard(nowMs: number): void {
    this.#heardMs = nowMs
  }

  unread(nowMs: number): void {
    this.#unreadSinceMs ??= nowMs
  }

  drained(): void {
    this.#unreadSinceMs = null
  }

  /** Which deadline has passed, if any. A client that is not being read cannot be heard and is not held to be silent. */
  passed(nowMs: number, isBeingRead: boolean): CloseReason | null {
    const { connectMs, acceptMs, drainMs } = this.#limits
    const lateMs = nowMs - this.#lookEveryMs
    const stageMs = lateMs - this.#stageSinceMs
    if (this.#stage === 'new') return stageMs > connectMs ? 'connect_too_late' : null
    if (this.#stage === 'connecting') return stageMs > acceptMs ? 'connect_not_accepted_in_time' : null
    if (this.#unreadSinceMs !== null) return lateMs - this.#unreadSinceMs > drainMs ? 'client_does_not_read' : null
    if (this.#keepaliveMs === 0 || !isBeingRead) return null
    return lateMs - this.#heardMs > this.#keepaliveMs ? 'keepalive_missed' : null
  }
}
