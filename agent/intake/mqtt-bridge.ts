import { backoffDelayMs } from '@meterline/shared/base/backoff.ts'
import type { Clock, Timer } from '@meterline/shared/base/clock.ts'
import { FaultError } from '@meterline/shared/base/errors.ts'
import type { Log } from '@meterline/shared/base/log.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import type { BridgeConfig } from '../config/bridges.ts'
import type { Intake } from '../flow/ports.ts'
import { BridgeConnection, type BridgeCounts, type BridgeSide } from './mqtt-bridge-connection.ts'
import { bridgeFault, type BridgeFault } from './mqtt-bridge-faults.ts'
import type { BridgeProtocolVersion } from './mqtt-bridge-publish.ts'
import { BridgeRoutes } from './mqtt-bridge-routes.ts'
import { openBridgeSession, type BridgeSession } from './mqtt-bridge-session.ts'
import { brokerAddress, openBrokerSocket, tlsProblem, type BrokerAddress } from './mqtt-bridge-socket.ts'
import { QuietLog } from './mqtt-quiet-log.ts'

/** A bridge as `status` shows it. */
export interface BridgeStatus extends Readonly<BridgeCounts> {
  readonly name: string
  readonly url: string
  /** `waiting`: not connected, another attempt follows. */
  readonly state: 'connecting' | 'subscribing' | 'open' | 'waiting' | 'closed'
  /** Why it is not open, or what is missing although it is. */
  readonly fault: BridgeFault | null
  /** Connections the broker accepted since the start. */
  readonly connections: number
  /** How often the broker had forgotten the session of the connection before, with whatever it held for it. */
  readonly sessionsLost: number
  /** Deliveries that are with the intake and not acknowledged yet. */
  readonly unsettled: number
}

/** What bridges stand on. */
export interface BridgeParts {
  /** Distinguishes the sessions of several agents at one broker. */
  readonly agent: string
  readonly intake: Intake
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
}

/** The bridges of an agent. */
export interface OpenBridges {
  status(): readonly BridgeStatus[]
  /** Takes leave of every broker, which keeps the sessions. */
  close(): Promise<void>
}

const retry = { baseMs: 500, capMs: 30_000 }
/** A connection that lasted so long, or acknowledged something, was a good one: attempts are counted anew. */
const goodAfterMs = 10_000
const leaveMs = 1_000
const logWindowMs = 60_000

/**
 * Starts the bridges. They connect and reconnect by themselves, for as long as the agent runs. Throws a `FaultError`
 * when one has certificate files that cannot be used.
 */
export function openBridges(configs: readonly BridgeConfig[], parts: BridgeParts): OpenBridges {
  const bridges = configs.map((config) => new Bridge(config, parts))
  for (const bridge of bridges) bridge.start()
  parts.intake.onRoom(() => {
    for (const bridge of bridges) bridge.onRoom()
  })
  return {
    status: () => bridges.map((bridge) => bridge.status()),
    close: async () => void (await Promise.all(bridges.map((bridge) => bridge.close()))),
  }
}

class Bridge implements BridgeSide {
  readonly intake: Intake
  readonly routes: BridgeRoutes
  readonly protocolVersion: BridgeProtocolVersion
  readonly counts: BridgeCounts = { received: 0, acknowledged: 0, lossy: 0, repeated: 0, retained: 0, unmatched: 0 }

  readonly #config: BridgeConfig
  readonly #parts: BridgeParts
  readonly #address: BrokerAddress
  readonly #warnings: QuietLog
  #state: BridgeStatus['state'] = 'connecting'
  #fault: BridgeFault | null = null
  #loggedFault: string | null = null
  #connections = 0
  #sessionsLost = 0
  #attempt = 0
  #connection: BridgeConnection | null = null
  #session: BridgeSession | null = null
  #ended: ((fault: BridgeFault) => void) | null = null
  #wake: (() => void) | null = null
  readonly #stop = new AbortController()
  #logWindow: Timer | null = null
  #running: Promise<void> = Promise.resolve()

