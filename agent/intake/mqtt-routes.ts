import { originText } from '../flow/origin.ts'
import type { DeliveryKind } from '../flow/ports.ts'
import { isDeviceId } from '../domain/device-id.ts'
import type { DoorRule } from './door-rule.ts'
import { MappedTopics } from './mqtt-mapped-topics.ts'
import { telemetryRoute, type Identity } from './mqtt-topics.ts'

/** Where a message goes that its publisher may publish. */
export interface PublishRoute {
  /** In whose name it is taken in. */
  readonly device: string
  readonly kind: DeliveryKind
  /** What the intake is told: the device, or an `originText` with rule and topic. */
  readonly origin: string
}

/** Who publishes. */
export interface Publisher {
  readonly identity: Identity
  /** What the client called itself; null where it left that to the broker. */
  readonly clientId: string | null
}

/**
 * Knows what topics mean and who may publish to them: those of devices, and those that mapping rules read. The former
 * come first: no rule reads what is a device's own topic, or may pass for it.
 */
export class PublishRoutes {
  readonly #prefix: string
  readonly #isTaken: (device: string) => boolean
  readonly #mapped: MappedTopics

  /** `isTaken`: whether a name belongs to somebody who has to prove it, here or at another door. */
  constructor(prefix: string, isTaken: (device: string) => boolean, rules: readonly DoorRule[]) {
    this.#prefix = prefix
    this.#isTaken = isTaken
    this.#mapped = new MappedTopics(rules)
  }

  /** The route of a topic; null where the publisher may not publish. */
  routeOf(topic: string, publisher: Publisher): PublishRoute | null {
    const telemetry = telemetryRoute(this.#prefix, topic)
    if (telemetry === null) return this.#mappedRouteOf(topic, publisher)
    const { device, kind } = telemetry
    return this.#mayPublishFor(publisher.identity, device) ? { device, kind, origin: device } : null
  }

  #mappedRouteOf(topic: string, publisher: Publisher): PublishRoute | null {
    const rule = this.#mapped.ruleOf(topic)
    if (rule === null) return null
    const device = publisher.identity ?? this.#anonymousDevice(publisher.clientId, rule)
    if (!this.#mayPublishFor(publisher.identity, device)) return null
    if (rule.publishers !== null && !rule.publishers.includes(device)) return null
    return { device, kind: 'mapped', origin: originText({ device, rule: rule.name, topic, idempotencyKey: null }) }
  }

  /** In whose name somebody on this machine publishes: a name that changes with each connection would be none. */
  #anonymousDevice(clientId: string | null, rule: DoorRule): string {
    const isUsable = clientId !== null && isDeviceId(clientId) && !this.#isTaken(clientId)
    return isUsable ? clientId : rule.name
  }

  /** Whether a client may publish for a device. Anybody on this machine may, but for devices with a secret. */
  #mayPublishFor(identity: Identity, device: string): boolean {
    return identity === null ? !this.#isTaken(device) : identity === device
  }
}
