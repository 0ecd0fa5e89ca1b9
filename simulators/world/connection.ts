import { fault } from '@meterline/shared/base/errors.ts'
import type { Fault } from '@meterline/shared/base/errors.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import type { AgentMessage, AggregatorMessage } from '@meterline/shared/wire/messages.ts'
import { edgeSessionMethod } from '@meterline/shared/wire/proto.ts'
import type { UplinkHandlers, UplinkLink } from '@meterline/agent/flow/ports.ts'
import type { FaultKind } from '../faults/fault-counts.ts'
import type { Misbehaviour } from '../faults/fault-plan.ts'
import type { EventQueue } from './event-queue.ts'
import { Pipe } from './pipe.ts'

/** The aggregator's end of a connection, as far as the link needs it. */
export interface AcceptedSession {
  onMessage(message: AgentMessage): void
  onClosed(fault: Fault): void
}

/** What the aggregator's end of a connection can do. */
export interface Answer {
  send(message: AggregatorMessage): void
  close(fault: Fault): void
  /** Nothing more is read until `resume`. */
  pause(): void
  resume(): void
}

/** What the link tells about the messages it carries. `arrived` runs before the receiver sees the message. */
export interface LinkObserver {
  note(what: string): void
  /** A fault was injected. */
  injected(kind: FaultKind): void
  sentByAgent(message: AgentMessage): void
  sentByAggregator(message: AggregatorMessage): void
  arrivedAtAgent(message: AggregatorMessage): void
}

/** Lets a test plant a defect between the two sides: what comes in goes on as this. */
export interface LinkTampering {
  toAggregator?(message: AgentMessage): readonly AgentMessage[]
  toAgent?(message: AggregatorMessage): readonly AggregatorMessage[]
}

/** How the network is at the moment, for one connection. */
export interface Weather {
  delayMs(): number
  mishap(): void
  misbehaviour(): Misbehaviour | null
}

const misbehavingConnectionMs = 5_000

/** One connection of an agent: two pipes, and what each end believes about them. */
export class Connection {
  readonly agentEnd: UplinkLink
  readonly #name: string
  readonly #queue: EventQueue
  readonly #random: Random
  readonly #observer: LinkObserver
  readonly #tampering: LinkTampering
  readonly #handlers: UplinkHandlers
  readonly #agentAlive: () => boolean
  readonly #up: Pipe
  readonly #down: Pipe
  #session: AcceptedSession | null = null
  #weather: Weather | null = null
  #agentOpen = true
  #aggregatorOpen = false
  #broken = false
  misbehaved = false

