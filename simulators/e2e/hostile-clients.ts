import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { generate } from 'mqtt-packet'
import type { Random } from '@meterline/shared/base/random.ts'
import { hostilePayload, pick } from './hostile-payloads.ts'

/** One attacker at a door: sends one payload after the other, as far as the door lets it. */
export interface HostileClient {
  /** Sends one payload, in whichever way, and waits until the door has answered or ended the connection. */
  attack(): Promise<void>
  close(): void
}

/** So long the door may take to answer or to end a connection before the attacker leaves by himself. */
const patienceMs = 5_000

/** An attacker on the MQTT door: hostile payloads on topics of its own, and now and then packets that are none. */
export class HostileMqttClient implements HostileClient {
  readonly #port: number
  readonly #random: Random
  readonly #clientId: string
  #socket: Socket | null = null
  #packetId = 0

  constructor(port: number, random: Random, clientId: string) {
    this.#port = port
    this.#random = random
    this.#clientId = clientId
  }

  async attack(): Promise<void> {
    if (this.#random.below(8) === 0) return await sendAndLeave(this.#port, this.#brokenPackets())
    const socket = await this.#accepted()
    if (socket === null) return
    this.#packetId = (this.#packetId % 65_535) + 1
    const topics = [`meter/v1/${this.#clientId}/usage`, `meter/v1/${this.#clientId}/ai`, 'odd/boxes/1']
    const publish = generate({
      cmd: 'publish',
      topic: pick(this.#random, topics),
      payload: hostilePayload(this.#random),
      qos: 1,
      messageId: this.#packetId,
      dup: false,
      retain: false,
    })
    await answered(socket, publish)
  }

  close(): void {
    this.#socket?.destroy()
  }

  /** A connection that the broker took; null when it would not. */
  async #accepted(): Promise<Socket | null> {
    if (this.#socket !== null && !this.#socket.destroyed && this.#socket.writable) return this.#socket
    const socket = await opened(this.#port)
    const hello = generate({
      cmd: 'connect',
      clientId: this.#clientId,
      clean: true,
      keepalive: 0,
      protocolId: 'MQTT',
      protocolVersion: 4,
    })
    await answered(socket, hello)
    this.#socket = socket.destroyed ? null : socket
    return this.#socket
  }

  #brokenPackets(): Buffer {
    const random = this.#random
    const hello = generate({
      cmd: 'connect',
      clientId: `${this.#clientId}-x`,
      clean: true,
      keepalive: 1,
      protocolId: 'MQTT',
      protocolVersion: 4,
    })
    const cut = hello.subarray(0, random.below(hello.length))
    const endless = Buffer.from([pick(random, [0x10, 0x30, 0x32, 0x82]), 0xff, 0xff, 0xff, 0x7f])
    const noise = Buffer.from(random.bytes(random.below(2_000)))
    return pick(random, [
      cut,
      noise,
      Buffer.concat([endless, noise]),
      Buffer.concat([hello, noise]),
      Buffer.concat([hello, endless, Buffer.alloc(70_000)]),
      Buffer.concat([hello, hello]),
    ])
  }
}

/** An attacker on the HTTP door: hostile bodies under every content type, and now and then requests that are none. */
export class HostileHttpClient implements HostileClient {
  readonly #port: number
  readonly #random: Random
  readonly #source: string
  /** How often which status was answered. */
  readonly statuses: Map<number, number>

  constructor(port: number, random: Random, source: string, statuses: Map<number, number>) {
    this.#port = port
    this.#random = random
    this.#source = source
    this.statuses = statuses
  }

  async attack(): Promise<void> {
    const random = this.#random
    if (random.below(8) === 0) return await sendAndLeave(this.#port, this.#brokenRequest())
    const paths = [`/v1/events?source=${this.#source}`, `/v1/ai?source=${this.#source}`, '/v1/events?rule=odd']
    const types = ['json', 'cbor', 'x-ndjson', 'cloudevents+json', 'cloudevents-batch+json', 'octet-stream']
    const parts = Array.from({ length: 1 + random.below(3) }, () => hostilePayload(random))
    const key = random.below(4) === 0 ? { 'idempotency-key': `k-${random.below(50)}` } : {}
    const answer = await fetch(`http://127.0.0.1:${this.#port}${pick(random, paths)}`, {
      method: 'POST',
      body: Buffer.concat(parts.flatMap((part) => [part, Buffer.from('\n')])),
      headers: { 'content-type': `application/${pick(random, types)}`, ...key },
      signal: AbortSignal.timeout(patienceMs),
    })
    await answer.arrayBuffer()
    this.statuses.set(answer.status, (this.statuses.get(answer.status) ?? 0) + 1)
  }

  close(): void {
    // `fetch` keeps its connections itself and lets go of idle ones.
  }

  #brokenRequest(): Buffer {
    const random = this.#random
    const head = 'POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
    const noise = Buffer.from(random.bytes(random.below(2_000)))
    const requests: readonly string[] = [
      '',
      'GET / HTTP/9.9\r\n\r\n',
      `${head}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      `${head}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
      `${head}Content-Length: -1\r\n\r\n`,
      `${head}Content-Length: 99999999999\r\n\r\n`,
      `${head}Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n`,
      `${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\nzz`,
      `${head}Content-Length: 60000\r\n\r\n{"a":`,
      `${head}X: ${'x'.repeat(20_000)}\r\n\r\n`,
      `${head}${'Y: y\r\n'.repeat(3_000)}\r\n`,
      `${head}Content-Length: 2\r\n\r\n{}`.repeat(40),
    ]
    return Buffer.concat([Buffer.from(pick(random, requests)), noise])
  }
}

/** Sends bytes on a connection of its own, waits for the first answer or the end, and leaves without a word. */
async function sendAndLeave(port: number, bytes: Buffer): Promise<void> {
  const socket = await opened(port)
  await answered(socket, bytes, 50)
  socket.destroy()
}

async function opened(port: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, noDelay: true })
  socket.on('error', () => undefined)
  await Promise.race([once(socket, 'connect'), once(socket, 'close')])
  return socket
}

/** Resolves at the next bytes, or at the end of the connection, which is brought about when neither comes. */
async function answered(socket: Socket, bytes: Buffer, waitMs = patienceMs): Promise<void> {
  if (socket.destroyed) return
  await new Promise<void>((resolve) => {
    const impatience = setTimeout(() => socket.destroy(), waitMs)
    const done = (): void => {
      clearTimeout(impatience)
      socket.off('data', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('data', done)
    socket.on('close', done)
    socket.write(bytes)
  })
}
