import { assertThat } from '../base/errors.ts'

const twoTo32 = 4_294_967_296
const largestSafe = BigInt(Number.MAX_SAFE_INTEGER)
const twoTo64 = 2n ** 64n

/** Texts up to this many UTF-16 units are written by a loop; for longer ones the native call costs less than the loop. */
const loopedUnits = 48

/**
 * Writes RFC 8949 core deterministic CBOR into a buffer that grows: the same bytes as `encodeDeterministic`, without a
 * value tree and without an allocation per field. The caller announces each array's length and then writes that many items.
 */
export class DeterministicWriter {
  #buffer: Buffer
  #length = 0

  constructor(initialBytes = 256) {
    this.#buffer = Buffer.allocUnsafeSlow(initialBytes)
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  /** Forgets everything from `length` on; with 0 the buffer is ready for the next use. */
  truncate(length: number): void {
    assertThat(length >= 0 && length <= this.#length, `cannot truncate ${this.#length} bytes to ${length}`)
    this.#length = length
  }

  /** A copy of what was written from `from` on. */
  copy(from = 0): Uint8Array {
    return new Uint8Array(this.#buffer.subarray(from, this.#length))
  }

  /** What was written, as a view that is good only until the next write. */
  view(): Uint8Array {
    return this.#buffer.subarray(0, this.#length)
  }

  /** An integer from 0 to 2^53 − 1. */
  uint(value: number): void {
    this.#head(0x00, value)
  }

  /** A safe integer of either sign. */
  int(value: number): void {
    if (value >= 0) this.#head(0x00, value)
    else this.#head(0x20, -1 - value)
  }

  /** An integer from 0 to 2^64 − 1. */
  bigUint(value: bigint): void {
    this.#bigHead(0x00, value)
  }

  /** An integer from −2^64 to 2^64 − 1. */
  bigInt(value: bigint): void {
    if (value >= 0n) this.#bigHead(0x00, value)
    else this.#bigHead(0x20, -1n - value)
  }

  /** A text string. A lone surrogate has no UTF-8 form and is a bug of the caller. */
  text(value: string): void {
    const units = value.length
    if (units > loopedUnits) {
      this.#longText(value)
      return
    }
    this.#reserve(units + 2)
    const buffer = this.#buffer
    const start = this.#length
    let at = start
    if (units < 24) buffer[at++] = 0x60 + units
    else {
      buffer[at++] = 0x78
      buffer[at++] = units
    }
    for (let index = 0; index < units; index++) {
      const unit = value.charCodeAt(index)
      if (unit >= 0x80) {
        this.#longText(value)
        return
      }
      buffer[at++] = unit
    }
    this.#length = at
  }

  /** A byte string. */
  bytes(value: Uint8Array): void {
    this.#head(0x40, value.length)
    this.raw(value)
  }

  /** The head of an array of `count` items. */
  arrayHead(count: number): void {
    this.#head(0x80, count)
  }

  null(): void {
    this.#reserve(1)
    this.#buffer[this.#length++] = 0xf6
  }

  boolean(value: boolean): void {
    this.#reserve(1)
    this.#buffer[this.#length++] = value ? 0xf5 : 0xf4
  }

  /** Bytes that are already deterministic CBOR (or that something else explains). */
  raw(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#buffer.set(value, this.#length)
    this.#length += value.length
  }

  #longText(value: string): void {
    assertThat(value.isWellFormed(), 'a text with a lone surrogate cannot be encoded')
    const byteCount = Buffer.byteLength(value, 'utf8')
    this.#head(0x60, byteCount)
    this.#reserve(byteCount)
    this.#length += this.#buffer.write(value, this.#length, 'utf8')
  }

  #head(major: number, value: number): void {
    this.#reserve(9)
    const buffer = this.#buffer
    let at = this.#length
    if (value < 24) {
      assertThat(value >= 0 && Number.isInteger(value), `${value} is no unsigned integer`)
      buffer[at++] = major | value
    } else if (value < 0x100) {
      buffer[at++] = major | 24
      buffer[at++] = value
    } else if (value < 0x10000) {
      buffer[at++] = major | 25
      buffer[at++] = value >>> 8
      buffer[at++] = value
    } else if (value < twoTo32) {
      buffer[at++] = major | 26
      buffer[at++] = value >>> 24
      buffer[at++] = value >>> 16
      buffer[at++] = value >>> 8
      buffer[at++] = value
    } else {
      assertThat(Number.isSafeInteger(value), `${value} is no safe integer`)
      this.#eightBytes(major, Math.floor(value / twoTo32), value >>> 0)
      return
    }
    this.#length = at
  }

  #bigHead(major: number, value: bigint): void {
    if (value <= largestSafe) {
      this.#head(major, Number(value))
      return
    }
    assertThat(value < twoTo64, `${value} does not fit 64 bits`)
    this.#reserve(9)
    this.#eightBytes(major, Number(value >> 32n), Number(value & 0xffff_ffffn))
  }

  #eightBytes(major: number, high: number, low: number): void {
    const buffer = this.#buffer
    const at = this.#length
    buffer[at] = major | 27
    buffer[at + 1] = high >>> 24
    buffer[at + 2] = high >>> 16
    buffer[at + 3] = high >>> 8
    buffer[at + 4] = high
    buffer[at + 5] = low >>> 24
    buffer[at + 6] = low >>> 16
    buffer[at + 7] = low >>> 8
    buffer[at + 8] = low
    this.#length = at + 9
  }

  #reserve(byteCount: number): void {
    if (this.#length + byteCount > this.#buffer.length) this.#grow(this.#length + byteCount)
  }

  #grow(atLeast: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(atLeast, this.#buffer.length * 2))
    this.#buffer.copy(grown, 0, 0, this.#length)
    this.#buffer = grown
  }
}
