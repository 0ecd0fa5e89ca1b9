import { telemetryRoute, type TelemetryRoute } from './mqtt-topics.ts'

/** Knows what the topic of the latest message meant: most clients publish on one topic, and its bytes tell it again. */
export class RouteCache {
  readonly #prefix: string
  #topic: Buffer = Buffer.alloc(0)
  #route: TelemetryRoute | null = null

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** The route of the topic between two positions; null when it is no telemetry topic. */
  routeOf(bytes: Buffer, start: number, end: number): TelemetryRoute | null {
    if (!isSame(this.#topic, bytes, start, end)) {
      this.#topic = Buffer.from(bytes.subarray(start, end))
      // Ids and the prefix are ASCII, so a topic that is not cannot be taken for one that is.
      this.#route = telemetryRoute(this.#prefix, this.#topic.toString('latin1'))
    }
    return this.#route
  }
}

function isSame(topic: Buffer, bytes: Buffer, start: number, end: number): boolean {
  const length = end - start
  if (topic.length !== length) return false
  // From the end: topics of one broker begin alike.
  for (let index = length - 1; index >= 0; index--) if (topic[index] !== bytes[start + index]) return false
  return true
}
