/** What the stored formats are made of: the items of RFC 8949 that they use, integers always as bigint. */
export type Item = null | boolean | bigint | string | Uint8Array | readonly Item[]

/**
 * A small reader of its own for the stored bytes, written from RFC 8949 section 3 and not from the product's codec. It
 * is lenient on purpose (it does not insist on shortest forms): what the bytes say counts here, not how well they are made.
 */
export class CborReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #text = new TextDecoder('utf-8', { fatal: true })
  #offset: number

  constructor(bytes: Uint8Array, offset = 0) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#offset = offset
  }

  /** Where the next item starts. */
  get offset(): number {
    return this.#offset
  }

  get atEnd(): boolean {
    return this.#offset >= this.#bytes.length
  }

  /** Reads one item with everything in it. Throws on bytes that are no such item. */
  next(): Item {
    const start = this.#offset
    const initial = this.#byte()
    const major = initial >> 5
    const argument = this.#argument(initial & 31, start)
    switch (major) {
      case 0:
        return argument
      case 1:
        return -1n - argument
      case 2:
        return this.#slice(argument)
      case 3:
        return this.#text.decode(this.#slice(argument))
      case 4: {
        const items: Item[] = []
        for (let index = 0n; index < argument; index++) items.push(this.next())
        return items
      }
      case 7:
        if (initial === 0xf4) return false
        if (initial === 0xf5) return true
        if (initial === 0xf6) return null
        break
      default:
        break
    }
    throw new Error(`byte ${start}: item 0x${initial.toString(16)} is none that the formats use`)
  }

  #argument(short: number, start: number): bigint {
    if (short < 24) return BigInt(short)
    const widths: Readonly<Record<number, number>> = { 24: 1, 25: 2, 26: 4, 27: 8 }
    const width = widths[short]
    if (width === undefined) throw new Error(`byte ${start}: argument form ${short} is none that the formats use`)
    let value = 0n
    for (let index = 0; index < width; index++) value = (value << 8n) | BigInt(this.#byte())
    return value
  }

  #byte(): number {
    if (this.atEnd) throw new Error(`byte ${this.#offset}: the bytes end inside an item`)
    const byte = this.#view.getUint8(this.#offset)
    this.#offset += 1
    return byte
  }

  #slice(length: bigint): Uint8Array {
    const end = BigInt(this.#offset) + length
    if (end > BigInt(this.#bytes.length))
      throw new Error(`byte ${this.#offset}: ${length} bytes are stated but not there`)
    const slice = this.#bytes.subarray(this.#offset, Number(end))
    this.#offset = Number(end)
    return slice
  }
}

/** Reads bytes that hold exactly one item. */
export function readItem(bytes: Uint8Array): Item {
  const reader = new CborReader(bytes)
  const item = reader.next()
  if (!reader.atEnd) throw new Error(`byte ${reader.offset}: ${bytes.length - reader.offset} bytes follow the item`)
  return item
}

/** Narrowing helpers that say what was expected where; a stored item of another shape is a finding, not a crash of types. */
export function asList(item: Item | undefined, what: string): readonly Item[] {
  if (!isList(item)) throw new Error(`${what} should be an array`)
  return item
}

function isList(item: Item | undefined): item is readonly Item[] {
  return Array.isArray(item)
}

export function asText(item: Item | undefined, what: string): string {
  if (typeof item !== 'string') throw new Error(`${what} should be text`)
  return item
}

export function asBytes(item: Item | undefined, what: string): Uint8Array {
  if (!(item instanceof Uint8Array)) throw new Error(`${what} should be bytes`)
  return item
}

export function asInteger(item: Item | undefined, what: string): bigint {
  if (typeof item !== 'bigint') throw new Error(`${what} should be an integer`)
  return item
}

/** An integer that is small enough to be an index or a time. */
export function asNumber(item: Item | undefined, what: string): number {
  const value = Number(asInteger(item, what))
  if (!Number.isSafeInteger(value)) throw new Error(`${what} is too large`)
  return value
}
