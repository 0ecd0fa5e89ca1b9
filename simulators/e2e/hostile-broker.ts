import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { generate, parser, type Packet } from 'mqtt-packet'
import type { Random } from '@meterline/shared/base/random.ts'
import { hostilePayload, pick } from './hostile-payloads.ts'

const mostUnacknowledged = 100
/** So many payloads on one connection before the broker breaks the protocol. */
const payloadsPerConnection = 400

/**
 * A foreign broker that means ill: it greets whoever connects, sends hostile payloads at QoS 1 on topics that were
 * subscribed to, each until it is acknowledged, and from time to time bytes that are no packets at all.
 */
export class HostileBroker {
  readonly #server: Server
  readonly #random: Random
  readonly #sockets = new Set<Socket>()
  #left = 0
  #attacked: (() => void) | null = null
  acknowledged = 0
  connections = 0

  private constructor(random: Random) {
    this.#random = random
    this.#server = createServer({ noDelay: true }, (socket) => this.#onConnection(socket))
  }

  static async listening(random: Random): Promise<HostileBroker> {
    const broker = new HostileBroker(random)
    broker.#server.listen(0, '127.0.0.1')
    await once(broker.#server, 'listening')
    return broker
  }

  get url(): string {
    const address = this.#server.address()
    return `mqtt://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  }

  /** Sends so many payloads, to whoever is connected by then, and resolves when all of them were acknowledged. */
  async attack(payloads: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#attacked = resolve
    this.#left = payloads
    for (const socket of this.#sockets) socket.emit('attack')
    await promise
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #onConnection(socket: Socket): void {
    this.connections += 1
    const packets = parser({ protocolVersion: 5 })
    const unacknowledged = new Set<number>()
    let sent = 0
    let isSubscribed = false
    const send = (): void => {
      while (isSubscribed && this.#left > unacknowledged.size && unacknowledged.size < mostUnacknowledged) {
        if (sent === payloadsPerConnection) {
          // Only now, so that no acknowledgement of what came before is cut off.
          if (unacknowledged.size === 0) socket.write(this.#brokenBytes())
          return
        }
        sent += 1
        unacknowledged.add(sent)
        socket.write(this.#publish(sent))
      }
    }
    const answer = (packet: Packet): void => {
      if (packet.cmd === 'connect') {
        socket.write(generate({ cmd: 'connack', reasonCode: 0, sessionPresent: true }, { protocolVersion: 5 }))
      } else if (packet.cmd === 'subscribe') {
        const granted = packet.subscriptions.map(() => 1)
        const suback: Packet = { cmd: 'suback', messageId: packet.messageId ?? 0, granted }
        socket.write(generate(suback, { protocolVersion: 5 }))
        isSubscribed = true
        send()
      } else if (packet.cmd === 'puback' && unacknowledged.delete(packet.messageId ?? 0)) {
        this.#onAcknowledged()
        send()
      }
    }
    packets.on('packet', answer)
    socket.on('data', (chunk: Buffer) => packets.parse(chunk))
    socket.on('attack', send)
    // How the bridge leaves is its own business; a new connection tells.
    socket.on('error', () => undefined)
    socket.on('close', () => this.#sockets.delete(socket))
    this.#sockets.add(socket)
  }

  #onAcknowledged(): void {
    this.acknowledged += 1
    this.#left -= 1
    if (this.#left === 0) this.#attacked?.()
  }

  #publish(messageId: number): Buffer {
    const random = this.#random
    const topic = pick(random, ['plant/1/usage', 'plant/2/ai', 'odd/boxes/1', 'odd/ß/😀', `odd/${'x'.repeat(600)}`])
    const payload = hostilePayload(random)
    const packet: Packet = {
      cmd: 'publish',
      topic,
      payload,
      qos: 1,
      messageId,
      dup: random.below(9) === 0,
      retain: false,
    }
    const properties = { contentType: 'x'.repeat(random.below(2_000)), userProperties: { a: 'b' } }
    return generate(random.below(4) === 0 ? { ...packet, properties } : packet, { protocolVersion: 5 })
  }

  #brokenBytes(): Buffer {
    const random = this.#random
    const noise = Buffer.from(random.bytes(1 + random.below(2_000)))
    return pick(random, [
      // Lengths that never end, that promise too much, that are too small for what they frame.
      Buffer.concat([Buffer.from('30ffffffff', 'hex'), noise]),
      Buffer.concat([Buffer.from('90ffffff7f', 'hex'), noise]),
      Buffer.from('320100', 'hex'),
      // A topic alias nobody offered, properties that run out of the packet, QoS 2 and 3, packet id 0.
      Buffer.from('32080000000103230001', 'hex'),
      Buffer.from('3206000161000a7f', 'hex'),
      Buffer.from('3406000161000a00', 'hex'),
      Buffer.from('3606000161000a00', 'hex'),
      Buffer.from('3206000161000000', 'hex'),
      // What only clients send, a second greeting, a farewell.
      Buffer.from('8207000a000001610100', 'hex'),
      Buffer.from('2003000000', 'hex'),
      Buffer.from('e000', 'hex'),
      Buffer.from('f000', 'hex'),
    ])
  }
}
