/** Writes plain JSON data as CBOR (RFC 8949), the way a small device would; members that are undefined are left out. */
export function toCbor(value: unknown): Uint8Array {
  if (value === null) return Uint8Array.of(0xf6)
  if (typeof value === 'boolean') return Uint8Array.of(value ? 0xf5 : 0xf4)
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value >= 0 ? head(0, value) : head(1, -1 - value)
  if (typeof value === 'number') {
    const bytes = Buffer.alloc(9, 0xfb)
    bytes.writeDoubleBE(value, 1)
    return bytes
  }
  if (typeof value === 'string') {
    const bytes = Buffer.from(value, 'utf8')
    return Buffer.concat([head(3, bytes.length), bytes])
  }
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map((each) => toCbor(each))])
  if (typeof value === 'object') {
    const members = Object.entries(value).filter(([, each]) => each !== undefined)
    return Buffer.concat([head(5, members.length), ...members.flatMap(([name, each]) => [toCbor(name), toCbor(each)])])
  }
  throw new Error(`the world writes no ${typeof value} as CBOR`)
}

/** The head of an item: its major type, and a number in the fewest bytes. */
export function head(major: number, count: number): Uint8Array {
  const type = major << 5
  if (count < 24) return Uint8Array.of(type | count)
  if (count < 0x100) return Uint8Array.of(type | 24, count)
  if (count < 0x1_0000) return Uint8Array.of(type | 25, count >> 8, count & 0xff)
  const bytes = Buffer.alloc(9)
  bytes[0] = type | 27
  bytes.writeBigUInt64BE(BigInt(count), 1)
  if (count >= 0x1_0000_0000) return bytes
  return Uint8Array.of(type | 26, ...bytes.subarray(5))
}
