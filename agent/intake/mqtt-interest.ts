import type { PublishRoute } from './mqtt-routes.ts'
import { deviceOfFilter, type Leaf } from './mqtt-topics.ts'

const leaves: readonly Leaf[] = ['usage', 'ai', 'reject']

/**
 * Who listens to what on this broker, as counts, so that messages nobody listens to cost nothing. Every client adds
 * each of its filters once and removes it when it leaves.
 */
export class LocalInterest {
  readonly #prefix: string
  /** How many filters reach every device. */
  readonly #everyDevice: Record<Leaf, number> = { usage: 0, ai: 0, reject: 0 }
  /** How many filters reach one device. */
  readonly #oneDevice: Record<Leaf, Map<string, number>> = { usage: new Map(), ai: new Map(), reject: new Map() }

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  add(filter: string): void {
    this.#change(filter, 1)
  }

  remove(filter: string): void {
    this.#change(filter, -1)
  }

  /** Whether anybody listens to `<prefix>/<device>/<leaf>`. */
  has(device: string, leaf: Leaf): boolean {
    if (this.#everyDevice[leaf] > 0) return true
    const devices = this.#oneDevice[leaf]
    return devices.size > 0 && devices.has(device)
  }

  /** Whether anybody listens to what is published there. What mapping rules read is not handed on. */
  inRoute({ device, kind }: PublishRoute): boolean {
    return kind !== 'mapped' && this.has(device, kind)
  }

  #change(filter: string, by: 1 | -1): void {
    for (const leaf of leaves) {
      const device = deviceOfFilter(this.#prefix, filter, leaf)
      if (device === null) continue
      if (device === '+') {
        this.#everyDevice[leaf] += by
        continue
      }
      const count = (this.#oneDevice[leaf].get(device) ?? 0) + by
      if (count > 0) this.#oneDevice[leaf].set(device, count)
      else this.#oneDevice[leaf].delete(device)
    }
  }
}
