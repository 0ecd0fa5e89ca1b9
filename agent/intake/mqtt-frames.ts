/** Control packet types of MQTT 3.1.1 (section 2.2.1) that the guard itself looks at. */
export const packetTypes = { connect: 1, publish: 3 } as const

/** What `FrameReader.next` found. */
export const frameStatus = { needMore: 0, frame: 1, oversized: 2, malformed: 3 } as const
export type FrameStatus = (typeof frameStatus)[keyof typeof frameStatus]

const lengthUnknown = -1
const lengthMalformed = -2
const longestHead = 5
const firstHeldBytes = 1024
const nothing = Buffer.alloc(0)

/**
 * Cuts a stream of bytes into MQTT control packets without decoding them (MQTT 3.1.1, section 2.2: one byte of type and
 * flags, one to four bytes of remaining length, the rest). Holds at most one unfinished packet, and of that never more
 * than `limitBytes` and what it came in with. After `next` says `frame`, the packet is `bytes` from `start` to `end`
 * and its body begins at `bodyStart`, valid until the following `next`. Those bytes are not written to again.
 */
export class FrameReader {
  bytes: Buffer = nothing
  start = 0
  bodyStart = 0
  end = 0
  /** The packet was longer than the limit: `end` is where its kept part ends. */
  truncated = false
  /** Largest remaining length that is read whole. */
  limitBytes: number

  #chunk: Buffer = nothing
  #at = 0
  #headLength = 0
  // The beginning of a packet that an earlier chunk broke off in.
  #held: Buffer = nothing
  #heldLength = 0
  #truncating = false
  #toDiscard = 0

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  /** Bytes taken in and not yet given out. */
  get heldBytes(): number {
    return this.#held.length + this.#chunk.length - this.#at
  }

  /** Type and flags of the packet `next` is at; meaningful after `oversized`. */
  get firstByte(): number {
    return (this.#heldLength > 0 ? this.#held[0] : this.#chunk[this.#at]) ?? 0
  }

  /** Takes the next bytes of the stream. They are kept by reference. */
  push(chunk: Buffer): void {
    this.#chunk = this.#at === this.#chunk.length ? chunk : Buffer.concat([this.#chunk.subarray(this.#at), chunk])
    this.#at = 0
  }

  /** Goes to the next packet. After `oversized`, call `truncate` or give the stream up; after `malformed`, give it up. */
  next(): FrameStatus {
    if (this.#heldLength > 0) return this.#continueHeld()
    const chunk = this.#chunk
    const remaining = this.#readHead(chunk, this.#at, chunk.length)
    if (remaining === lengthMalformed) return frameStatus.malformed
    if (remaining > this.limitBytes) return this.#truncating ? this.#holdTruncated() : frameStatus.oversized
    const bodyStart = this.#at + this.#headLength
    const end = bodyStart + remaining
    if (remaining === lengthUnknown || end > chunk.length) return this.#holdRest()
    return this.#found(chunk, this.#at, bodyStart, end)
  }

  /** Lets the oversized packet `next` stands before through, cut to the limit; the rest of it is thrown away unread. */
  truncate(): void {
    this.#truncating = true
  }

  #holdTruncated(): FrameStatus {
    this.#hold(this.#headLength + this.limitBytes)
    return this.#continueHeld()
  }

  #holdRest(): FrameStatus {
    if (this.#at < this.#chunk.length) this.#hold(this.#chunk.length - this.#at)
    return frameStatus.needMore
  }

  /** Goes on with a packet whose beginning is held: first its head byte by byte, then its body. */
  #continueHeld(): FrameStatus {
    let remaining = this.#readHead(this.#held, 0, this.#heldLength)
    while (remaining === lengthUnknown) {
      if (this.#at === this.#chunk.length) return frameStatus.needMore
      this.#hold(1)
      remaining = this.#readHead(this.#held, 0, this.#heldLength)
    }
    if (remaining === lengthMalformed) return frameStatus.malformed
    if (remaining > this.limitBytes) {
      if (!this.#truncating) return frameStatus.oversized
      // Set on the first call for this packet; from then on it counts down.
      if (this.#toDiscard === 0) this.#toDiscard = remaining - this.limitBytes
      remaining = this.limitBytes
    }
    const wanted = this.#headLength + remaining - this.#heldLength
    if (wanted > 0) this.#hold(wanted)
    if (this.#heldLength < this.#headLength + remaining) return frameStatus.needMore
    if (this.#truncating && !this.#discard()) return frameStatus.needMore

    const held = this.#held
    this.#held = nothing
    this.#heldLength = 0
    return this.#found(held, 0, this.#headLength, this.#headLength + remaining)
  }

  #discard(): boolean {
    const discarded = Math.min(this.#toDiscard, this.#chunk.length - this.#at)
    this.#toDiscard -= discarded
    this.#at += discarded
    return this.#toDiscard === 0
  }

  #found(bytes: Buffer, start: number, bodyStart: number, end: number): FrameStatus {
    this.bytes = bytes
    this.start = start
    this.bodyStart = bodyStart
    this.end = end
    this.truncated = this.#truncating
    this.#truncating = false
    if (bytes === this.#chunk) this.#at = end
    return frameStatus.frame
  }

  /** Moves up to `count` bytes of the chunk to what is held, which grows by doubling and not by what a head promises. */
  #hold(count: number): void {
    const moved = Math.min(count, this.#chunk.length - this.#at)
    const needed = this.#heldLength + moved
    if (needed > this.#held.length) {
      const grown = Buffer.allocUnsafeSlow(
        Math.max(needed, Math.min(firstHeldBytes, needed + count), this.#held.length * 2),
      )
      this.#held.copy(grown, 0, 0, this.#heldLength)
      this.#held = grown
    }
    this.#chunk.copy(this.#held, this.#heldLength, this.#at, this.#at + moved)
    this.#heldLength = needed
    this.#at += moved
  }

  /** Reads type and remaining length at `at`; sets the length of the head. The length is at most 268 435 455. */
  #readHead(bytes: Buffer, at: number, end: number): number {
    let remaining = 0
    let scale = 1
    for (let position = at + 1; position < end; position++) {
      const byte = bytes[position] ?? 0
      remaining += (byte & 0x7f) * scale
      if (byte < 0x80) {
        this.#headLength = position + 1 - at
        return remaining
      }
      if (position + 1 - at === longestHead) return lengthMalformed
      scale *= 128
    }
    return lengthUnknown
  }
}

/** Where the parts of a PUBLISH stand in the buffer of its frame. One object is used over and over. */
export class PublishView {
  qos = 0
  /** 1 to 65 535; 0 at QoS 0, which has none. */
  packetId = 0
  topicStart = 0
  topicEnd = 0
  payloadStart = 0
  payloadEnd = 0

  /** Reads the PUBLISH the reader stands at (MQTT 3.1.1, section 3.3). False: malformed. */
  read(frame: FrameReader): boolean {
    const { bytes, bodyStart, end } = frame
    this.qos = ((bytes[frame.start] ?? 0) >> 1) & 3
    if (this.qos === 3 || end - bodyStart < 2) return false
    this.topicStart = bodyStart + 2
    this.topicEnd = this.topicStart + bytes.readUInt16BE(bodyStart)
    this.payloadStart = this.qos === 0 ? this.topicEnd : this.topicEnd + 2
    this.payloadEnd = end
    if (this.payloadStart > end) return false
    this.packetId = this.qos === 0 ? 0 : bytes.readUInt16BE(this.topicEnd)
    return this.qos === 0 || this.packetId !== 0
  }
}
