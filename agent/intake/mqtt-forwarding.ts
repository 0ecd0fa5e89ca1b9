import type { Aedes } from 'aedes'
import type { Reject } from '../flow/ports.ts'
import type { LocalInterest } from './mqtt-interest.ts'
import type { MqttLimits } from './mqtt-limits.ts'
import { rejectTopic } from './mqtt-topics.ts'

/**
 * Sends messages to local subscribers through aedes: telemetry after its commit, and what was rejected. Only when
 * somebody listens, and only so many at a time: forwarding is a courtesy, and a slow listener must not fill the memory
 * or hold up the metering.
 */
export class LocalForwarding {
  /** Messages that were not forwarded because too many were on their way. */
  dropped = 0
  readonly #aedes: Aedes
  readonly #interest: LocalInterest
  readonly #limits: MqttLimits
  readonly #prefix: string
  #messages = 0
  #bytes = 0

  constructor(aedes: Aedes, interest: LocalInterest, limits: MqttLimits, prefix: string) {
    this.#aedes = aedes
    this.#interest = interest
    this.#limits = limits
    this.#prefix = prefix
  }

  /** Forwards a message to whoever subscribed to its topic. */
  forward(topic: string, payload: Buffer, qos: 0 | 1): void {
    if (this.#messages >= this.#limits.forwards || this.#bytes + payload.length > this.#limits.forwardBytes) {
      this.dropped++
      return
    }
    this.#messages++
    this.#bytes += payload.length
    this.#aedes.publish({ cmd: 'publish', topic, payload, qos, dup: false, retain: false }, () => {
      this.#messages--
      this.#bytes -= payload.length
    })
  }

  /** Tells a device, at QoS 0, which of its events was refused and why, as `{"code","message","id"}`. */
  reject({ device, code, message, eventId }: Reject): void {
    if (!this.#interest.has(device, 'reject')) return
    const payload = Buffer.from(JSON.stringify({ code, message, id: eventId }))
    this.forward(rejectTopic(this.#prefix, device), payload, 0)
  }
}
