// One unit stands for so many bytes, so that size and packet id fit together into a small integer, which costs nothing.
const bytesPerUnit = 64

/**
 * The deliveries of one connection to a foreign broker that are with the intake and not settled, and the messages that
 * are acknowledged without being delivered. PUBACKs go out in the order the messages came (MQTT 3.1.1, section 4.6),
 * so one that was skipped waits for those before it. The intake settles in the order it was handed deliveries.
 */
export class BridgePending {
  readonly #mostUnits: number
  readonly #skipped: { readonly after: number; readonly packetId: number }[] = []
  #units = 0
  #added = 0
  #settled = 0

  /** `mostBytes` of payload may be pending; each delivery and each skipped message counts 64 bytes more. */
  constructor(mostBytes: number) {
    this.#mostUnits = Math.ceil(mostBytes / bytesPerUnit)
  }

  /** Whether no further message may be read before some of these are settled. */
  get isFull(): boolean {
    return this.#units + this.#skipped.length >= this.#mostUnits
  }

  /** Deliveries that are with the intake. */
  get count(): number {
    return this.#added - this.#settled
  }

  /** Notes a delivery before it is handed over, since it may be settled before that returns. Gives its token. */
  add(packetId: number, payloadBytes: number): number {
    const units = 1 + Math.ceil(payloadBytes / bytesPerUnit)
    this.#units += units
    this.#added++
    return units * 0x1_0000 + packetId
  }

  /** Takes the latest delivery back: the intake had no room for it. */
  withdraw(token: number): void {
    this.#units -= token >>> 16
    this.#added--
  }

  /** The oldest delivery is settled: its packet id, 0 when it is not acknowledged. */
  settle(token: number): number {
    this.#units -= token >>> 16
    this.#settled++
    return token & 0xffff
  }

  /** Notes a message that is acknowledged and not delivered; `nextSkipped` gives it back when its turn has come. */
  skip(packetId: number): void {
    this.#skipped.push({ after: this.#added, packetId })
  }

  /** The packet id of a skipped message all of whose predecessors are settled; 0 when there is none. */
  nextSkipped(): number {
    const first = this.#skipped[0]
    if (first === undefined || first.after > this.#settled) return 0
    this.#skipped.shift()
    return first.packetId
  }
}
