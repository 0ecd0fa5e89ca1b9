import 'reflect-metadata'
import http2 from 'node:http2'
import { connect } from 'node:net'
import { connect as tlsConnect } from 'node:tls'
import { Client, credentials, status } from '@grpc/grpc-js'
import type { ChannelCredentials, ClientDuplexStream, ServiceError } from '@grpc/grpc-js'
import * as x509 from '@peculiar/x509'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Result } from '@meterline/shared/base/errors.ts'
import { silentLog } from '@meterline/shared/base/log.ts'
import type { GrpcListener } from '@meterline/shared/wire/grpc-listener.ts'
import { raisedWindowBytes } from '@meterline/shared/wire/http2-window.ts'
import type { AgentMessage, AggregatorMessage, Hello } from '@meterline/shared/wire/messages.ts'
import { edgeSessionMethod } from '@meterline/shared/wire/proto.ts'
import type { WireFault } from '@meterline/shared/wire/proto.ts'
import type { EdgeLink, EdgePeer, EdgeSession } from '../flow/ports.ts'
import { openEdgeServer } from './edge-server.ts'
import type { EdgeTls } from './edge-server.ts'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const validity = { notBefore: new Date('2020-01-01'), notAfter: new Date('2049-01-01') }

interface Issued {
  readonly cert: Buffer
  readonly key: Buffer
}

class Authority {
  readonly #keys: CryptoKeyPair
  readonly #certificate: x509.X509Certificate

  private constructor(keys: CryptoKeyPair, certificate: x509.X509Certificate) {
    this.#keys = keys
    this.#certificate = certificate
  }

  static async create(): Promise<Authority> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      name: 'CN=Test authority',
      ...validity,
      signingAlgorithm: algorithm,
      keys,
      extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
    })
    return new Authority(keys, certificate)
  }

  get pem(): Buffer {
    return Buffer.from(this.#certificate.toString('pem'))
  }

  async issue(subject: string): Promise<Issued> {
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
    const certificate = await x509.X509CertificateGenerator.create({
      subject,
      issuer: this.#certificate.subject,
      ...validity,
      signingKey: this.#keys.privateKey,
      publicKey: keys.publicKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.SubjectAlternativeNameExtension([
          { type: 'dns', value: 'localhost' },
          { type: 'ip', value: '127.0.0.1' },
        ]),
      ],
    })
    const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey))
    return {
      cert: Buffer.from(certificate.toString('pem')),
      key: Buffer.from(x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')),
    }
  }
}

type CryptoKeyPair = Awaited<ReturnType<typeof crypto.subtle.generateKey>> & {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
}
type CryptoKey = Parameters<typeof crypto.subtle.exportKey>[1]

let authority: Authority
let serverTls: EdgeTls
beforeAll(async () => {
  authority = await Authority.create()
  serverTls = { ca: authority.pem, ...(await authority.issue('CN=aggregator, O=meterline')) }
})

const closing: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** What the server's flow would see: each session with its peer, messages and end. */
interface Seen {
  readonly peer: EdgePeer
  readonly link: EdgeLink
  readonly messages: AgentMessage[]
  closed: boolean
}

async function serve(
  tls: EdgeTls | null,
  onMessage: (seen: Seen, message: AgentMessage) => void = () => undefined,
  maxConnections = 10,
): Promise<{ port: number; sessions: Seen[]; listener: GrpcListener }> {
  const sessions: Seen[] = []
  const openSession = (peer: EdgePeer, link: EdgeLink): EdgeSession => {
    const seen: Seen = { peer, link, messages: [], closed: false }
    sessions.push(seen)
    return {
      onMessage(message) {
        seen.messages.push(message)
        onMessage(seen, message)
      },
      onClosed: () => void (seen.closed = true),
    }
  }
  const opened = await openEdgeServer({
    host: '127.0.0.1',
    port: 0,
    tls,
    maxConnections,
    openSession,
    log: silentLog(),
  })
  if (!opened.ok) throw new Error(opened.fault.message)
  closing.push(() => opened.value.close())
  return { port: opened.value.port ?? 0, sessions, listener: opened.value }
}

type Stream = ClientDuplexStream<AgentMessage, Result<AggregatorMessage, WireFault>>

function open(port: number, channel: ChannelCredentials): Stream {
  const client = new Client(`localhost:${port}`, channel, { 'grpc.enable_retries': 0 })
  closing.push(() => client.close())
  const { path, encodeRequest, decodeResponse } = edgeSessionMethod
  const stream = client.makeBidiStreamRequest(path, encodeRequest, decodeResponse)
  // Streams that are still open when a test ends are cancelled; without a listener that would be an uncaught error.
  stream.on('error', () => undefined)
  return stream
}

