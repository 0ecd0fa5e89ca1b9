import { readFileSync } from 'node:fs'
import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Clock } from '@meterline/shared/base/clock.ts'
import { failed, ok, type Result } from '@meterline/shared/base/errors.ts'
import { bridgeFault, type BridgeFault } from './mqtt-bridge-faults.ts'
import { isLoopbackAddress } from './mqtt-policy.ts'

/** Where a broker is. With `tls`, the connection is encrypted and the broker's certificate checked. */
export interface BrokerAddress {
  readonly host: string
  readonly port: number
  readonly tls: BrokerTls | null
}

/** Paths of PEM files; left out: the authorities Node trusts, no certificate of our own, the host as server name. */
export interface BrokerTls {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly serverName?: string | undefined
}

/** What the files of a `BrokerTls` hold. They are read at every connection, so that renewed certificates are used. */
interface TlsMaterial {
  readonly ca?: Buffer
  readonly cert?: Buffer
  readonly key?: Buffer
}

const connectMs = 10_000
const tcpProbeAfterMs = 30_000

/** Takes a bridge's `mqtt:` or `mqtts:` address apart; the configuration has checked it. */
export function brokerAddress(url: string, tls: BrokerTls | undefined): BrokerAddress {
  const { hostname, port, protocol } = new URL(url)
  const isEncrypted = protocol === 'mqtts:'
  // IPv6 addresses stand in brackets in a URL and nowhere else.
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  return { host, port: port === '' ? (isEncrypted ? 8883 : 1883) : Number(port), tls: isEncrypted ? (tls ?? {}) : null }
}

/** Says what is wrong with the certificate files of an address, if anything, before it is first connected to. */
export function tlsProblem({ tls }: BrokerAddress): BridgeFault | null {
  const material = tlsMaterial(tls ?? {})
  return material.ok ? null : material.fault
}

/**
 * Opens a connection to a broker: TCP, and the TLS handshake where there is one, within 10 seconds. In plain text only
 * an address of this machine itself is connected to, whatever its name was resolved to. `given` up: it ends at once.
 */
export async function openBrokerSocket(
  address: BrokerAddress,
  clock: Clock,
  given: AbortSignal,
): Promise<Result<Socket, BridgeFault>> {
  const { host, port } = address
  const opened = begin(address)
  if (!opened.ok) return opened
  const socket = opened.value
  const { promise, resolve } = Promise.withResolvers<Error | null>()
  const timer = clock.after(connectMs, () => resolve(new Error(`no answer within ${connectMs / 1000} seconds`)))
  socket.once(address.tls === null ? 'connect' : 'secureConnect', () => resolve(null))
  const giveUp = (): void => resolve(new Error('given up'))
  given.addEventListener('abort', giveUp)
  socket.once('error', resolve)
  const problem = await promise
  given.removeEventListener('abort', giveUp)
  timer.cancel()
  socket.off('error', resolve)
  // What goes wrong later shows in the close that always follows.
  socket.on('error', () => undefined)
  if (problem !== null) {
    socket.destroy()
    return failed(bridgeFault('bridge_unreachable', `cannot connect to ${host} port ${port}: ${problem.message}`))
  }
  if (address.tls === null && !isLoopbackAddress(socket.remoteAddress ?? '')) {
    socket.destroy()
    const message = `${host} is ${socket.remoteAddress ?? 'somewhere'}, not this machine: plain text is not sent there, use mqtts://`
    return failed(bridgeFault('bridge_plain_text_not_loopback', message))
  }
  return ok(socket)
}

function begin({ host, port, tls }: BrokerAddress): Result<Socket, BridgeFault> {
  const tcp = { host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: tcpProbeAfterMs }
  if (tls === null) return ok(connectPlain(tcp))
  const material = tlsMaterial(tls)
  if (!material.ok) return material
  const servername = tls.serverName ?? (/^[0-9.]+$|:/.test(host) ? '' : host)
  try {
    return ok(connectTls({ ...tcp, ...material.value, servername, minVersion: 'TLSv1.2', rejectUnauthorized: true }))
  } catch (error) {
    return failed(bridgeFault('bridge_tls_unusable', `its certificate files cannot be used: ${messageOf(error)}`))
  }
}

function tlsMaterial(tls: BrokerTls): Result<TlsMaterial, BridgeFault> {
  const read = (name: 'ca' | 'cert' | 'key'): Partial<Record<'ca' | 'cert' | 'key', Buffer>> => {
    const file = tls[name]
    return file === undefined ? {} : { [name]: readFileSync(file) }
  }
  try {
    return ok({ ...read('ca'), ...read('cert'), ...read('key') })
  } catch (error) {
    return failed(bridgeFault('bridge_tls_unusable', `a certificate file cannot be read: ${messageOf(error)}`))
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
