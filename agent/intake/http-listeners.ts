import { readFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { HttpConfig } from '../config/http.ts'
import { listening } from './mqtt-listeners.ts'
import { isLoopbackAddress } from './mqtt-policy.ts'

/** Where sources post to. Without `tls` only an address of this machine itself is allowed. Port 0 takes a free one. */
export interface HttpListener {
  readonly host: string
  readonly port: number
  /** Paths of PEM files: the certificate with its chain, and its private key. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
}

/** A listener that is open, with the port it really has. */
export interface HttpAddress {
  readonly host: string
  readonly port: number
  readonly tls: boolean
}

export type HttpListenFault = Fault<'http_plain_text_not_loopback' | 'http_tls_unusable' | 'http_listen_failed'>

const headerBytes = 8 * 1024
const timeoutsEveryMs = 1_000

/** Opens a listener, or says why it cannot be. Its server answers requests and ends slow ones by itself. */
export async function openHttpListener(
  listener: HttpListener,
  limits: HttpConfig['limits'],
  onRequest: RequestListener,
): Promise<Result<{ readonly address: HttpAddress; readonly server: Server }, HttpListenFault>> {
  const { host, port, tls } = listener
  if (tls === undefined && host !== 'localhost' && !isLoopbackAddress(host)) return failed(plainText(host, port))
  const made = serverOf(listener, limits, onRequest)
  if (!made.ok) return made
  const server = made.value
  server.maxConnections = limits.connections
  const problem = await listening(server, host, port)
  if (problem !== null) {
    return failed(fault('http_listen_failed', `cannot listen on ${host} port ${port}: ${problem.message}`))
  }
  const bound = server.address()
  const address = typeof bound === 'object' && bound !== null ? bound : { address: '', port: 0 }
  // A name is only as local as what it was resolved to.
  if (tls === undefined && !isLoopbackAddress(address.address)) {
    server.close()
    return failed(plainText(host, port))
  }
  return ok({ address: { host, port: address.port, tls: tls !== undefined }, server })
}

function serverOf(
  { tls }: HttpListener,
  limits: HttpConfig['limits'],
  onRequest: RequestListener,
): Result<Server, HttpListenFault> {
  const options: ServerOptions = {
    noDelay: true,
    keepAlive: true,
    maxHeaderSize: headerBytes,
    headersTimeout: limits.headerMs,
    requestTimeout: Math.max(limits.requestMs, limits.headerMs),
    keepAliveTimeout: limits.idleMs,
    connectionsCheckingInterval: timeoutsEveryMs,
    rejectNonStandardBodyWrites: true,
  }
  if (tls === undefined) return ok(createServer(options, onRequest))
  try {
    const files = { cert: readFileSync(tls.cert), key: readFileSync(tls.key) }
    const secure = { ...options, ...files, minVersion: 'TLSv1.2' as const, handshakeTimeout: limits.headerMs }
    return ok(createTlsServer(secure, onRequest))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return failed(
      fault('http_tls_unusable', `the certificate ${tls.cert} with the key ${tls.key} cannot be used: ${message}`),
    )
  }
}

function plainText(host: string, port: number): HttpListenFault {
  return fault(
    'http_plain_text_not_loopback',
    `the HTTP listener ${host} port ${port} would carry tokens and usage in plain text: give it tls (cert, key), or bind it to 127.0.0.1`,
  )
}