async function mutualTls(subject: string, issuer = authority): Promise<ChannelCredentials> {
  const { cert, key } = await issuer.issue(subject)
  return credentials.createSsl(authority.pem, key, cert)
}

/** The first message, or the status the stream ended with. */
function firstOutcome(stream: Stream): Promise<AggregatorMessage | { readonly status: number }> {
  return new Promise((resolve) => {
    stream.on('data', (message: Result<AggregatorMessage, WireFault>) => {
      if (message.ok) resolve(message.value)
    })
    stream.on('error', (error: ServiceError) => resolve({ status: error.code }))
    stream.on('end', () => resolve({ status: status.OK }))
  })
}

function until(reached: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const deadlineMs = performance.now() + 10_000
    const look = (): void => {
      if (reached()) resolve()
      else if (performance.now() > deadlineMs) reject(new Error('it never came to that'))
      else setTimeout(look, 5)
    }
    look()
  })
}

const hello: Hello = {
  kind: 'hello',
  protocolVersion: 1,
  tenant: 'acme',
  agent: 'gw-1',
  epoch: 1,
  lastSealedSeq: 0,
  chainHash: new Uint8Array(32),
  snapshotHash: new Uint8Array(0),
  features: [],
  checkpoint: null,
  retainedFromSeq: 0,
}
const welcome: AggregatorMessage = {
  kind: 'welcome',
  receivedSeq: 0,
  chainHash: new Uint8Array(32),
  features: [],
  generation: 1,
  restore: null,
}

describe('mutual TLS', () => {
  test('names the agent (CN) and the tenant (O); messages go both ways', async () => {
    const { port, sessions } = await serve(serverTls, ({ link }) => link.send(welcome))
    const stream = open(port, await mutualTls('CN=gw-1, O=acme'))
    stream.write(hello)
    expect(await firstOutcome(stream)).toMatchObject({ kind: 'welcome' })
    expect(sessions[0]?.peer).toMatchObject({ tenant: 'acme', agent: 'gw-1' })
    expect(sessions[0]?.peer.address).toContain('127.0.0.1')
    expect(sessions[0]?.messages).toMatchObject([{ kind: 'hello', agent: 'gw-1' }])
    stream.end()
    await until(() => sessions[0]?.closed === true)
  })

  test('a certificate of another authority does not get in', async () => {
    const { port, sessions } = await serve(serverTls)
    const stream = open(port, await mutualTls('CN=gw-1, O=acme', await Authority.create()))
    stream.write(hello)
    expect(await firstOutcome(stream)).toEqual({ status: status.UNAVAILABLE })
    expect(sessions).toEqual([])
  })

  test('no certificate does not get in', async () => {
    const { port, sessions } = await serve(serverTls)
    const stream = open(port, credentials.createSsl(authority.pem))
    stream.write(hello)
    expect(await firstOutcome(stream)).toEqual({ status: status.UNAVAILABLE })
    expect(sessions).toEqual([])
  })

  test.each([
    ['no organisation', 'CN=gw-1'],
    ['two common names', 'CN=gw-1, CN=gw-2, O=acme'],
    ['two organisations', 'CN=gw-1, O=acme, O=other'],
    ['an agent that is no id', 'CN=gw 1, O=acme'],
  ])('a certificate with %s is refused', async (_name, subject) => {
    const { port, sessions } = await serve(serverTls)
    const stream = open(port, await mutualTls(subject))
    stream.write(hello)
    expect(await firstOutcome(stream)).toEqual({ status: status.UNAUTHENTICATED })
    expect(sessions).toEqual([])
  })

  test('TLS 1.2 does not get in', async () => {
    const { port } = await serve(serverTls)
    const socket = tlsConnect({ port, host: 'localhost', ca: authority.pem, maxVersion: 'TLSv1.2' })
    closing.push(() => void socket.destroy())
    const failure = await new Promise<Error>((resolve) => socket.once('error', resolve))
    expect(failure.message).toMatch(/version|handshake|alert/)
  })

  test('plain text does not get in', async () => {
    const { port, sessions } = await serve(serverTls)
    const stream = open(port, credentials.createInsecure())
    stream.write(hello)
    expect(await firstOutcome(stream)).toEqual({ status: status.UNAVAILABLE })
    expect(sessions).toEqual([])
  })
})

