import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { generate, parser, type IConnackPacket, type Packet } from 'mqtt-packet'
import { silentLog, type Log } from '@meterline/shared/base/log.ts'
import { seededRandom } from '@meterline/shared/base/random.ts'
import { bridgesSchema, type BridgeConfig } from '../config/bridges.ts'
import { described, HandClock, HeldIntake } from './intake-for-tests.ts'
import { openBridges, type BridgeStatus, type OpenBridges } from './mqtt-bridge.ts'

type Version = 4 | 5

/** A broker that speaks packet by packet and does nothing by itself. */
export class ScriptedBroker implements AsyncDisposable {
  readonly #server: Server
  readonly #peers: BrokerPeer[] = []
  #taken = 0
  #wake: (() => void) | null = null

  private constructor(version: Version) {
    this.#server = createServer({ noDelay: true }, (socket) => {
      this.#peers.push(new BrokerPeer(socket, version))
      this.#wake?.()
    })
  }

  static async listening(version: Version): Promise<ScriptedBroker> {
    const broker = new ScriptedBroker(version)
    broker.#server.listen(0, '127.0.0.1')
    await once(broker.#server, 'listening')
    return broker
  }

  get url(): string {
    const address = this.#server.address()
    return `mqtt://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  }

  /** The next connection, before it has said anything. */
  async connection(): Promise<BrokerPeer> {
    for (;;) {
      const peer = this.#peers[this.#taken]
      if (peer !== undefined) {
        this.#taken += 1
        return peer
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** The next connection, accepted and with every subscription granted at QoS 1. */
  async accepted(sessionPresent = false): Promise<BrokerPeer> {
    const peer = await this.connection()
    await peer.accept(sessionPresent)
    const subscribe = await peer.next()
    if (subscribe.cmd !== 'subscribe') throw new Error(`no SUBSCRIBE but ${subscribe.cmd}`)
    const { messageId = 0, subscriptions } = subscribe
    peer.send({ cmd: 'suback', messageId, granted: subscriptions.map(() => 1) })
    return peer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.#peers) peer.socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

/** One connection of a bridge to the scripted broker. */
export class BrokerPeer {
  readonly socket: Socket
  readonly closed: Promise<unknown>
  /** Bytes received in pieces, as they came. */
  readonly chunks: Buffer[] = []
  readonly #version: Version
  readonly #received: Packet[] = []
  #read = 0
  #wake: (() => void) | null = null
  #isClosed = false

  constructor(socket: Socket, version: Version) {
    this.socket = socket
    this.#version = version
    this.closed = once(socket, 'close')
    const packets = parser({ protocolVersion: version })
    packets.on('packet', (packet) => {
      this.#received.push(packet)
      this.#wake?.()
    })
    socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk)
      packets.parse(chunk)
    })
    // A reset shows as a close, which is what tests look at.
    socket.on('error', () => undefined)
    socket.on('close', () => {
      this.#isClosed = true
      this.#wake?.()
    })
  }

  /** Reads the CONNECT and answers it. */
  async accept(sessionPresent = false): Promise<Packet> {
    const connect = await this.next()
    this.connack(0, sessionPresent)
    return connect
  }

  connack(code: number, sessionPresent = false): void {
    const answer: IConnackPacket = { cmd: 'connack', sessionPresent, returnCode: code, reasonCode: code }
    this.send(answer)
  }

  send(...packets: Packet[]): void {
    this.sendBytes(Buffer.concat(packets.map((packet) => generate(packet, { protocolVersion: this.#version }))))
  }

  sendBytes(bytes: Uint8Array): void {
    this.socket.write(bytes)
  }

  /** Sends a message at QoS 1, or 0 without a packet id. */
  publish(topic: string, payload: string, messageId?: number, flags: { retain?: boolean; dup?: boolean } = {}): void {
    this.send({
      cmd: 'publish',
      topic,
      payload,
      qos: messageId === undefined ? 0 : 1,
      dup: flags.dup ?? false,
      retain: flags.retain ?? false,
      ...(messageId === undefined ? {} : { messageId }),
    })
  }

  /** The next packet not yet looked at. */
  async next(): Promise<Packet> {
    while (this.#read === this.#received.length) {
      if (this.#isClosed) throw new Error('the connection was closed')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const packet = this.#received[this.#read++]
    if (packet === undefined) throw new Error('no packet')
    return packet
  }

  /** The next packets, in a few words each. */
  async said(count: number): Promise<readonly string[]> {
    const words: string[] = []
    while (words.length < count) words.push(described(await this.next()))
    return words
  }

  /** How many packets have come that nobody looked at. */
  get unread(): number {
    return this.#received.length - this.#read
  }
}

/** One bridge to a scripted broker, with an intake and a clock in the test's hand. */
export interface TestBridge extends AsyncDisposable {
  readonly broker: ScriptedBroker
  readonly bridges: OpenBridges
  readonly intake: HeldIntake
  readonly clock: HandClock
  status(): BridgeStatus
}

export async function openTestBridge(
  fields: Partial<Omit<BridgeConfig, 'protocolVersion'>> & { protocolVersion?: Version } = {},
  log: Log = silentLog(),
): Promise<TestBridge> {
  const broker = await ScriptedBroker.listening(fields.protocolVersion ?? 4)
  const intake = new HeldIntake()
  const clock = new HandClock()
  const configs = bridgesSchema.parse([
    {
      name: 'plant',
      url: broker.url,
      protocolVersion: 4,
      subscriptions: [
        { topic: 'plant/+/usage', kind: 'usage' },
        { topic: 'raw/#', rule: 'meters', retained: 'take' },
      ],
      ...fields,
    },
  ])
  const random = seededRandom('bridge')
  const bridges = openBridges(configs, { agent: 'gw-1', intake, clock, random, log })
  const status = (): BridgeStatus => {
    const [only] = bridges.status()
    if (only === undefined) throw new Error('there is no bridge')
    return only
  }
  const dispose = async (): Promise<void> => {
    const closing = bridges.close()
    await broker[Symbol.asyncDispose]()
    await closing
  }
  return { broker, bridges, intake, clock, status, [Symbol.asyncDispose]: dispose }
}
