import { isDeviceId } from '../domain/device-id.ts'
import type { DeliveryKind } from '../flow/ports.ts'

/** What devices publish under the agent's own topics. */
export type TelemetryKind = Exclude<DeliveryKind, 'mapped'>

/** The last level of the topics below `<prefix>/<device>/`: what devices publish, and what they are told. */
export type Leaf = TelemetryKind | 'reject'

/** A topic telemetry is published to, taken apart. */
export interface TelemetryRoute {
  readonly device: string
  readonly kind: TelemetryKind
}

/** Whose name a connection has: a device that proved who it is, or anybody (null) on this machine. */
export type Identity = string | null

const prefixPattern = /^[A-Za-z0-9_-]+(\/[A-Za-z0-9_-]+){0,7}$/
const longestFilterBytes = 256

/** Whether a text can be the prefix of all topics: up to 8 levels of letters, digits, `_` and `-`, at most 128 characters. */
export function isTopicPrefix(text: string): boolean {
  return text.length <= 128 && prefixPattern.test(text)
}

/** Takes `<prefix>/<device>/usage` or `<prefix>/<device>/ai` apart; null for every other topic. */
export function telemetryRoute(prefix: string, topic: string): TelemetryRoute | null {
  const deviceStart = prefix.length + 1
  if (!topic.startsWith(prefix) || topic[prefix.length] !== '/') return null
  const deviceEnd = topic.indexOf('/', deviceStart)
  if (deviceEnd < 0) return null
  const kind = topic.slice(deviceEnd + 1)
  if (kind !== 'usage' && kind !== 'ai') return null
  const device = topic.slice(deviceStart, deviceEnd)
  return isDeviceId(device) ? { device, kind } : null
}

/** The topic a device is told on what was rejected. */
export function rejectTopic(prefix: string, device: string): string {
  return `${prefix}/${device}/reject`
}

/**
 * Whether a client may subscribe to a filter: a device only below its own level, anybody on this machine only below the
 * prefix. The part that gives the permission must be written out, so that no wildcard reaches another's topics.
 */
export function maySubscribe(prefix: string, identity: Identity, filter: string): boolean {
  if (Buffer.byteLength(filter) > longestFilterBytes) return false
  return isBelow(prefix, identity, filter)
}

/** Whether a message on a topic may be sent to a client: asked again at delivery, whatever it subscribed to. */
export function mayReceive(prefix: string, identity: Identity, topic: string): boolean {
  return isBelow(prefix, identity, topic)
}

function isBelow(prefix: string, identity: Identity, topic: string): boolean {
  return topic.startsWith(identity === null ? `${prefix}/` : `${prefix}/${identity}/`)
}

/**
 * Which device's topics `<prefix>/<device>/<leaf>` a filter reaches: a device id, `+` for every device, null for none.
 * Wildcards as in MQTT 3.1.1, section 4.7.1: `#` also stands for the level above it.
 */
export function deviceOfFilter(prefix: string, filter: string, leaf: Leaf): string | null {
  const levels = filter.split('/')
  const wanted = prefix.split('/')
  for (const [index, level] of wanted.entries()) {
    if (levels[index] === '#') return '+'
    if (levels[index] !== '+' && levels[index] !== level) return null
  }
  const device = levels[wanted.length]
  if (device === '#') return '+'
  const last = levels[wanted.length + 1]
  if (device === undefined || last === undefined) return null
  const after = levels[wanted.length + 2]
  const reached = last === '#' || ((last === '+' || last === leaf) && (after === undefined || after === '#'))
  return reached ? device : null
}
