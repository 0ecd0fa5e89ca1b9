import { sharedFilterOf, topicMatches } from '../domain/topic-filter.ts'
import { originText } from '../flow/origin.ts'
import type { DeliveryKind } from '../flow/ports.ts'

/** What one subscription of a bridge reads. */
export interface BridgeSubscription {
  readonly topic: string
  /** What its messages are; left out where a rule reads them. */
  readonly kind?: 'usage' | 'ai' | undefined
  readonly rule?: string | undefined
  readonly retained: 'skip' | 'take'
}

/** What becomes of the messages of one topic. */
export interface BridgeRoute {
  readonly kind: DeliveryKind
  readonly origin: string
  readonly takesRetained: boolean
}

const mostTopics = 4096
/** Longer topics are read by their subscription's rule as if they were not known, so that no broker can fill memory with them. */
const longestTopicBytes = 512

/** Knows what the topics of a bridge mean: the latest by its bytes, some thousand others by their text. */
export class BridgeRoutes {
  readonly #device: string
  readonly #subscriptions: readonly { readonly filter: string; readonly subscription: BridgeSubscription }[]
  readonly #known = new Map<string, BridgeRoute | null>()
  #topic: Buffer = Buffer.alloc(0)
  #route: BridgeRoute | null = null

  constructor(device: string, subscriptions: readonly BridgeSubscription[]) {
    this.#device = device
    this.#subscriptions = subscriptions.map((subscription) => ({
      filter: sharedFilterOf(subscription.topic),
      subscription,
    }))
  }

  /** The route of the topic between two positions; null when no subscription asks for it. */
  routeOf(bytes: Buffer, start: number, end: number): BridgeRoute | null {
    if (end - start > longestTopicBytes) return this.#find(bytes.toString('utf8', start, end), false)
    if (this.#topic.length === 0 || this.#topic.compare(bytes, start, end) !== 0) {
      this.#topic = Buffer.from(bytes.subarray(start, end))
      this.#route = this.#routeOfText(this.#topic.toString('utf8'))
    }
    return this.#route
  }

  #routeOfText(topic: string): BridgeRoute | null {
    const known = this.#known.get(topic)
    if (known !== undefined) return known
    const route = this.#find(topic, true)
    // Starting over is cheap, and a broker with ever new topics costs no memory.
    if (this.#known.size >= mostTopics) this.#known.clear()
    this.#known.set(topic, route)
    return route
  }

  #find(topic: string, isKept: boolean): BridgeRoute | null {
    const matching = this.#subscriptions.find(({ filter }) => topicMatches(filter, topic))
    if (matching === undefined) return null
    const { kind, rule = null, retained } = matching.subscription
    const takesRetained = retained === 'take'
    if (kind !== undefined) return { kind, origin: this.#device, takesRetained }
    // NUL separates the parts of an origin; no topic may hold it (MQTT 3.1.1, section 1.5.3).
    const read = isKept && !topic.includes('\0') ? topic : null
    const origin = originText({ device: this.#device, rule, topic: read, idempotencyKey: null })
    return { kind: 'mapped', origin, takesRetained }
  }
}
