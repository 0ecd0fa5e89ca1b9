import type { Random } from '@meterline/shared/base/random.ts'
import type { OpenUplink } from '@meterline/agent/flow/ports.ts'
import { happens } from '../faults/fault-plan.ts'
import type { LinkFaults } from '../faults/fault-plan.ts'
import { Connection } from './connection.ts'
import type { AcceptedSession, Answer, LinkObserver, LinkTampering } from './connection.ts'
import type { EventQueue } from './event-queue.ts'

/** How the link reaches whoever listens at the aggregator's address; null while nobody does. */
export type Accept = (agent: string, answer: Answer) => AcceptedSession | null

const connectTimeoutMs = 20_000
const keepaliveMs = 30_000

/**
 * The network between one agent and the aggregator. A connection carries messages in order and whole until it breaks,
 * as a gRPC stream does; messages cross it as the bytes of the real protocol. What is under way at a break is lost, and
 * each side hears of it at its own time, if need be only from its keepalive.
 */
export class EdgeLink {
  readonly #agent: string
  readonly #queue: EventQueue
  readonly #random: Random
  readonly #observer: LinkObserver
  readonly #accept: Accept
  readonly #tampering: LinkTampering
  #faults: LinkFaults
  #partition: 'none' | 'refusing' | 'silent' = 'none'
  #connection: Connection | null = null

  constructor(options: {
    agent: string
    queue: EventQueue
    random: Random
    faults: LinkFaults
    observer: LinkObserver
    accept: Accept
    tampering?: LinkTampering
  }) {
    this.#agent = options.agent
    this.#queue = options.queue
    this.#random = options.random
    this.#faults = options.faults
    this.#observer = options.observer
    this.#accept = options.accept
    this.#tampering = options.tampering ?? {}
  }

  get faults(): LinkFaults {
    return this.#faults
  }

  set faults(faults: LinkFaults) {
    this.#faults = faults
    // A connection on which a message was lost is healed by nothing but a new one.
    if (faults.misbehaviour === null && this.#connection?.misbehaved === true)
      this.breakNow('misbehaving connection given up')
  }

  get connected(): boolean {
    return this.#connection?.isOpen ?? false
  }

  /** The port that the agent's process is given; `alive` is false once that process has been killed. */
  opener(alive: () => boolean): OpenUplink {
    return (handlers) => {
      const connection = new Connection(
        this.#agent,
        this.#queue,
        this.#random,
        this.#observer,
        this.#tampering,
        handlers,
        alive,
      )
      if (!alive()) return connection.agentEnd
      // gRPC would allow several streams, but the agent is meant to have one; the world keeps an eye on the newest.
      this.#connection?.agentLeft('another stream was opened')
      this.#connection = connection
      this.#observer.note('connects')
      this.#queue.at(this.#queue.nowMs + this.#delayMs(), this.#name, 'connect', () => this.#connect(connection))
      return connection.agentEnd
    }
  }

  /** From now on connections fail: by refusal, or by silence. An open one breaks the same way. */
  partition(kind: 'refusing' | 'silent'): void {
    this.#partition = kind
    this.#observer.note(`partition (${kind})`)
    this.#connection?.breakOff(kind === 'silent' ? keepaliveMs : 0, kind === 'silent' ? keepaliveMs : 0)
  }

  heal(): void {
    this.#partition = 'none'
    this.#observer.note('partition heals')
  }

  /** The connection is gone and both sides hear of it soon. */
  breakNow(why: string): void {
    if (this.#connection?.isOpen !== true) return
    this.#observer.note(`breaks: ${why}`)
    this.#connection.breakOff(this.#delayMs(), this.#delayMs())
  }

  /** The agent's process is gone: its socket is reset by the operating system, or silent when the machine went down too. */
  agentDied(machineToo: boolean): void {
    this.#connection?.agentLeft('the agent is gone', machineToo ? keepaliveMs : this.#delayMs())
  }

  aggregatorDied(machineToo: boolean): void {
    this.#connection?.aggregatorLeft(machineToo ? keepaliveMs : this.#delayMs())
  }

  get #name(): string {
    return `link ${this.#agent}`
  }

  #delayMs(): number {
    const { minDelayMs, maxDelayMs } = this.#faults
    return minDelayMs + this.#random.below(Math.max(1, maxDelayMs - minDelayMs + 1))
  }

  #connect(connection: Connection): void {
    if (!connection.isOpen) return
    if (this.#partition === 'silent') {
      connection.failAfter(connectTimeoutMs, 'the connection attempt timed out')
      return
    }
    const refused = this.#partition === 'none' && happens(this.#random, this.#faults.refusedConnects)
    if (refused) this.#observer.injected('refused-connect')
    if (this.#partition === 'refusing' || refused) {
      connection.failAfter(this.#delayMs(), 'the connection was refused')
      return
    }
    const accepted = connection.connect((answer) => this.#accept(this.#agent, answer), {
      delayMs: () => this.#delayMs(),
      mishap: () => this.#mishap(connection),
      misbehaviour: () => this.#faults.misbehaviour,
    })
    if (!accepted) connection.failAfter(this.#delayMs(), 'nobody listens')
  }

  /** Called for every message that is sent: whether the connection breaks now. */
  #mishap(connection: Connection): void {
    if (!happens(this.#random, this.#faults.breaks)) return
    this.#observer.injected('link-break')
    const silent = happens(this.#random, this.#faults.silentBreaks)
    this.#observer.note(silent ? 'breaks silently' : 'breaks')
    if (silent) connection.breakOff(this.#random.below(keepaliveMs), this.#random.below(keepaliveMs))
    else connection.breakOff(this.#delayMs(), this.#delayMs())
  }
}
