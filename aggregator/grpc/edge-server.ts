import { Server, ServerCredentials, status } from '@grpc/grpc-js'
import type { ServerDuplexStream } from '@grpc/grpc-js'
import type { Fault, Result } from '@meterline/shared/base/errors.ts'
import type { Log } from '@meterline/shared/base/log.ts'
import { openGrpcListener } from '@meterline/shared/wire/grpc-listener.ts'
import type { GrpcListener } from '@meterline/shared/wire/grpc-listener.ts'
import { maxMessageBytes } from '@meterline/shared/wire/messages.ts'
import type { AgentMessage, AggregatorMessage } from '@meterline/shared/wire/messages.ts'
import { edgeSessionMethod } from '@meterline/shared/wire/proto.ts'
import type { WireFault } from '@meterline/shared/wire/proto.ts'
import type { EdgeLink, EdgePeer, EdgeSession } from '../flow/ports.ts'
import { certifiedPeer } from './peer-certificate.ts'

/** PEM texts of mutual TLS. */
export interface EdgeTls {
  readonly ca: Buffer
  readonly cert: Buffer
  readonly key: Buffer
}

/** Where and how agents connect. Without TLS the host must be a loopback address; the config sees to that. */
export interface EdgeServerOptions {
  readonly host: string
  readonly port: number
  readonly tls: EdgeTls | null
  readonly maxConnections: number
  readonly openSession: (peer: EdgePeer, link: EdgeLink) => EdgeSession
  readonly log: Log
}

/** A dead connection is noticed within the sum of these; one without a stream goes after the last. */
const keepaliveTimeMs = 15_000
const keepaliveTimeoutMs = 10_000
const idleConnectionMs = 300_000
/** An agent needs one stream; a second may overlap while the first is torn down. */
const streamsPerConnection = 4

type EdgeCall = ServerDuplexStream<Result<AgentMessage, WireFault>, AggregatorMessage>

/** Opens the gRPC door for agents. */
export async function openEdgeServer(
  options: EdgeServerOptions,
): Promise<Result<GrpcListener, Fault<'listen_failed'>>> {
  const { host, port, tls, maxConnections } = options
  const server = new Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_concurrent_streams': streamsPerConnection,
    'grpc.keepalive_time_ms': keepaliveTimeMs,
    'grpc.keepalive_timeout_ms': keepaliveTimeoutMs,
    'grpc.max_connection_idle_ms': idleConnectionMs,
  })
  server.register(
    edgeSessionMethod.path,
    (call: EdgeCall) => serveCall(call, options),
    edgeSessionMethod.encodeResponse,
    edgeSessionMethod.decodeRequest,
    'bidi',
  )
  const credentials =
    tls === null
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(tls.ca, [{ cert_chain: tls.cert, private_key: tls.key }], true)
  return await openGrpcListener({ server, credentials, place: { host, port }, maxConnections })
}

function serveCall(call: EdgeCall, { tls, openSession, log }: EdgeServerOptions): void {
  const address = call.getPeer()
  // A transport error ends in 'cancelled' as well; without a listener it would end the process.
  call.on('error', (error) => log.debug('edge stream broke off', { address, error: error.message }))
  const certified = tls === null ? null : certifiedPeer(call.getAuthContext().sslPeerCertificate)
  if (certified !== null && !certified.ok) {
    log.warn('edge stream refused', { address, code: certified.fault.code })
    call.emit('error', { code: status.UNAUTHENTICATED, details: certified.fault.message })
    return
  }
  const peer = certified === null ? { tenant: null, agent: null, address } : { ...certified.value, address }
  const link = new CallLink(call)
  const session = openSession(peer, link)
  call.on('data', (message: Result<AgentMessage, WireFault>) => {
    if (message.ok) return session.onMessage(message.value)
    session.onClosed()
    link.send({ kind: 'refusal', code: 'message_malformed', message: message.fault.message, seq: 0, permanent: true })
    link.close()
  })
  const gone = (): void => {
    link.drop()
    session.onClosed()
  }
  call.on('cancelled', gone)
  call.on('end', () => {
    session.onClosed()
    link.close()
  })
}

/** One stream as the flow sees it. Reading pauses while the session says so or the agent does not read its receipts. */
class CallLink implements EdgeLink {
  readonly #call: EdgeCall
  #sessionPaused = false
  #outboxFull = false
  #ended = false

  constructor(call: EdgeCall) {
    this.#call = call
    call.on('drain', () => {
      this.#outboxFull = false
      this.#read()
    })
  }

  send(message: AggregatorMessage): void {
    if (this.#ended || this.#call.write(message)) return
    this.#outboxFull = true
    this.#read()
  }

  close(): void {
    if (this.#ended) return
    this.#ended = true
    this.#call.end()
    // What the agent still sends is read and dropped, so that its half of the stream can end.
    this.#call.resume()
  }

  /** The stream is gone: nothing more may be written to it. */
  drop(): void {
    this.#ended = true
  }

  pause(): void {
    this.#sessionPaused = true
    this.#read()
  }

  resume(): void {
    this.#sessionPaused = false
    this.#read()
  }

  #read(): void {
    if (this.#ended) return
    if (this.#sessionPaused || this.#outboxFull) this.#call.pause()
    else this.#call.resume()
  }
}
