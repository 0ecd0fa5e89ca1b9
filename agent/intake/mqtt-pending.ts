// One unit stands for so many bytes, so that size and packet id fit together into a small integer, which costs nothing.
const bytesPerUnit = 64

/** A message local clients listen to, kept until its commit. */
export interface PendingForward {
  readonly topic: string
  readonly payload: Buffer
  readonly qos: 0 | 1
}

/**
 * The deliveries of one connection that are with the intake and not settled: how much they are, and what has to be done
 * when they are. The intake settles them in the order they were handed over.
 */
export class PendingDeliveries {
  readonly #mostUnits: number
  readonly #forwards: { readonly position: number; readonly message: PendingForward }[] = []
  #units = 0
  // Positions in the order of handing over. Tokens will not do: two messages without a packet id may have the same.
  #added = 0
  #settled = 0

  /** `mostBytes` of payload may be pending; each delivery counts 64 bytes more. */
  constructor(mostBytes: number) {
    this.#mostUnits = Math.ceil(mostBytes / bytesPerUnit)
  }

  /** Whether the connection has to wait for some of its deliveries to be settled. */
  get isFull(): boolean {
    return this.#units >= this.#mostUnits
  }

  /** Notes a delivery before it is handed over, since it may be settled before that returns. Gives its token. */
  add(packetId: number, payloadBytes: number, forward: PendingForward | null): number {
    const units = 1 + Math.ceil(payloadBytes / bytesPerUnit)
    const token = units * 0x1_0000 + packetId
    this.#units += units
    if (forward !== null) this.#forwards.push({ position: this.#added, message: forward })
    this.#added++
    return token
  }

  /** Takes the latest delivery back: the intake had no room for it. */
  withdraw(token: number): void {
    this.#units -= token >>> 16
    this.#added--
    if (this.#forwards.at(-1)?.position === this.#added) this.#forwards.pop()
  }

  /** The delivery is settled: what is to be forwarded, if anything. */
  settle(token: number): PendingForward | null {
    this.#units -= token >>> 16
    const position = this.#settled++
    if (this.#forwards.length === 0 || this.#forwards[0]?.position !== position) return null
    return this.#forwards.shift()?.message ?? null
  }
}

/** The packet id in a token; 0 for a delivery that is not acknowledged. */
export function packetIdOf(token: number): number {
  return token & 0xffff
}
