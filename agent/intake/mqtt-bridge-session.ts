import type { Duplex } from 'node:stream'
import { MqttClient, type IClientOptions, type ISubscriptionMap } from 'mqtt'
import { bridgeFault, type BridgeFault } from './mqtt-bridge-faults.ts'
import type { BridgeProtocolVersion } from './mqtt-bridge-publish.ts'

/** How a session at a broker is opened. */
export interface BridgeSessionOptions {
  readonly clientId: string
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly protocolVersion: BridgeProtocolVersion
  readonly keepaliveSeconds: number
  readonly receiveMaximum: number
  readonly sessionExpirySeconds: number
  readonly subscriptions: readonly { readonly topic: string; readonly retained: 'skip' | 'take' }[]
}

/** What becomes of a session. After `onFailed` nothing more is called. */
export interface BridgeSessionHandlers {
  /** The broker accepted the client; `resumed`: it kept our session, with the messages that came meanwhile. */
  onConnected(resumed: boolean): void
  /** What the broker granted for each subscription: 0 to 2 is a QoS, 128 and above a refusal. */
  onSubscribed(granted: readonly number[]): void
  onFailed(fault: BridgeFault): void
}

/** An open session. */
export interface BridgeSession {
  /** Takes leave of the broker, which keeps the session. */
  close(): void
}

const acceptMs = 10_000
// MQTT 3.1.1, section 3.2.2.3, and MQTT 5, section 3.2.2.2.
const unsupportedVersionCodes: readonly (number | undefined)[] = [1, 132]
const sessionTakenOver = 142
// How mqtt.js says that the broker is not heard any more.
const silenceMessages = ['Keepalive timeout', 'connack timeout']

/**
 * Opens a lasting session over a stream and subscribes at QoS 1. This is the only file that knows mqtt.js. It uses the
 * library for what happens once a connection (CONNECT, SUBSCRIBE, pings, DISCONNECT) through its public class alone:
 * each connection gets a client of its own, so none of the library's stores or reconnects is involved, and PUBLISH and
 * PUBACK do not pass through it, because it acknowledges one message after the other.
 */
export function openBridgeSession(
  stream: Duplex,
  options: BridgeSessionOptions,
  handlers: BridgeSessionHandlers,
): BridgeSession {
  const client = new MqttClient(() => stream, clientOptions(options))
  let isSettled = false
  client.on('error', (error) => handlers.onFailed(faultOf(error)))
  client.on('disconnect', (packet) => handlers.onFailed(endedByBroker(packet.reasonCode)))
  client.on('connect', ({ sessionPresent }) => {
    handlers.onConnected(sessionPresent)
    client.subscribe(subscriptionMap(options), (_error, _asked, packet) => {
      isSettled = true
      // Without a packet the connection was lost, which is told apart from here.
      if (packet !== undefined) handlers.onSubscribed(packet.granted.map(Number))
    })
  })
  // With an answer outstanding the library would wait for it before it takes leave.
  return { close: () => void client.end(!isSettled) }
}

function clientOptions(options: BridgeSessionOptions): IClientOptions {
  const { clientId, username, password, protocolVersion, keepaliveSeconds } = options
  const { receiveMaximum, sessionExpirySeconds } = options
  return {
    clientId,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    protocolVersion,
    clean: false,
    keepalive: keepaliveSeconds,
    connectTimeout: acceptMs,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    timerVariant: 'native',
    // No maximum packet size is announced: a broker would drop what is larger and tell nobody.
    ...(protocolVersion === 5 ? { properties: { receiveMaximum, sessionExpiryInterval: sessionExpirySeconds } } : {}),
  }
}

function subscriptionMap({ subscriptions, protocolVersion }: BridgeSessionOptions): ISubscriptionMap {
  const map: ISubscriptionMap = {}
  for (const { topic, retained } of subscriptions) {
    // MQTT 5, section 3.8.3.1: 2 is no retained messages at all, 1 only when the subscription is new.
    map[topic] = protocolVersion === 5 ? { qos: 1, rh: retained === 'skip' ? 2 : 1 } : { qos: 1 }
  }
  return map
}

function faultOf(error: Error & { readonly code?: unknown }): BridgeFault {
  const { message } = error
  if (silenceMessages.includes(message)) return bridgeFault('bridge_silent', `the broker does not answer: ${message}`)
  if (!message.startsWith('Connection refused')) return bridgeFault('bridge_protocol_broken', `the broker: ${message}`)
  const isVersion = typeof error.code === 'number' && unsupportedVersionCodes.includes(error.code)
  const hint = isVersion ? '; try another protocolVersion (4 is MQTT 3.1.1, 5 is MQTT 5)' : ''
  return bridgeFault('bridge_refused', `the broker refused the connection: ${message}${hint}`)
}

function endedByBroker(reasonCode: number | undefined): BridgeFault {
  const why = reasonCode === sessionTakenOver ? ', because another client connected with the same clientId' : ''
  return bridgeFault('bridge_ended_by_broker', `the broker ended the connection with reason ${reasonCode ?? 0}${why}`)
}
