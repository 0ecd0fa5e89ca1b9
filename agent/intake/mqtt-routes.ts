import { originText } from '../flow/origin.ts'
import type { DeliveryKind } from '../flow/ports.ts'
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
  routeOf(topic: string, publisher: Identity): PublishRoute | null {
    const telemetry = telemetryRoute(this.#prefix, topic)
    if (telemetry === null) return this.#mappedRouteOf(topic, publisher)
    const { device, kind } = telemetry
    return this.#mayPublishFor(publisher, device) ? { device, kind, origin: device } : null
  }

  /**
   * Whoever has proved who it is publishes in that name, somebody on this machine in the rule's. A client id proves
   * nothing, and the identity of events belongs to the name: under another client id they would be charged again.
   */
  #mappedRouteOf(topic: string, publisher: Identity): PublishRoute | null {
    const rule = this.#mapped.ruleOf(topic)
    if (rule === null) return null
    const device = publisher ?? rule.name
    if (!this.#mayPublishFor(publisher, device)) return null
    if (rule.publishers !== null && !rule.publishers.includes(device)) return null
    return { device, kind: 'mapped', origin: originText({ device, rule: rule.name, topic, idempotencyKey: null }) }
  }

  /** Whether a client may publish for a device. Anybody on this machine may, but for devices with a secret. */
  #mayPublishFor(publisher: Identity, device: string): boolean {
    return publisher === null ? !this.#isTaken(device) : publisher === device
  }
}