describe('a stream in plain text on loopback', () => {
  test('leaves it to the hello who the agent is', async () => {
    const { port, sessions } = await serve(null, ({ link }) => link.send(welcome))
    const stream = open(port, credentials.createInsecure())
    stream.write(hello)
    expect(await firstOutcome(stream)).toMatchObject({ kind: 'welcome' })
    expect(sessions[0]?.peer).toMatchObject({ tenant: null, agent: null })
  })

  test('a message over 1 MiB ends the stream before it is decoded', async () => {
    const { port, sessions } = await serve(null)
    const stream = open(port, credentials.createInsecure())
    const body = new Uint8Array(1024 * 1024)
    stream.write({ kind: 'batch', header: new Uint8Array(1), signature: new Uint8Array(64), body })
    expect(await firstOutcome(stream)).toEqual({ status: status.RESOURCE_EXHAUSTED })
    expect(sessions[0]?.messages).toEqual([])
    await until(() => sessions[0]?.closed === true)
  })

  test('bytes that are no message are refused by name', async () => {
    const { port, sessions } = await serve(null)
    const client = new Client(`localhost:${port}`, credentials.createInsecure())
    closing.push(() => client.close())
    const { path, decodeResponse } = edgeSessionMethod
    const stream = client.makeBidiStreamRequest(path, (bytes: Buffer) => bytes, decodeResponse)
    stream.write(Buffer.from('ffffffffff', 'hex'))
    const [refusal] = await new Promise<Result<AggregatorMessage, WireFault>[]>((resolve) => {
      const messages: Result<AggregatorMessage, WireFault>[] = []
      stream.on('data', (message: Result<AggregatorMessage, WireFault>) => messages.push(message))
      stream.on('end', () => resolve(messages))
    })
    expect(refusal).toMatchObject({ ok: true, value: { kind: 'refusal', code: 'message_malformed', permanent: true } })
    expect(sessions[0]?.closed).toBe(true)
  })

  test('what was sent before a close arrives, and the agent sees a clean end', async () => {
    const { port } = await serve(null, ({ link }) => {
      link.send({ kind: 'refusal', code: 'agent_unknown', message: 'who?', seq: 0, permanent: true })
      link.close({ code: 'agent_unknown', message: 'who?' })
    })
    const stream = open(port, credentials.createInsecure())
    stream.write(hello)
    const seen: string[] = []
    await new Promise<void>((resolve) => {
      stream.on('data', (message: Result<AggregatorMessage, WireFault>) => {
        if (message.ok) seen.push(message.value.kind)
      })
      stream.on('end', () => resolve())
    })
    expect(seen).toEqual(['refusal'])
  })

  test('the HTTP/2 window is raised for each stream and for the connection', async () => {
    const { port } = await serve(null)
    const session = http2.connect(`http://127.0.0.1:${port}`)
    closing.push(() => session.destroy())
    const settings = await new Promise<http2.Settings>((resolve) => session.once('remoteSettings', resolve))
    expect(settings.initialWindowSize).toBe(raisedWindowBytes)
    // The connection's window grows by a WINDOW_UPDATE of its own, which may come just after the settings.
    await until(() => (session.state.remoteWindowSize ?? 0) >= raisedWindowBytes)
  })

  test('a paused session reads nothing more until it is resumed', async () => {
    const { port, sessions } = await serve(null, ({ link }) => link.pause?.())
    const stream = open(port, credentials.createInsecure())
    for (let count = 0; count < 20; count++) stream.write(hello)
    await until(() => sessions[0]?.messages.length === 1)
    // One message may already stand behind the one at which reading paused.
    for (let most = 2; most < 5; most++) {
      sessions[0]?.link.resume?.()
      await until(() => (sessions[0]?.messages.length ?? 0) >= most)
      expect(sessions[0]?.messages.length).toBeLessThan(2 * most)
    }
  })

  test('connections beyond the cap are dropped', async () => {
    const { port } = await serve(null, undefined, 2)
    const sockets = [1, 2, 3].map(() => connect(port, '127.0.0.1'))
    closing.push(() => sockets.forEach((socket) => void socket.destroy()))
    const ended = await new Promise<boolean>((resolve) => sockets[2]?.once('close', () => resolve(true)))
    expect(ended).toBe(true)
    expect(sockets[0]?.destroyed).toBe(false)
  })

  test('closing the door drops what is connected', async () => {
    const { port, sessions, listener } = await serve(null, ({ link }) => link.send(welcome))
    const stream = open(port, credentials.createInsecure())
    stream.write(hello)
    await firstOutcome(stream)
    const gone = new Promise<boolean>((resolve) => {
      stream.on('error', () => resolve(true))
      stream.on('end', () => resolve(true))
    })
    await listener.close()
    expect(await gone).toBe(true)
    await until(() => sessions[0]?.closed === true)
  })
})
