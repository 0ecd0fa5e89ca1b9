const pubackBytes = 4
const firstCapacity = 16

/** Collects the PUBACK packets (MQTT 3.1.1, section 3.4) of one socket, to be written in one piece. */
export class PubackBuffer {
  #bytes: Buffer = Buffer.alloc(0)
  /** Bytes collected. */
  length = 0

  /** Adds the acknowledgement of one packet id. */
  add(packetId: number): void {
    if (this.length === this.#bytes.length) this.#grow()
    const bytes = this.#bytes
    const at = this.length
    bytes[at] = 0x40
    bytes[at + 1] = 0x02
    bytes[at + 2] = packetId >>> 8
    bytes[at + 3] = packetId & 0xff
    this.length = at + pubackBytes
  }

  /** Gives out what was collected, in memory of its own, and starts over. */
  take(): Buffer {
    const { length } = this
    const taken = Buffer.allocUnsafe(length)
    const bytes = this.#bytes
    if (length <= 32) for (let index = 0; index < length; index++) taken[index] = bytes[index] ?? 0
    else bytes.copy(taken, 0, 0, length)
    this.length = 0
    return taken
  }

  #grow(): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(firstCapacity, this.#bytes.length * 2))
    this.#bytes.copy(grown)
    this.#bytes = grown
  }
}
