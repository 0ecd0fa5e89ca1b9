import { connect, createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { generate, parser, type Packet } from 'mqtt-packet'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { BridgeConnection, type BridgeSide } from './mqtt-bridge-connection.ts'
import type { BridgeFault } from './mqtt-bridge-faults.ts'
import { BridgeRoutes } from './mqtt-bridge-routes.ts'
import { openBridgeSession, type BridgeSessionOptions } from './mqtt-bridge-session.ts'
import { HeldIntake } from './intake-for-tests.ts'

const options: BridgeSessionOptions = {
  clientId: 'bridge-1',
  protocolVersion: 4,
  keepaliveSeconds: 1,
  receiveMaximum: 10,
  sessionExpirySeconds: 60,
  subscriptions: [{ topic: 'a/#', retained: 'skip' }],
}

/** What mqtt.js takes for its socket: notes every write, and hands over what the test says. */
class Wire extends Duplex {
  readonly writes: Buffer[] = []
  readonly packets: Packet[] = []
  ended = false
  readonly #parser = parser({ protocolVersion: 4 })

  constructor() {
    super()
    this.#parser.on('packet', (packet) => this.packets.push(packet))
  }

  answer(packet: Packet): void {
    this.push(generate(packet))
  }

  override _read(): void {
    // The test pushes when it has something.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#wrote(chunk)
    done()
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this.#wrote(Buffer.concat(chunks.map(({ chunk }) => chunk)))
    done()
  }

  override _final(done: () => void): void {
    this.ended = true
    done()
  }

  #wrote(bytes: Buffer): void {
    this.writes.push(bytes)
    this.#parser.parse(bytes)
  }
}

const accepted: Packet = { cmd: 'connack', sessionPresent: true, returnCode: 0 }

// What the bridge relies on in mqtt.js. When a new version of it breaks one of these, mqtt-bridge-session.ts has to follow.
describe('the contract with mqtt.js', () => {
  let wire: Wire
  const seen: string[] = []
  const handlers = {
    onConnected: (resumed: boolean) => void seen.push(`connected ${resumed}`),
    onSubscribed: (granted: readonly number[]) => void seen.push(`subscribed ${granted.join(' ')}`),
    onFailed: (fault: BridgeFault) => void seen.push(`failed ${fault.code}`),
  }
  beforeEach(() => {
    wire = new Wire()
    seen.length = 0
  })
  afterEach(() => wire.destroy())

  test('it writes whole packets in one piece each, and CONNECT at once', async () => {
    openBridgeSession(wire, options, handlers)
    await vi.waitFor(() => expect(wire.packets.map(({ cmd }) => cmd)).toEqual(['connect']))
    wire.answer(accepted)
    await vi.waitFor(() => expect(wire.packets.map(({ cmd }) => cmd)).toEqual(['connect', 'subscribe']))
    for (const bytes of wire.writes) expect(wholePackets(bytes)).toBe(true)
  })

  test('it reports the session, the grants, and takes leave with DISCONNECT and the end of the stream', async () => {
    const session = openBridgeSession(wire, options, handlers)
    wire.answer(accepted)
    await vi.waitFor(() => expect(wire.packets.at(-1)?.cmd).toBe('subscribe'))
    wire.answer({ cmd: 'suback', messageId: wire.packets.at(-1)?.messageId ?? 0, granted: [1] })
    await vi.waitFor(() => expect(seen).toEqual(['connected true', 'subscribed 1']))
    session.close()
    await vi.waitFor(() => expect(wire.ended).toBe(true))
    expect(wire.packets.at(-1)?.cmd).toBe('disconnect')
  })

  test('it does not connect again by itself', async () => {
    let built = 0
    openBridgeSession(wire, options, handlers)
    wire.on('pipe', () => (built += 1))
    wire.answer(accepted)
    await vi.waitFor(() => expect(seen).toEqual(['connected true']))
    wire.destroy()
    await once(wire, 'close')
    expect(built).toBe(0)
    expect(wire.packets.filter(({ cmd }) => cmd === 'connect')).toHaveLength(1)
  })

  test('it pings within the keepalive and gives up a broker that does not answer', async () => {
    openBridgeSession(wire, options, handlers)
    wire.answer(accepted)
    await vi.waitFor(() => expect(wire.packets.at(-1)?.cmd).toBe('pingreq'), { timeout: 10_000 })
    expect(wire.writes.at(-1)).toEqual(Buffer.of(0xc0, 0))
    await vi.waitFor(() => expect(seen.at(-1)).toBe('failed bridge_silent'), { timeout: 10_000 })
    expect(wire.destroyed).toBe(true)
  })
})

describe('a ping while messages wait for the journal', () => {
  test('is answered in the place of the broker, whose answer lies behind them', async () => {
    await using pair = await socketPair()
    const intake = new HeldIntake()
    intake.capacity = 0
    const connection = new BridgeConnection(pair.near, sideOf(intake))
    const delivered: Buffer[] = []
    connection.stream.on('data', (packet: Buffer) => delivered.push(packet))
    pair.far.write(Buffer.concat([generate(accepted), message(1)]))
    await vi.waitFor(() => expect(pair.near.isPaused()).toBe(true))
    connection.stream.write(Buffer.of(0xc0, 0))
    await vi.waitFor(() => expect(delivered.at(-1)).toEqual(Buffer.of(0xd0, 0)))
    // The broker hears it all the same: it counts our silence too.
    const [heard] = (await once(pair.far, 'data')) as [Buffer]
    expect(heard).toEqual(Buffer.of(0xc0, 0))
  })

  test('and only then', async () => {
    await using pair = await socketPair()
    const connection = new BridgeConnection(pair.near, sideOf(new HeldIntake()))
    const delivered: Buffer[] = []
    connection.stream.on('data', (packet: Buffer) => delivered.push(packet))
    connection.stream.write(Buffer.of(0xc0, 0))
    pair.far.write(generate(accepted))
    await vi.waitFor(() => expect(delivered).toEqual([generate(accepted)]))
  })
})

function sideOf(intake: HeldIntake): BridgeSide {
  return {
    intake,
    routes: new BridgeRoutes('plant', [{ topic: '#', kind: 'usage', retained: 'skip' }]),
    protocolVersion: 4,
    counts: { received: 0, acknowledged: 0, lossy: 0, repeated: 0, retained: 0, unmatched: 0 },
    onUnmatched: () => undefined,
    onClosed: () => undefined,
  }
}

function message(messageId: number): Buffer {
  return generate({ cmd: 'publish', topic: 'a', payload: 'x', qos: 1, dup: false, retain: false, messageId })
}

function wholePackets(bytes: Buffer): boolean {
  const packets = parser({ protocolVersion: 4 })
  return packets.parse(bytes) === 0
}

async function socketPair(): Promise<AsyncDisposable & { readonly near: Socket; readonly far: Socket }> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const far = connect({ host: '127.0.0.1', port: typeof address === 'object' ? (address?.port ?? 0) : 0 })
  const [near] = (await once(server, 'connection')) as [Socket]
  const dispose = async (): Promise<void> => {
    far.destroy()
    near.destroy()
    server.close()
    await once(server, 'close')
  }
  return { near, far, [Symbol.asyncDispose]: dispose }
}
