import { randomBytes } from 'node:crypto'

/** How event ids follow each other: in the order of time, as UUIDv7 and ULID do, or anyhow. */
export type IdOrder = 'ordered' | 'random'

const idLength = 36
const hexDigits = Buffer.from('0123456789abcdef')

/** A PUBLISH at QoS 1 as it goes over the wire, and where its packet id and its event id stand. */
export interface PublishTemplate {
  readonly bytes: Buffer
  readonly packetIdAt: number
  readonly eventIdAt: number
}

/** Builds the template of one topic; the payload is made with an id of 36 characters that is found and replaced later. */
export function publishTemplate(topic: string, payloadWith: (id: string) => string): PublishTemplate {
  const id = 'i'.repeat(idLength)
  const payload = Buffer.from(payloadWith(id))
  const topicBytes = Buffer.from(topic)
  const remaining = 2 + topicBytes.length + 2 + payload.length
  const head = [0x32]
  for (let rest = remaining; ; rest >>>= 7) {
    head.push(rest > 127 ? (rest & 127) | 128 : rest)
    if (rest < 128) break
  }
  const topicLength = Buffer.of(topicBytes.length >> 8, topicBytes.length & 255)
  const bytes = Buffer.concat([Buffer.from(head), topicLength, topicBytes, Buffer.of(0, 0), payload])
  const payloadAt = bytes.length - payload.length
  return { bytes, packetIdAt: payloadAt - 2, eventIdAt: bytes.indexOf(id, payloadAt) }
}

/** Writes ids that no other event of this or another run has: a random beginning (or a time) and a count. */
export class EventIds {
  readonly #order: IdOrder
  readonly #prefix: Buffer
  #count = 0
  #a: number
  #b: number

  constructor(order: IdOrder, startMs: number) {
    this.#order = order
    const seed = randomBytes(24)
    this.#a = seed.readUInt32LE(0) | 1
    this.#b = seed.readUInt32LE(4) | 1
    // Like a UUIDv7: milliseconds first, then what is random for the run; the count comes last.
    const run = seed.subarray(8, 16).toString('hex')
    this.#prefix = Buffer.from(`${startMs.toString(16).padStart(12, '0')}${run}`)
  }

  /** Writes the next id, 36 characters. */
  write(bytes: Buffer, at: number): void {
    const count = this.#count++
    if (this.#order === 'ordered') {
      for (let index = 0; index < 28; index++) bytes[at + index] = this.#prefix[index] ?? 0
      writeHex(bytes, at + 28, count)
      return
    }
    // Two 32-bit generators (xorshift) spread the beginning; run and count keep it unique.
    writeHex(bytes, at, this.#nextA())
    writeHex(bytes, at + 8, this.#nextB())
    for (let index = 0; index < 12; index++) bytes[at + 16 + index] = this.#prefix[12 + index] ?? 0
    writeHex(bytes, at + 28, count)
  }

  #nextA(): number {
    let a = this.#a
    a ^= a << 13
    a ^= a >>> 17
    a ^= a << 5
    this.#a = a
    return a
  }

  #nextB(): number {
    let b = this.#b
    b ^= b << 7
    b ^= b >>> 9
    b ^= b << 8
    this.#b = b
    return b
  }
}

function writeHex(bytes: Buffer, at: number, value: number): void {
  for (let index = 7, rest = value; index >= 0; index--, rest >>>= 4) bytes[at + index] = hexDigits[rest & 15] ?? 0
}
