import type { Random } from '@meterline/shared/base/random.ts'
import { happens } from '../faults/fault-plan.ts'
import type { FaultKind } from '../faults/fault-counts.ts'
import type { DeviceFaults } from '../faults/fault-plan.ts'
import type { Publish } from '../oracle/published.ts'
import type { EventQueue } from './event-queue.ts'

/** An agent's door as a device sees it. `open` gives null while nobody listens there. */
export interface Door {
  readonly agent: string
  open(device: string, client: DoorClient): DoorConnection | null
}

/** What the door tells a connected client. Called at the door's time; the client adds the way through the network. */
export interface DoorClient {
  puback(token: number): void
  closed(): void
}

/** One client's connection at the door. */
export interface DoorConnection {
  publish(publish: Publish, token: number): void
  close(): void
}

const mostInFlight = 64
const reconnectMaxMs = 15_000
const networkMaxMs = 80

/**
 * An MQTT 3.1.1 client that publishes at QoS 1 over a network that breaks: what has no PUBACK when the connection ends is
 * published again, in order and with the same bytes, on the next one (section 4.4), if need be at another agent.
 */
export class Device {
  readonly id: string
  readonly #queue: EventQueue
  readonly #random: Random
  readonly #doors: readonly Door[]
  readonly #injected: (kind: FaultKind) => void
  #faults: DeviceFaults
  #doorIndex: number
  readonly #waiting: Publish[] = []
  readonly #inFlight = new Map<number, Publish>()
  #session: Session | null = null
  #connecting = false
  #nextToken = 1

  constructor(
    id: string,
    options: {
      queue: EventQueue
      random: Random
      doors: readonly Door[]
      home: number
      faults: DeviceFaults
      /** Told of every fault that is injected here. */
      injected: (kind: FaultKind) => void
    },
  ) {
    this.id = id
    this.#queue = options.queue
    this.#random = options.random
    this.#doors = options.doors
    this.#doorIndex = options.home
    this.#faults = options.faults
    this.#injected = options.injected
  }

  set faults(faults: DeviceFaults) {
    this.#faults = faults
  }

  /** Publishes that have no PUBACK yet. */
  get unacknowledged(): number {
    return this.#waiting.length + this.#inFlight.size
  }

  publish(publish: Publish): void {
    this.#waiting.push(publish)
    if (this.#session === null) this.#connectSoon(0)
    else this.#sendWaiting(this.#session)
    if (happens(this.#random, this.#faults.breaks) && this.#session !== null) {
      this.#injected('device-break')
      this.#session.breakNow()
    }
  }

  /** Waits for what is in flight elsewhere; leaves the door. */
  disconnect(): void {
    this.#session?.breakNow()
  }

  #connectSoon(delayMs: number): void {
    if (this.#connecting) return
    this.#connecting = true
    this.#queue.at(this.#queue.nowMs + delayMs, this.#owner, 'connects', () => this.#connect())
  }

  #connect(): void {
    this.#connecting = false
    if (happens(this.#random, this.#faults.roaming)) {
      this.#injected('device-roams')
      this.#doorIndex = (this.#doorIndex + 1) % this.#doors.length
    }
    const door = this.#doors[this.#doorIndex]
    if (door === undefined) return
    const session = new Session(this.#queue, this.#random, this.#owner, {
      puback: (token) => this.#settle(session, token),
      closed: () => this.#lost(session),
    })
    if (!session.open(door, this.id)) {
      this.#connectSoon(500 + this.#random.below(reconnectMaxMs))
      return
    }
    this.#session = session
    for (const [token, publish] of this.#inFlight) session.send(publish, token)
    this.#sendWaiting(session)
  }

  #sendWaiting(session: Session): void {
    while (this.#inFlight.size < mostInFlight) {
      const publish = this.#waiting.shift()
      if (publish === undefined) return
      const token = this.#nextToken
      this.#nextToken += 1
      this.#inFlight.set(token, publish)
      session.send(publish, token)
    }
  }

  #settle(session: Session, token: number): void {
    if (session !== this.#session) return
    this.#inFlight.delete(token)
    this.#sendWaiting(session)
  }

  #lost(session: Session): void {
    if (session !== this.#session) return
    this.#session = null
    if (this.unacknowledged > 0) this.#connectSoon(100 + this.#random.below(reconnectMaxMs))
  }

  get #owner(): string {
    return `device ${this.id}`
  }
}

/** One connection of a client: bytes in both directions arrive in order and late, or not at all once it broke. */
class Session {
  readonly #queue: EventQueue
  readonly #random: Random
  readonly #owner: string
  readonly #client: DoorClient
  #connection: DoorConnection | null = null
  #open = true
  #lastSentMs = 0
  #lastUpMs = 0
  #lastDownMs = 0

  constructor(queue: EventQueue, random: Random, owner: string, client: DoorClient) {
    this.#queue = queue
    this.#random = random
    this.#owner = owner
    this.#client = client
  }

  open(door: Door, device: string): boolean {
    this.#connection = door.open(device, {
      puback: (token) => {
        this.#lastDownMs = this.#carry(this.#lastDownMs, 'PUBACK arrives', () => this.#client.puback(token))
      },
      closed: () => {
        this.#lastDownMs = this.#carry(this.#lastDownMs, 'connection ends', () => this.#end())
      },
    })
    return this.#connection !== null
  }

  send(publish: Publish, token: number): void {
    // What is sent in one go travels in one piece.
    const { nowMs } = this.#queue
    const withLast = this.#lastSentMs === nowMs && this.#lastUpMs > nowMs ? this.#lastUpMs : null
    this.#lastSentMs = nowMs
    const arrive = (): void => this.#connection?.publish(publish, token)
    this.#lastUpMs = this.#carry(this.#lastUpMs, 'PUBLISH arrives', arrive, withLast)
  }

  breakNow(): void {
    if (!this.#open) return
    this.#connection?.close()
    this.#end()
  }

  #end(): void {
    if (!this.#open) return
    this.#open = false
    this.#client.closed()
  }

  #carry(lastMs: number, what: string, run: () => void, givenMs: number | null = null): number {
    const atMs = givenMs ?? Math.max(lastMs, this.#queue.nowMs + 1 + this.#random.below(networkMaxMs))
    this.#queue.at(atMs, this.#owner, what, () => {
      if (this.#open) run()
    })
    return atMs
  }
}
