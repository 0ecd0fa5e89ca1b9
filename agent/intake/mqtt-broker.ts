import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { Aedes } from 'aedes'
import { fault, FaultError } from '@meterline/shared/base/errors.ts'
import type { Clock, Timer } from '@meterline/shared/base/clock.ts'
import type { Log } from '@meterline/shared/base/log.ts'
import type { Random } from '@meterline/shared/base/random.ts'
import type { Intake } from '../flow/ports.ts'
import { deviceAuthenticator, type DeviceAuthenticator, type DeviceCredential } from './device-credentials.ts'
import type { DoorRule } from './door-rule.ts'
import type { AedesSide } from './mqtt-aedes-side.ts'
import { MqttConnection } from './mqtt-connection.ts'
import type { CloseReason, DoorConnection, DoorSide } from './mqtt-door-side.ts'
import { LocalForwarding } from './mqtt-forwarding.ts'
import { LocalInterest } from './mqtt-interest.ts'
import { defaultMqttLimits, type MqttLimits } from './mqtt-limits.ts'
import { openListener, type MqttAddress, type MqttListener, type OpenListener } from './mqtt-listeners.ts'
import { accessHooks, connectionOf, type AnonymousRule } from './mqtt-policy.ts'
import { QuietLog } from './mqtt-quiet-log.ts'
import { PublishRoutes, type PublishRoute } from './mqtt-routes.ts'
import { AedesDeliveries } from './mqtt-slow-path.ts'
import { isTopicPrefix, type Identity } from './mqtt-topics.ts'

/** What the MQTT door is opened with. */
export interface MqttDoorOptions {
  readonly listeners: readonly MqttListener[]
  readonly anonymous: AnonymousRule
  readonly devices: readonly DeviceCredential[]
  readonly intake: Intake
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Above the device level of every topic; `meter/v1` when left out. */
  readonly prefix?: string | undefined
  /** Mapping rules, whose topics may be published to as well; none when left out. */
  readonly rules?: readonly DoorRule[] | undefined
  /** Names that belong to somebody at another door: nobody may publish in them without a secret. */
  readonly reserved?: readonly string[] | undefined
  /** False sends telemetry through aedes, packet by packet: slower, with the same outcome. On when left out. */
  readonly fastPath?: boolean | undefined
  readonly limits?: Partial<MqttLimits> | undefined
}

/** Figures of the door for the status of the agent. */
export interface MqttDoorStatus {
  readonly connections: number
  readonly heldBytes: number
  /** Messages local subscribers were not sent because too many were on their way. */
  readonly notForwarded: number
  /** How often connections were closed, by reason. */
  readonly closed: Readonly<Partial<Record<CloseReason, number>>>
}

/** The open door. */
export interface MqttDoor {
  readonly addresses: readonly MqttAddress[]
  status(): MqttDoorStatus
  /** Publishes to local subscribers at QoS 0. Resolves when it has been handed to all of them. */
  publish(topic: string, payload: string | Uint8Array, retain: boolean): Promise<void>
  close(): Promise<void>
}

const lookEveryMs = 1_000
const looksPerLogWindow = 10
const drainTimeoutMs = 10_000

/**
 * Opens the MQTT door: an embedded aedes broker for sessions and subscriptions, with a guard and a tap in front of it
 * that takes telemetry straight to the intake. Rejects with a `FaultError` when it cannot be opened as configured.
 */
export async function openMqttDoor(options: MqttDoorOptions): Promise<MqttDoor> {
  const devices = deviceAuthenticator(options.devices, options.random)
  if (!devices.ok) throw new FaultError(devices.fault)
  const prefix = options.prefix ?? 'meter/v1'
  if (!isTopicPrefix(prefix)) {
    throw new FaultError(
      fault('mqtt_prefix_invalid', `${JSON.stringify(prefix)} cannot be the topic prefix: write it like meter/v1`),
    )
  }
  const broker = new Broker(options, prefix, devices.value)
  try {
    await broker.open(options.listeners)
  } catch (error) {
    await broker.close()
    throw error
  }
  return broker
}

