import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { generate, parser, type IConnectPacket, type Packet } from 'mqtt-packet'
import type { Clock, Timer } from '@meterline/shared/base/clock.ts'
import { silentLog } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import type { Acknowledger, DeliveryKind, Intake, Reject } from '../flow/ports.ts'
import { openMqttDoor, type MqttDoor, type MqttDoorOptions } from './mqtt-broker.ts'

interface Delivery {
  readonly device: string
  readonly kind: DeliveryKind
  readonly payload: string
  readonly acknowledger: Acknowledger
  readonly token: number
}

/** An intake whose commits happen when the test says so. */
export class HeldIntake implements Intake {
  /** Everything taken, in order, as `device/kind payload`. */
  readonly taken: string[] = []
  /** How many unsettled deliveries it takes. */
  capacity = Number.MAX_SAFE_INTEGER
  readonly #unsettled: Delivery[] = []
  readonly #roomListeners: (() => void)[] = []
  readonly #rejectListeners: ((reject: Reject) => void)[] = []
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = []
  #settlesAtOnce = false

  submit(device: string, kind: DeliveryKind, payload: Uint8Array, acknowledger: Acknowledger, token: number): boolean {
    if (this.#unsettled.length >= this.capacity) return false
    const text = Buffer.from(payload).toString()
    this.taken.push(`${device}/${kind} ${text.length > 100 ? `${text.length} bytes` : text}`)
    this.#unsettled.push({ device, kind, payload: text, acknowledger, token })
    for (const { count, resolve } of this.#waiting) if (this.taken.length >= count) resolve()
    if (this.#settlesAtOnce) setImmediate(() => this.settle())
    return true
  }

  onRoom(listener: () => void): void {
    this.#roomListeners.push(listener)
  }

  onReject(listener: (reject: Reject) => void): void {
    this.#rejectListeners.push(listener)
  }

  /** Resolves once `count` deliveries have been taken since the start. */
  async arrived(count: number): Promise<void> {
    if (this.taken.length >= count) return
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push({ count, resolve })
    await promise
  }

  /** One group commit of the oldest `count` deliveries; `rejectsOf` says what of each payload goes to suspense. */
  settle(
    count = this.#unsettled.length,
    outcome: 'stored' | 'unavailable' = 'stored',
    rejectsOf: (payload: string) => readonly Reject[] = () => [],
  ): void {
    const group = this.#unsettled.splice(0, count)
    for (const { acknowledger, token, payload } of group) {
      for (const reject of rejectsOf(payload)) acknowledger.rejected?.(token, reject)
      acknowledger.settled(token, outcome)
    }
    for (const acknowledger of new Set(group.map((delivery) => delivery.acknowledger))) acknowledger.flush()
  }

  /** From now on every delivery is committed at the end of the turn. */
  settleAtOnce(): void {
    this.#settlesAtOnce = true
    this.settle()
  }

  giveRoom(): void {
    for (const listener of this.#roomListeners) listener()
  }

  reject(reject: Reject): void {
    for (const listener of this.#rejectListeners) listener(reject)
  }
}

/** A clock the test moves by hand. */
export class HandClock implements Clock {
  readonly bootId = '0'.repeat(32)
  #nowMs = 1_000_000
  #timers: { readonly atMs: number; readonly run: () => void }[] = []

  wallMs(): number {
    return this.#nowMs
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  syncState(): 'synced' {
    return 'synced'
  }

  after(delayMs: number, run: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, run }
    this.#timers.push(timer)
    return { cancel: () => (this.#timers = this.#timers.filter((other) => other !== timer)) }
  }

  /** Lets time pass, in steps in which whatever comes due is run. */
  advance(ms: number, stepMs = 500): void {
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.#nowMs += stepMs
      const due = this.#timers.filter(({ atMs }) => atMs <= this.#nowMs)
      this.#timers = this.#timers.filter(({ atMs }) => atMs > this.#nowMs)
      for (const { run } of due) run()
    }
  }
}

/** A door on a free port of this machine with an intake and a clock in the test's hand. */
export interface TestDoor extends AsyncDisposable {
  readonly door: MqttDoor
  readonly intake: HeldIntake
  readonly clock: HandClock
  readonly port: number
}

export async function openTestDoor(options: Partial<MqttDoorOptions> = {}): Promise<TestDoor> {
  const intake = new HeldIntake()
  const clock = new HandClock()
  const door = await openMqttDoor({
    listeners: [{ host: '127.0.0.1', port: 0 }],
    anonymous: 'loopback',
    devices: [],
    intake,
    clock,
    random: seededRandom('door'),
    log: silentLog(),
    ...options,
  })
  const port = door.addresses[0]?.port ?? 0
  return { door, intake, clock, port, [Symbol.asyncDispose]: () => door.close() }
}

/** A client that speaks MQTT packet by packet and does nothing by itself. */
export class RawClient implements AsyncDisposable {
  readonly socket: Socket
  /** Every packet received. */
  readonly received: Packet[] = []
  readonly closed: Promise<void>
  readonly #parser = parser()
  #read = 0
  #wake: (() => void) | null = null
  #isClosed = false

  constructor(port: number) {
    this.socket = connect({ host: '127.0.0.1', port, noDelay: true })
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    this.#parser.on('packet', (packet) => {
      this.received.push(packet)
      this.#wake?.()
    })
    // Aedes answers some malformed packets with half a packet before it closes the connection.
    this.#parser.on('error', () => this.socket.destroy())
    this.socket.on('data', (chunk) => this.#parser.parse(chunk))
    // A reset shows as a close, which is what tests look at.
    this.socket.on('error', () => undefined)
    this.socket.on('close', () => {
      this.#isClosed = true
      this.#wake?.()
      resolve()
    })
  }

  /** A client that is connected and accepted. */
  static async accepted(port: number, connectFields: Partial<IConnectPacket> = {}): Promise<RawClient> {
    const client = new RawClient(port)
    client.send(connectPacket(connectFields))
    const answer = await client.next()
    if (answer.cmd !== 'connack' || answer.returnCode !== 0) throw new Error(`not accepted: ${JSON.stringify(answer)}`)
    return client
  }

  send(...packets: Packet[]): void {
    this.socket.write(Buffer.concat(packets.map((packet) => generate(packet))))
  }

  sendBytes(bytes: Uint8Array): void {
    this.socket.write(bytes)
  }

  /** Sends a PUBLISH at QoS 1, or 0 without a packet id. */
  publish(topic: string, payload: string, messageId?: number): void {
    const qos = messageId === undefined ? 0 : 1
    this.send({
      cmd: 'publish',
      topic,
      payload,
      qos,
      dup: false,
      retain: false,
      ...(messageId === undefined ? {} : { messageId }),
    })
  }

  /** The next packet not yet looked at. */
  async next(): Promise<Packet> {
    while (this.#read === this.received.length) {
      if (this.#isClosed) throw new Error('the connection was closed')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const packet = this.received[this.#read++]
    if (packet === undefined) throw new Error('no packet')
    return packet
  }

  /** Asks for a PINGRESP and returns what came before it: everything the broker had to say by now. */
  async saidBefore(): Promise<string[]> {
    this.send({ cmd: 'pingreq' })
    const before: string[] = []
    for (;;) {
      const packet = await this.next()
      if (packet.cmd === 'pingresp') return before
      before.push(described(packet))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy()
    if (!this.#isClosed) await once(this.socket, 'close')
  }
}

export function connectPacket(fields: Partial<IConnectPacket> = {}): IConnectPacket {
  return {
    cmd: 'connect',
    clientId: 'raw-1',
    clean: true,
    keepalive: 0,
    protocolId: 'MQTT',
    protocolVersion: 4,
    ...fields,
  }
}

/** A packet in a few words: `puback 7`, `publish meter/v1/d/usage {}`. */
export function described(packet: Packet): string {
  if (packet.cmd === 'publish') return `publish ${packet.topic} ${packet.payload.toString()}`
  if (packet.cmd === 'connack') return `connack ${packet.returnCode}`
  if (packet.cmd === 'suback') return `suback ${packet.granted.map(String).join(' ')}`
  return packet.messageId === undefined ? packet.cmd : `${packet.cmd} ${packet.messageId}`
}
