import type { PublishRoute } from './mqtt-routes.ts'

/**
 * Knows what the topic of the latest message meant for its connection: most clients publish on one topic, and its bytes
 * tell it again.
 */
export class RouteCache {
  readonly #resolve: (topic: string) => PublishRoute | null
  #topic: Buffer = Buffer.alloc(0)
  #route: PublishRoute | null = null

  constructor(resolve: (topic: string) => PublishRoute | null) {
    this.#resolve = resolve
  }

  /** The route of the topic between two positions; null where the connection may not publish. */
  routeOf(bytes: Buffer, start: number, end: number): PublishRoute | null {
    if (!isSame(this.#topic, bytes, start, end)) {
      this.#topic = Buffer.from(bytes.subarray(start, end))
      this.#route = this.#resolve(this.#topic.toString('utf8'))
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
