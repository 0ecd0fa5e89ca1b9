/** What the bytes of a Protocol Buffers message did not hold up to. Thrown inside this folder only. */
export class ProtobufProblem extends Error {}

const largestVarint = 2n ** 64n - 1n

/**
 * Reads one Protocol Buffers message field by field (protobuf.dev, "Encoding"). Strict where the format is lenient: no
 * groups, no truncated values, no varint beyond 64 bits. Views into the given bytes, nothing is copied.
 */
export class ProtobufReader {
  readonly #bytes: Buffer
  #at = 0
  #wireType = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** Moves to the next field and returns its number; 0 at the end of the message. */
  next(): number {
    if (this.#at >= this.#bytes.length) return 0
    const tag = this.#varint()
    const field = Number(tag >> 3n)
    this.#wireType = Number(tag & 7n)
    if (field === 0 || field > 536_870_911) throw new ProtobufProblem(`it has the field number ${field}`)
    return field
  }

  unsigned(): bigint {
    this.#expect(0, 'an integer')
    return this.#varint()
  }

  boolean(): boolean {
    this.#expect(0, 'a boolean')
    return this.#varint() !== 0n
  }

  float(): number {
    this.#expect(5, 'a float')
    return this.#fixed(4).readFloatLE(0)
  }

  double(): number {
    this.#expect(1, 'a double')
    return this.#fixed(8).readDoubleLE(0)
  }

  /** The bytes of a text, byte string or nested message. */
  bytes(): Buffer {
    this.#expect(2, 'bytes')
    return this.#fixed(this.#length())
  }

  text(): string {
    const bytes = this.bytes()
    const text = bytes.toString('utf8')
    if (text.includes('\ufffd') && !Buffer.from(text, 'utf8').equals(bytes))
      throw new ProtobufProblem('a text is not UTF-8')
    return text
  }

  /** Passes over the value of a field that nobody reads. */
  skip(): void {
    switch (this.#wireType) {
      case 0:
        this.#varint()
        return
      case 1:
        this.#fixed(8)
        return
      case 2:
        this.#fixed(this.#length())
        return
      case 5:
        this.#fixed(4)
        return
      default:
        throw new ProtobufProblem(`it has the wire type ${this.#wireType}, which is not in use`)
    }
  }

  #expect(wireType: number, what: string): void {
    if (this.#wireType !== wireType) throw new ProtobufProblem(`a field should be ${what} and has another wire type`)
  }

  #length(): number {
    const length = this.#varint()
    const left = this.#bytes.length - this.#at
    if (length > BigInt(left)) throw new ProtobufProblem(`it ends before a field of ${length} bytes does`)
    return Number(length)
  }

  #fixed(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new ProtobufProblem('it ends inside a field')
    const part = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return part
  }

  #varint(): bigint {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[this.#at++]
      if (byte === undefined) throw new ProtobufProblem('it ends inside a number')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) {
        if (value > largestVarint) break
        return value
      }
    }
    throw new ProtobufProblem('it has a number above 64 bits')
  }
}
