import type { AedesOptions, Client } from 'aedes'
import type { DeviceAuthenticator } from './device-credentials.ts'
import { AedesSide } from './mqtt-aedes-side.ts'
import { MqttConnection } from './mqtt-connection.ts'
import type { LocalInterest } from './mqtt-interest.ts'
import type { MqttLimits } from './mqtt-limits.ts'
import type { QuietLog } from './mqtt-quiet-log.ts'
import type { PublishRoutes } from './mqtt-routes.ts'
import type { AedesDeliveries } from './mqtt-slow-path.ts'
import { mayReceive, maySubscribe, type Identity } from './mqtt-topics.ts'

/** Who may connect without a secret: nobody, or whoever is on this machine. */
export type AnonymousRule = 'never' | 'loopback'

/** What the rules stand on. */
export interface PolicyParts {
  readonly prefix: string
  readonly limits: MqttLimits
  readonly anonymous: AnonymousRule
  readonly devices: DeviceAuthenticator
  readonly routes: PublishRoutes
  readonly interest: LocalInterest
  readonly deliveries: AedesDeliveries
  readonly warnings: QuietLog
}

// MQTT 3.1.1, section 3.2.2.3.
const connackCodes = { identifierRejected: 2, serverUnavailable: 3, badCredentials: 4, notAuthorised: 5 } as const
type ConnackCode = (typeof connackCodes)[keyof typeof connackCodes]

type Admission = { readonly identity: Identity } | { readonly connackCode: ConnackCode; readonly reason: string }

interface Claim {
  readonly address: string
  readonly clientId: string
  readonly username: string | undefined
  readonly password: Buffer | undefined
}

const noPayload = Buffer.alloc(0)

type Hooks = Required<
  Pick<AedesOptions, 'preConnect' | 'authenticate' | 'authorizePublish' | 'authorizeSubscribe' | 'authorizeForward'>
>

/** Whether an address is this machine's own: 127.0.0.0/8 or ::1, also as IPv6 writes the former. */
export function isLoopbackAddress(address: string): boolean {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address
  return plain === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(plain)
}

/** The hooks by which aedes asks who may connect, publish, subscribe and receive. Everything else is denied. */
export function accessHooks(parts: PolicyParts): Hooks {
  return {
    preConnect(client, packet, done) {
      const connection = connectionOf(client)
      if (connection === null) return done(new Error('not a connection of this door'), false)
      // MQTT 3.1.1, section 3.1.2.10: silence of one and a half times the keepalive ends the connection. The door
      // watches it, since aedes sees few of the packets.
      connection.expectEvery((packet.keepalive ?? 0) * 1500)
      packet.keepalive = 0
      // A lasting session would queue messages for an absent client without a limit, in memory: there are none here,
      // and CONNACK says so by "session present" being 0.
      packet.clean = true
      if (packet.clientId === '' && packet.username !== undefined) packet.clientId = packet.username
      done(null, true)
    },

    authenticate(client, username, password, done) {
      const connection = connectionOf(client)
      const answer = (admission: Admission): void => {
        if ('identity' in admission) {
          connection?.accept(admission.identity)
          return done(null, true)
        }
        const { connackCode, reason } = admission
        parts.warnings.warn('mqtt client refused', { clientId: client.id, address: connection?.remoteAddress, reason })
        done(Object.assign(new Error(reason), { returnCode: connackCode }), null)
      }
      if (connection === null) return answer(refusal('notAuthorised', 'not a connection of this door'))
      const claim = { address: connection.remoteAddress, clientId: client.id, username, password }
      admit(parts, claim, () => !client.closed).then(answer, (error: unknown) => {
        answer(refusal('serverUnavailable', `the secret could not be checked: ${String(error)}`))
      })
    },

    authorizePublish(client, packet, done) {
      // A will comes from no client or from one that is gone. It reports a death and not a use: it is never metered.
      if (client === null || client.closed) return done(new Error('wills are not published here'))
      const connection = connectionOf(client)
      const route = connection === null ? null : parts.routes.routeOf(packet.topic, connection.identity)
      if (route === null) {
        parts.warnings.warn('mqtt publish denied', { clientId: client.id, topic: packet.topic.slice(0, 200) })
        return done(new Error('publishing to this topic is not allowed'))
      }
      // Telemetry is a stream; nothing of it is kept for later subscribers.
      packet.retain = false
      const payload = typeof packet.payload === 'string' ? Buffer.from(packet.payload) : packet.payload
      parts.deliveries.submit(route, payload, done)
      // At QoS 2 aedes keeps the message until its PUBREL. The payload is with the intake: only listeners need it here.
      if (!parts.interest.inRoute(route)) packet.payload = noPayload
    },

    authorizeSubscribe(client, subscription, done) {
      const connection = connectionOf(client)
      const isAllowed =
        connection !== null &&
        !client.closed &&
        maySubscribe(parts.prefix, connection.identity, subscription.topic) &&
        (connection.filters.has(subscription.topic) || connection.filters.size < parts.limits.subscriptionsPerClient)
      if (isAllowed) {
        if (connection.addFilter(subscription.topic)) parts.interest.add(subscription.topic)
        return done(null, subscription)
      }
      parts.warnings.warn('mqtt subscription denied', { clientId: client.id, filter: subscription.topic.slice(0, 200) })
      // No subscription and no error: SUBACK says 128, failure (MQTT 3.1.1, section 3.9.3).
      done(null, null)
    },

    authorizeForward(client, packet) {
      const connection = connectionOf(client)
      return connection !== null && mayReceive(parts.prefix, connection.identity, packet.topic) ? packet : null
    },
  }
}

/** The door's connection behind a client of aedes. */
export function connectionOf(client: Client): MqttConnection | null {
  const side = client.conn
  return side instanceof AedesSide && side.connection instanceof MqttConnection ? side.connection : null
}

/**
 * Who a CONNECT comes from. The device is the user name, or the client id where there is none, and the two must agree:
 * a client id ends the connection that has it already, so it must not be anybody's to choose.
 */
async function admit(
  { devices, anonymous }: PolicyParts,
  { address, clientId, username, password }: Claim,
  isStillThere: () => boolean,
): Promise<Admission> {
  if (username === undefined && password === undefined) {
    if (anonymous === 'loopback' && isLoopbackAddress(address) && !devices.isRegistered(clientId))
      return { identity: null }
    return refusal('notAuthorised', 'neither user name nor password')
  }
  const device = username ?? clientId
  if (device !== clientId) return refusal('identifierRejected', 'the client id is not the user name')
  const verdict = await devices.verify(device, password ?? new Uint8Array(), isStillThere)
  if (verdict === 'accepted') return { identity: device }
  if (verdict === 'busy') return refusal('serverUnavailable', 'too many clients are being checked')
  return refusal('badCredentials', 'unknown device or wrong password')
}

function refusal(code: keyof typeof connackCodes, reason: string): Admission {
  return { connackCode: connackCodes[code], reason }
}
