import { readFileSync } from 'node:fs'
import { createServer as createPlainServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { isLoopbackAddress } from './mqtt-policy.ts'

/** Where devices connect. Without `tls` only an address of this machine itself is allowed. Port 0 takes a free one. */
export interface MqttListener {
  readonly host: string
  readonly port: number
  /** Paths of PEM files: the certificate with its chain, and its private key. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined
}

/** A listener that is open, with the port it really has. */
export interface MqttAddress {
  readonly host: string
  readonly port: number
  readonly tls: boolean
}

export type ListenFault = Fault<'mqtt_plain_text_not_loopback' | 'mqtt_tls_unusable' | 'mqtt_listen_failed'>

/** An open listener. */
export interface OpenListener {
  readonly address: MqttAddress
  /** Takes no further connections. Those that are open stay open. */
  close(): void
}

/** How connections are taken. */
export interface ListenOptions {
  readonly mostConnections: number
  readonly handshakeMs: number
  readonly onSocket: (socket: Socket) => void
}

const tcpProbeAfterMs = 60_000

/** Opens a listener, or says why it cannot be. */
export async function openListener(
  listener: MqttListener,
  options: ListenOptions,
): Promise<Result<OpenListener, ListenFault>> {
  const { host, port, tls } = listener
  if (tls === undefined && host !== 'localhost' && !isLoopbackAddress(host)) return failed(plainText(host, port))
  const server = serverOf(listener, options)
  if (!server.ok) return server
  server.value.maxConnections = options.mostConnections
  const problem = await listening(server.value, host, port)
  if (problem !== null) {
    return failed(fault('mqtt_listen_failed', `cannot listen on ${host} port ${port}: ${problem.message}`))
  }
  const bound = server.value.address()
  const address = typeof bound === 'object' && bound !== null ? bound : { address: '', port: 0 }
  // A name is only as local as what it was resolved to.
  if (tls === undefined && !isLoopbackAddress(address.address)) {
    server.value.close()
    return failed(plainText(host, port))
  }
  return ok({ address: { host, port: address.port, tls: tls !== undefined }, close: () => server.value.close() })
}

function serverOf({ tls }: MqttListener, options: ListenOptions): Result<Server, ListenFault> {
  // Acknowledgements are small and must not wait for more to send; a peer that vanished is found by TCP itself.
  const socketOptions = { noDelay: true, keepAlive: true, keepAliveInitialDelay: tcpProbeAfterMs }
  if (tls === undefined) return ok(createPlainServer(socketOptions, options.onSocket))
  try {
    const server = createTlsServer(
      {
        ...socketOptions,
        cert: readFileSync(tls.cert),
        key: readFileSync(tls.key),
        minVersion: 'TLSv1.2',
        handshakeTimeout: options.handshakeMs,
      },
      options.onSocket,
    )
    return ok(server)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return failed(
      fault('mqtt_tls_unusable', `the certificate ${tls.cert} with the key ${tls.key} cannot be used: ${message}`),
    )
  }
}

/** Binds a server; the reason when it cannot be. */
export function listening(server: Server, host: string, port: number): Promise<Error | null> {
  return new Promise((resolve) => {
    server.once('error', resolve)
    server.listen({ host, port }, () => {
      server.off('error', resolve)
      // Later errors concern single connections the system could not give us; the listener goes on.
      server.on('error', () => undefined)
      resolve(null)
    })
  })
}

function plainText(host: string, port: number): ListenFault {
  return fault(
    'mqtt_plain_text_not_loopback',
    `the MQTT listener ${host} port ${port} would carry secrets and usage in plain text: give it tls (cert, key), or bind it to 127.0.0.1`,
  )
}
