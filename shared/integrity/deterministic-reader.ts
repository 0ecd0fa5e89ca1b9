/** Why bytes are not what a strict reader expects. */
export type BytesFaultCode =
  /** They end inside an item. */
  | 'bytes_truncated'
  /** There is more after the last item. */
  | 'bytes_trailing'
  /** A longer form than needed, or text that is not UTF-8. */
  | 'bytes_not_deterministic'
  /** An item outside the subset: map, tag, float, simple value, indefinite length. */
  | 'bytes_unsupported'
  /** Arrays nested deeper than the limit. */
  | 'bytes_too_deep'
  /** A valid item of another kind than the format has here. */
  | 'bytes_unexpected'
  /** A length or number over what the format allows here. */
  | 'bytes_over_limit'

const twoTo32 = 4_294_967_296
const highestSafeWord = 0x1f_ffff

// Without `ignoreBOM` the decoder would drop a leading U+FEFF, and the text would no longer stand for its bytes.
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * A strict cursor over RFC 8949 core deterministic CBOR. The first fault sticks: the cursor moves to the end, every
 * further read returns an empty value, and a decoder reads a whole item before it asks for `fault` once. Lengths are
 * checked against the bytes that are left before anything is allocated.
 */
export class DeterministicReader {
  readonly #bytes: Buffer
  readonly #end: number
  #at: number
  #fault: BytesFaultCode | null = null

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = start
    this.#end = end
  }

  /** Position of the next item. */
  get position(): number {
    return this.#at
  }

  /** The first thing that was wrong, or null. */
  get fault(): BytesFaultCode | null {
    return this.#fault
  }

  /** Records what is wrong, also by a rule of the format itself, and stops reading. */
  refuse(code: BytesFaultCode): void {
    this.#fault ??= code
    this.#at = this.#end
  }

  /** Demands that nothing is left. */
  finish(): void {
    if (this.#at !== this.#end) this.refuse('bytes_trailing')
  }

  /** Major type (0 to 7) of the next item; −1 when nothing is left. */
  peekMajor(): number {
    return this.#at < this.#end ? (this.#bytes[this.#at] ?? 0) >>> 5 : -1
  }

  /** An integer from 0 to `largest` (at most 2^53 − 1). */
  uint(largest = Number.MAX_SAFE_INTEGER): number {
    const value = this.#argument(0)
    if (value <= largest) return value
    this.refuse('bytes_over_limit')
    return 0
  }

  /** A safe integer of either sign. */
  int(): number {
    if (this.peekMajor() !== 1) return this.#argument(0)
    const value = -1 - this.#argument(1)
    if (value >= Number.MIN_SAFE_INTEGER) return value
    this.refuse('bytes_over_limit')
    return 0
  }

  /** An integer from 0 to `largest` (at most 2^64 − 1). */
  bigUint(largest: bigint): bigint {
    return this.#upTo(largest, this.#bigArgument(0))
  }

  /** An integer from −`largest` to `largest`. */
  bigInt(largest: bigint): bigint {
    if (this.peekMajor() !== 1) return this.bigUint(largest)
    return -this.#upTo(largest, this.#bigArgument(1) + 1n)
  }

  /** Takes a null if one is next. */
  takeNull(): boolean {
    if (this.#at >= this.#end || this.#bytes[this.#at] !== 0xf6) return false
    this.#at++
    return true
  }

  /** True or false. */
  boolean(): boolean {
    const head = this.#at < this.#end ? this.#bytes[this.#at] : undefined
    if (head === 0xf4 || head === 0xf5) {
      this.#at++
      return head === 0xf5
    }
    this.#refuseKind(7)
    return false
  }

  /** A text string of at most `maxBytes` bytes of UTF-8. */
  text(maxBytes: number): string {
    const byteCount = this.#length(3, maxBytes)
    const start = this.#at
    const end = start + byteCount
    this.#at = end
    const bytes = this.#bytes
    for (let index = start; index < end; index++) {
      if ((bytes[index] ?? 0) >= 0x80) return this.#wideText(start, end)
    }
    return byteCount === 0 ? '' : bytes.toString('latin1', start, end)
  }

  /** A byte string of at most `maxBytes` bytes, as a view. */
  bytes(maxBytes: number): Uint8Array {
    const byteCount = this.#length(2, maxBytes)
    const start = this.#at
    this.#at = start + byteCount
    return new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset + start, byteCount)
  }

  /** A byte string of exactly `byteCount` bytes, as a view. */
  bytesOf(byteCount: number): Uint8Array {
    const value = this.bytes(byteCount)
    if (value.length !== byteCount) this.refuse('bytes_unexpected')
    return value
  }

  /** The number of items of the array that begins here, at most `maxItems`. Its items take a byte each at least. */
  arrayHead(maxItems = Number.MAX_SAFE_INTEGER): number {
    return this.#length(4, maxItems)
  }

  /** Demands an array of exactly `items` items. */
  arrayOf(items: number): void {
    if (this.#length(4, Number.MAX_SAFE_INTEGER) !== items) this.refuse('bytes_unexpected')
  }

  /**
   * Passes over one item, however deep, checking that it is whole and inside the subset, but not its texts. Counting the
   * items still to come takes the place of a stack; each has a byte at least, so the count stays below the bytes there are.
   */
  skip(): void {
    for (let pending = 1; pending > 0; pending--) {
      const head = this.#at < this.#end ? (this.#bytes[this.#at] ?? 0) : -1
      const major = head >> 5
      if (major === 0 || major === 1) {
        if ((head & 0x1f) < 24) this.#at++
        else this.#bigArgument(major)
      } else if (major === 2 || major === 3) {
        const byteCount = this.#length(major, Number.MAX_SAFE_INTEGER)
        this.#at += byteCount
      } else if (major === 4) pending += this.#length(4, Number.MAX_SAFE_INTEGER)
      else if (head === 0xf4 || head === 0xf5 || head === 0xf6) this.#at++
      else {
        this.refuse(head < 0 ? 'bytes_truncated' : 'bytes_unsupported')
        return
      }
    }
  }

  #upTo(largest: bigint, value: bigint): bigint {
    if (value <= largest) return value
    this.refuse('bytes_over_limit')
    return 0n
  }

  #wideText(start: number, end: number): string {
    try {
      return strictUtf8.decode(this.#bytes.subarray(start, end))
    } catch {
      // The decoder throws for exactly one reason: the bytes are not UTF-8.
      this.refuse('bytes_not_deterministic')
      return ''
    }
  }

  /** Argument of an item that has a length: checked against the cap, then against the bytes that are left. */
  #length(major: number, largest: number): number {
    const length = this.#argument(major)
    if (length > largest) {
      this.refuse('bytes_over_limit')
      return 0
    }
    if (length > this.#end - this.#at) {
      this.refuse('bytes_truncated')
      return 0
    }
    return length
  }

  #argument(major: number): number {
    const at = this.#at
    const end = this.#end
    if (at >= end) {
      this.refuse('bytes_truncated')
      return 0
    }
    const bytes = this.#bytes
    const head = (bytes[at] ?? 0) ^ (major << 5)
    if (head < 24) {
      this.#at = at + 1
      return head
    }
    if (head === 24 && at + 1 < end) {
      const value = bytes[at + 1] ?? 0
      if (value >= 24) {
        this.#at = at + 2
        return value
      }
    } else if (head === 25 && at + 2 < end) {
      const value = ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
      if (value >= 0x100) {
        this.#at = at + 3
        return value
      }
    } else if (head === 26 && at + 4 < end) {
      const value = this.#word(at + 1)
      if (value >= 0x10000) {
        this.#at = at + 5
        return value
      }
    } else if (head === 27 && at + 8 < end) {
      const high = this.#word(at + 1)
      if (high > highestSafeWord) {
        this.refuse('bytes_over_limit')
        return 0
      }
      if (high > 0) {
        this.#at = at + 9
        return high * twoTo32 + this.#word(at + 5)
      }
    } else {
      this.#refuseHead(major, head)
      return 0
    }
    this.refuse('bytes_not_deterministic')
    return 0
  }

  #bigArgument(major: number): bigint {
    const at = this.#at
    if (at + 8 < this.#end && this.#bytes[at] === ((major << 5) | 27)) {
      const high = this.#word(at + 1)
      if (high > highestSafeWord) {
        this.#at = at + 9
        return (BigInt(high) << 32n) | BigInt(this.#word(at + 5))
      }
    }
    return BigInt(this.#argument(major))
  }

  #word(at: number): number {
    const bytes = this.#bytes
    const low = ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
    return (bytes[at] ?? 0) * 0x100_0000 + low
  }

  #refuseHead(major: number, head: number): void {
    if (head >= 24 && head <= 27) this.refuse('bytes_truncated')
    else if (head < 32) this.refuse('bytes_unsupported')
    else this.#refuseKind(major)
  }

  /** The next item is of another kind: of the subset in another place, or outside the subset altogether. */
  #refuseKind(wanted: number): void {
    const major = this.peekMajor()
    const head = this.#bytes[this.#at] ?? 0
    if (major < 0) this.refuse('bytes_truncated')
    else if (major === 5 || major === 6 || (major === 7 && !(head >= 0xf4 && head <= 0xf6)) || major === wanted)
      this.refuse('bytes_unsupported')
    else this.refuse('bytes_unexpected')
  }
}