  constructor(config: BridgeConfig, parts: BridgeParts) {
    this.intake = parts.intake
    this.routes = new BridgeRoutes(config.name, config.subscriptions)
    this.protocolVersion = config.protocolVersion
    this.#config = config
    this.#parts = parts
    this.#address = brokerAddress(config.url, config.tls)
    this.#warnings = new QuietLog(parts.log)
    const problem = tlsProblem(this.#address)
    if (problem !== null) throw new FaultError({ ...problem, message: `bridge ${config.name}: ${problem.message}` })
  }

  start(): void {
    this.#running = this.#run()
    this.#endLogWindow()
  }

  status(): BridgeStatus {
    const { name, url } = this.#config
    return {
      name,
      url,
      state: this.#state,
      fault: this.#fault,
      connections: this.#connections,
      sessionsLost: this.#sessionsLost,
      unsettled: this.#connection?.unsettled ?? 0,
      ...this.counts,
    }
  }

  onRoom(): void {
    this.#connection?.onRoom()
  }

  onUnmatched(topic: string): void {
    const { name } = this.#config
    this.#warnings.warn('bridge message matches no subscription', { bridge: name, topic: topic.slice(0, 200) })
  }

  onClosed(fault: BridgeFault): void {
    this.#ended?.(fault)
  }

  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#logWindow?.cancel()
    this.#stop.abort()
    this.#wake?.()
    this.#session?.close()
    const connection = this.#connection
    const givenUp = this.#parts.clock.after(leaveMs, () => {
      connection?.close(bridgeFault('bridge_closed', 'the broker did not close the connection'))
    })
    await this.#running
    givenUp.cancel()
  }

  /** Connects again and again until the bridge is closed. */
  async #run(): Promise<void> {
    while (!this.#isClosed()) {
      this.#state = 'connecting'
      const fault = await this.#connectOnce()
      if (this.#isClosed()) return
      this.#state = 'waiting'
      this.#report(fault)
      await this.#pause(backoffDelayMs(this.#attempt, this.#parts.random, retry))
      this.#attempt++
    }
  }

  /** One connection from its beginning to its end, which is never good news. */
  async #connectOnce(): Promise<BridgeFault> {
    const { clock } = this.#parts
    const opened = await openBrokerSocket(this.#address, clock, this.#stop.signal)
    if (!opened.ok) return opened.fault
    const { promise, resolve } = Promise.withResolvers<BridgeFault>()
    this.#ended = resolve
    const connection = new BridgeConnection(opened.value, this)
    this.#connection = connection
    const startedMs = clock.monotonicMs()
    const acknowledgedBefore = this.counts.acknowledged
    if (this.#isClosed()) connection.close(bridgeFault('bridge_closed', 'the agent is stopping'))
    else this.#session = this.#openSession(connection)
    const fault = await promise
    this.#session = null
    this.#connection = null
    this.#ended = null
    const wasGood = this.counts.acknowledged > acknowledgedBefore || clock.monotonicMs() - startedMs >= goodAfterMs
    if (wasGood) this.#attempt = 0
    return fault
  }

  #openSession(connection: BridgeConnection): BridgeSession {
    const { clientId, name, subscriptions } = this.#config
    const options = { ...this.#config, clientId: clientId ?? `meterline-${this.#parts.agent}-${name}` }
    return openBridgeSession(connection.stream, options, {
      onConnected: (resumed) => this.#onConnected(resumed),
      onSubscribed: (granted) => {
        if (this.#isClosed()) return
        const refused = subscriptions.filter((_, index) => granted[index] !== 1)
        this.#state = 'open'
        this.#fault = refused.length === 0 ? null : subscriptionsRefused(refused.map(({ topic }) => topic))
        if (this.#fault === null) this.#parts.log.info('bridge open', { bridge: name, url: this.#config.url })
        else if (refused.length === subscriptions.length) connection.close(this.#fault)
        else this.#report(this.#fault)
        if (this.#fault === null) this.#loggedFault = null
      },
      onFailed: (fault) => connection.close(fault),
    })
  }

  #onConnected(resumed: boolean): void {
    if (this.#isClosed()) return
    this.#state = 'subscribing'
    if (this.#connections > 0 && !resumed) {
      this.#sessionsLost++
      this.#warnings.warn('bridge session lost: what the broker held for it is gone', { bridge: this.#config.name })
    }
    this.#connections++
  }

  /** Says once why a bridge is not as it ought to be, not at every attempt. */
  #report(fault: BridgeFault): void {
    this.#fault = fault
    if (fault.code === this.#loggedFault) return
    this.#loggedFault = fault.code
    this.#parts.log.warn('bridge not as it ought to be', { bridge: this.#config.name, ...fault })
  }

  async #pause(delayMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = this.#parts.clock.after(delayMs, resolve)
    this.#wake = resolve
    await promise
    this.#wake = null
    timer.cancel()
  }

  #isClosed(): boolean {
    return this.#state === 'closed'
  }

  #endLogWindow(): void {
    this.#warnings.endWindow()
    this.#logWindow = this.#parts.clock.after(logWindowMs, () => this.#endLogWindow())
  }
}

function subscriptionsRefused(topics: readonly string[]): BridgeFault {
  const message = `the broker did not grant ${topics.join(', ')} at QoS 1: see its access rules; asked again at the next connection`
  return bridgeFault('bridge_subscription_refused', message)
}