class Broker implements MqttDoor, DoorSide {
  readonly intake: Intake
  readonly limits: MqttLimits
  readonly fastPath: boolean
  readonly lookEveryMs = lookEveryMs
  nowMs: number

  readonly #aedes: Aedes
  readonly #clock: Clock
  readonly #log: Log
  readonly #warnings: QuietLog
  readonly #routes: PublishRoutes
  readonly #interest: LocalInterest
  readonly #forwarding: LocalForwarding
  readonly #deliveries: AedesDeliveries
  readonly #connections = new Set<DoorConnection>()
  readonly #waiting = new Set<DoorConnection>()
  readonly #listeners: OpenListener[] = []
  readonly #closed: Partial<Record<CloseReason, number>> = {}
  #heldBytes = 0
  #looks = 0
  #timer: Timer | null = null
  #isOpen = true

  constructor(options: MqttDoorOptions, prefix: string, devices: DeviceAuthenticator) {
    this.intake = options.intake
    this.limits = { ...defaultMqttLimits, ...options.limits }
    this.fastPath = options.fastPath ?? true
    this.nowMs = options.clock.monotonicMs()
    this.#clock = options.clock
    this.#log = options.log
    this.#warnings = new QuietLog(options.log)
    const reserved = new Set(options.reserved)
    const isTaken = (device: string): boolean => devices.isRegistered(device) || reserved.has(device)
    this.#routes = new PublishRoutes(prefix, isTaken, options.rules ?? [])
    this.#interest = new LocalInterest(prefix)
    this.#deliveries = new AedesDeliveries(options.intake)
    this.#aedes = new Aedes({
      ...accessHooks({
        prefix,
        limits: this.limits,
        anonymous: options.anonymous,
        devices,
        routes: this.#routes,
        interest: this.#interest,
        deliveries: this.#deliveries,
        warnings: this.#warnings,
      }),
      drainTimeout: drainTimeoutMs,
      // Nothing reaches aedes between CONNECT and CONNACK, so its queue of early packets stays empty.
      queueLimit: 16,
      maxInflightInbound: 1_000,
      maxClientsIdLength: 64,
      maxTopicLevels: 16,
      connectTimeout: this.limits.acceptMs,
    })
    this.#forwarding = new LocalForwarding(this.#aedes, this.#interest, this.limits, prefix)
  }

  get addresses(): readonly MqttAddress[] {
    return this.#listeners.map(({ address }) => address)
  }

  async open(listeners: readonly MqttListener[]): Promise<void> {
    await this.#aedes.listen()
    this.#aedes.on('clientReady', (client) => connectionOf(client)?.ready())
    this.#aedes.on('unsubscribe', (filters, client) => {
      const connection = connectionOf(client)
      if (connection !== null) this.#forgetFilters(connection, filters)
    })
    this.#aedes.on('clientError', (client, error) =>
      this.#log.debug('mqtt client failed', { clientId: client.id, error }),
    )
    this.#aedes.on('connectionError', (_client, error) => this.#log.debug('mqtt connection failed', { error }))
    // The declared events leave this one out; without a listener it would end the process.
    const events: EventEmitter = this.#aedes
    events.on('error', (error: Error) => this.#log.error('mqtt broker failed', { error }))
    this.intake.onRoom(() => this.#onRoom())
    this.intake.onReject((reject) => this.#forwarding.reject(reject))
    for (const listener of listeners) {
      const opened = await openListener(listener, {
        mostConnections: this.limits.connections,
        handshakeMs: this.limits.connectMs,
        onSocket: (socket) => this.#onSocket(socket),
      })
      if (!opened.ok) throw new FaultError(opened.fault)
      this.#listeners.push(opened.value)
      this.#log.info('mqtt listening', opened.value.address)
    }
    this.#lookLater()
  }

  status(): MqttDoorStatus {
    return {
      connections: this.#connections.size,
      heldBytes: this.#heldBytes,
      notForwarded: this.#forwarding.dropped,
      closed: { ...this.#closed },
    }
  }

  publish(topic: string, payload: string | Uint8Array, retain: boolean): Promise<void> {
    const bytes = Buffer.from(payload)
    return new Promise((resolve, reject) => {
      this.#aedes.publish({ cmd: 'publish', topic, payload: bytes, qos: 0, dup: false, retain }, (error) => {
        if (error) reject(error)
        else resolve()
      })
    })
  }

  async close(): Promise<void> {
    this.#isOpen = false
    this.#timer?.cancel()
    for (const listener of this.#listeners) listener.close()
    for (const connection of this.#connections) connection.close('door_closed')
    await new Promise<void>((resolve) => this.#aedes.close(resolve))
  }

  handToAedes(side: AedesSide): void {
    this.#aedes.handle(side)
  }

  holdBytes(change: number): boolean {
    this.#heldBytes += change
    return this.#heldBytes <= this.limits.heldBytes
  }

  routeOf(topic: string, publisher: Identity): PublishRoute | null {
    return this.#routes.routeOf(topic, publisher)
  }

  waitForRoom(connection: DoorConnection): void {
    this.#waiting.add(connection)
  }

  isForwarded(route: PublishRoute): boolean {
    return this.#interest.inRoute(route)
  }

  forward(topic: string, payload: Buffer, qos: 0 | 1): void {
    this.#forwarding.forward(topic, payload, qos)
  }

  onClosed(connection: DoorConnection, reason: CloseReason): void {
    this.#connections.delete(connection)
    this.#waiting.delete(connection)
    this.#forgetFilters(connection, [...connection.filters])
    this.#closed[reason] = (this.#closed[reason] ?? 0) + 1
    const fields = { reason, device: connection.identity, address: connection.remoteAddress }
    if (reason === 'closed_by_client' || reason === 'closed_by_broker' || reason === 'door_closed') {
      this.#log.debug('mqtt connection closed', fields)
    } else this.#warnings.warn('mqtt connection closed', fields)
  }

  #onSocket(socket: Socket): void {
    if (!this.#isOpen || this.#connections.size >= this.limits.connections) {
      socket.destroy()
      this.#warnings.warn('mqtt connection not taken', { connections: this.#connections.size })
      return
    }
    this.#connections.add(new MqttConnection(socket, this))
  }

  /** Aedes reports what a client leaves, too, after its connection was closed here: each filter counts once. */
  #forgetFilters(connection: DoorConnection, filters: readonly string[]): void {
    for (const filter of filters) if (connection.removeFilter(filter)) this.#interest.remove(filter)
  }

  /** Those who waited longest go first; who still finds no room waits again. */
  #onRoom(): void {
    if (!this.#isOpen) return
    this.#deliveries.onRoom()
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const connection of waiting) connection.onRoom()
  }

  #lookLater(): void {
    this.#timer = this.#clock.after(lookEveryMs, () => this.#look())
  }

  /** One look at the clock for all connections is cheaper than a timer for each, and exact enough for seconds. */
  #look(): void {
    const nowMs = this.#clock.monotonicMs()
    const wasBusy = nowMs - this.nowMs > 2 * lookEveryMs
    this.nowMs = nowMs
    // After a stall of ours, what clients sent meanwhile has not been read yet: they get another look.
    if (!wasBusy) {
      for (const connection of this.#connections) {
        const reason = connection.overdue(nowMs)
        if (reason !== null) connection.close(reason)
      }
    }
    this.#looks++
    if (this.#looks % looksPerLogWindow === 0) this.#warnings.endWindow()
    this.#lookLater()
  }
}