  constructor(
    agent: string,
    queue: EventQueue,
    random: Random,
    observer: LinkObserver,
    tampering: LinkTampering,
    handlers: UplinkHandlers,
    agentAlive: () => boolean,
  ) {
    this.#name = `link ${agent}`
    this.#queue = queue
    this.#random = random
    this.#observer = observer
    this.#tampering = tampering
    this.#handlers = handlers
    this.#agentAlive = agentAlive
    this.#up = new Pipe(queue, random, `${this.#name} up`, observer)
    this.#down = new Pipe(queue, random, `${this.#name} down`, observer)
    this.agentEnd = { send: (message) => this.#sendUp(message), close: () => this.#closeByAgent() }
  }

  get isOpen(): boolean {
    return this.#agentOpen && !this.#broken
  }

  /** The aggregator takes the call; what the agent said in the meantime is on its way now. False when nobody takes it. */
  connect(accept: (answer: Answer) => AcceptedSession | null, weather: Weather): boolean {
    this.#weather = weather
    const session = accept({
      send: (message) => this.#sendDown(message),
      close: (reason) => this.#closeByAggregator(reason),
      pause: () => this.#up.pause(),
      resume: () => this.#up.resume(),
    })
    if (session === null) return false
    this.#session = session
    this.#aggregatorOpen = true
    this.#up.flowTo(
      () => weather.delayMs(),
      (bytes) => this.#arriveUp(bytes),
      () => this.#roomUp(),
    )
    this.#down.flowTo(
      () => weather.delayMs(),
      (bytes) => this.#arriveDown(bytes),
      () => undefined,
    )
    return true
  }

  failAfter(delayMs: number, why: string): void {
    this.#broken = true
    this.#later(delayMs, `fails: ${why}`, () => this.#tellAgent(fault('uplink_unreachable', why)))
  }

  /** Nothing arrives any more; the two sides are told after their own delays. */
  breakOff(agentHearsAfterMs: number, aggregatorHearsAfterMs: number): void {
    if (this.#broken) return
    this.#broken = true
    this.#up.stop()
    this.#down.stop()
    const reason = fault('uplink_broken', 'the connection broke')
    if (this.#agentOpen) this.#later(agentHearsAfterMs, 'agent hears of the break', () => this.#tellAgent(reason))
    if (this.#aggregatorOpen) {
      this.#later(aggregatorHearsAfterMs, 'aggregator hears of the break', () => this.#tellAggregator(reason))
    }
  }

  agentLeft(why: string, aggregatorHearsAfterMs = 0): void {
    this.#agentOpen = false
    this.#broken = true
    this.#up.stop()
    this.#down.stop()
    if (this.#aggregatorOpen) {
      this.#later(aggregatorHearsAfterMs, why, () => this.#tellAggregator(fault('uplink_broken', why)))
    }
  }

  aggregatorLeft(agentHearsAfterMs: number): void {
    this.#aggregatorOpen = false
    this.#session = null
    if (this.#broken) return
    this.#broken = true
    this.#up.stop()
    this.#down.stop()
    this.#later(agentHearsAfterMs, 'the aggregator is gone', () =>
      this.#tellAgent(fault('uplink_broken', 'connection reset')),
    )
  }

  #sendUp(message: AgentMessage): boolean {
    if (!this.#agentAlive() || !this.#agentOpen) return true
    this.#observer.sentByAgent(message)
    for (const each of this.#tampering.toAggregator?.(message) ?? [message]) {
      if (!this.#broken)
        this.#put(this.#up, edgeSessionMethod.encodeRequest(each), this.#weather?.misbehaviour() ?? null)
    }
    this.#weather?.mishap()
    return !this.#up.full
  }

  #sendDown(message: AggregatorMessage): void {
    if (!this.#aggregatorOpen) return
    this.#observer.sentByAggregator(message)
    for (const each of this.#tampering.toAgent?.(message) ?? [message]) {
      // What agents send is signed; what comes back rests on TLS alone, so a flipped bit there proves nothing about us.
      const misbehaviour = this.#weather?.misbehaviour() ?? null
      const whole = misbehaviour === null ? null : { ...misbehaviour, corrupted: 0 }
      if (!this.#broken) this.#put(this.#down, edgeSessionMethod.encodeResponse(each), whole)
    }
    this.#weather?.mishap()
  }

  #put(pipe: Pipe, bytes: Uint8Array, misbehaviour: Misbehaviour | null): void {
    const asItShould = pipe.put(bytes, misbehaviour)
    if (asItShould || this.misbehaved) return
    this.misbehaved = true
    this.#later(this.#random.below(misbehavingConnectionMs), 'misbehaving connection breaks', () => this.breakOff(0, 0))
  }

  #arriveUp(bytes: Uint8Array): void {
    const decoded = edgeSessionMethod.decodeRequest(Buffer.from(bytes))
    if (!decoded.ok) {
      // The real server ends the call when a message cannot be read.
      this.#observer.note('the aggregator cannot read a message')
      this.breakOff(0, 0)
      return
    }
    if (this.#aggregatorOpen) this.#session?.onMessage(decoded.value)
  }

  #arriveDown(bytes: Uint8Array): void {
    const decoded = edgeSessionMethod.decodeResponse(Buffer.from(bytes))
    if (!decoded.ok) {
      this.#observer.note('the agent cannot read a message')
      this.breakOff(0, 0)
      return
    }
    if (!this.#agentOpen || !this.#agentAlive()) return
    this.#observer.arrivedAtAgent(decoded.value)
    this.#handlers.onMessage(decoded.value)
  }

  #roomUp(): void {
    if (this.#agentOpen && this.#agentAlive()) this.#handlers.onRoom()
  }

  #closeByAgent(): void {
    if (!this.#agentOpen) return
    this.#agentOpen = false
    this.#observer.note('agent closes')
    if (this.#broken) return
    // What was sent before the end still arrives; answers have nobody left to read them.
    this.#down.stop()
    this.#up.end(() => {
      this.#broken = true
      this.#tellAggregator(fault('uplink_closed', 'the agent closed the stream'))
    })
  }

  #closeByAggregator(reason: Fault): void {
    if (!this.#aggregatorOpen) return
    this.#aggregatorOpen = false
    this.#observer.note(`aggregator closes: ${reason.code}`)
    if (this.#broken) return
    this.#up.stop()
    this.#down.end(() => {
      this.#broken = true
      this.#tellAgent(reason)
    })
  }

  #tellAgent(reason: Fault): void {
    if (!this.#agentOpen || !this.#agentAlive()) return
    this.#agentOpen = false
    this.#handlers.onClosed(reason)
  }

  #tellAggregator(reason: Fault): void {
    if (!this.#aggregatorOpen) return
    this.#aggregatorOpen = false
    this.#session?.onClosed(reason)
  }

  #later(delayMs: number, what: string, run: () => void): void {
    this.#queue.at(this.#queue.nowMs + delayMs, this.#name, what, run)
  }
}
