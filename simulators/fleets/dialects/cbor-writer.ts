/** What the simulated devices put into CBOR. */
export type CborValue = string | bigint | number | boolean | CborMap
export type CborMap = { readonly [name: string]: CborValue }

const MAJOR_UNSIGNED = 0
const MAJOR_TEXT = 3
const MAJOR_MAP = 5

/** Encodes as small devices do (RFC 8949): definite lengths, shortest heads. Numbers are whole and not negative. */
export function encodeCbor(value: CborValue): Buffer {
  const parts: Buffer[] = []
  write(value, parts)
  return Buffer.concat(parts)
}

function write(value: CborValue, parts: Buffer[]): void {
  if (typeof value === 'boolean') {
    parts.push(Buffer.from([value ? 0xf5 : 0xf4]))
  } else if (typeof value === 'string') {
    const text = Buffer.from(value, 'utf8')
    parts.push(head(MAJOR_TEXT, BigInt(text.length)), text)
  } else if (typeof value === 'object') {
    const members = Object.entries(value)
    parts.push(head(MAJOR_MAP, BigInt(members.length)))
    for (const [name, member] of members) {
      write(name, parts)
      write(member, parts)
    }
  } else {
    parts.push(head(MAJOR_UNSIGNED, BigInt(value)))
  }
}

function head(major: number, argument: bigint): Buffer {
  const first = major << 5
  if (argument < 24n) return Buffer.from([first | Number(argument)])
  if (argument < 0x100n) return Buffer.from([first | 24, Number(argument)])
  const bytes = Buffer.alloc(9)
  if (argument < 0x1_0000n) {
    bytes[0] = first | 25
    bytes.writeUInt16BE(Number(argument), 1)
    return bytes.subarray(0, 3)
  }
  if (argument < 0x1_0000_0000n) {
    bytes[0] = first | 26
    bytes.writeUInt32BE(Number(argument), 1)
    return bytes.subarray(0, 5)
  }
  bytes[0] = first | 27
  bytes.writeBigUInt64BE(argument, 1)
  return bytes
}
