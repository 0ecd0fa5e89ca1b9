import { isUtf8 } from 'node:buffer'
import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { halfFloat, keepKey, keptKey } from './cbor-parts.ts'
import { deepestNesting, type EventSpan } from './json-text.ts'
import { refused, type NormaliseFault } from './rejection.ts'

// Our own reader, because libraries are made to accept much: they take NaN for numbers, let the last of two equal keys
// win, build objects for tags, and some allocate what a length claims before they look whether so many bytes are there.

/** A CBOR value, and whether some map in it had a key twice (of which the last is kept). */
export interface CborValue {
  readonly value: unknown
  readonly hasDuplicate: boolean
  /** All its texts, but for the keys of its maps, are printable ASCII. */
  readonly isPrintable: boolean
}

const indefinite = 31
const breakByte = 0xff
/** Returned in place of a value after a fault; `problem` says which. */
const broken = Symbol('broken')
/** Returned in place of a value for the byte that ends an indefinite length. */
const stop = Symbol('break')

// The state of the one reading under way. Module variables spare an object per payload; nothing here is asynchronous.
const nothing = Buffer.alloc(0)
let input: Buffer = nothing
/** Its bytes as a text, one unit for each. */
let whole = ''
let at = 0
let problem: NormaliseFault | null = null
let duplicate: string | null = null
let hasDuplicate = false
let printable = true
/** Whether to look for the name of a key that is there twice. */
let findsDuplicate = false

/**
 * Reads one CBOR item (RFC 8949) and nothing behind it: integers (a bigint beyond ±(2^53 − 1)), floats of 16, 32 and 64
 * bits, texts, byte strings, booleans, null (undefined counts as null), arrays, and maps with texts as keys, of definite
 * and indefinite length, at most `deepestNesting` levels. Tags are refused, but for 55799 in front. Lengths are held
 * against the bytes that are there before anything is allocated. Never throws.
 */
export function readCbor(bytes: Buffer): Result<CborValue, NormaliseFault> {
  begin(bytes)
  const value = readValue(1)
  if (value === stop) fail('a break without an indefinite length')
  else if (value !== broken && at < bytes.length) fail(`${bytes.length - at} bytes behind the item`)
  const fault = problem
  finish()
  return fault === null ? ok({ value, hasDuplicate, isPrintable: printable }) : { ok: false, fault }
}

/**
 * Finds the events of a payload that `readCbor` has accepted: the elements of the outermost array, or the whole item.
 * Only asked for when something is wrong, to say what and to keep exactly those bytes.
 */
export function findCborSpans(bytes: Buffer): EventSpan[] {
  begin(bytes)
  findsDuplicate = true
  const first = bytes[at] ?? 0
  const spans: EventSpan[] = []
  const isArray = first >> 5 === 4
  if (isArray) {
    at += 1
    if ((first & 31) !== indefinite) readLength(first & 31)
  }
  while (at < bytes.length) {
    const start = at
    duplicate = null
    if (typeof readValue(isArray ? 2 : 1) === 'symbol') break
    spans.push({ start, end: at, duplicate })
  }
  finish()
  return spans
}

function begin(bytes: Buffer): void {
  input = bytes
  whole = bytes.toString('latin1')
  at = 0
  problem = null
  duplicate = null
  hasDuplicate = false
  printable = true
  if (bytes[0] === 0xd9 && bytes[1] === 0xd9 && bytes[2] === 0xf7) at = 3
}

/** Lets go of the payload, so that it is not kept alive until the next one. */
function finish(): void {
  input = nothing
  whole = ''
  problem = null
  findsDuplicate = false
}

function readValue(depth: number): unknown {
  if (at >= input.length) return fail('the bytes end inside an item')
  const head = input[at++] ?? 0
  const low = head & 31
  if (head < 0x18) return head
  switch (head >> 5) {
    case 0:
      return readUnsigned(low)
    case 1:
      return readNegative(low)
    case 2:
      return low === indefinite ? readChunks(2) : readByteString(low)
    case 3:
      return low === indefinite ? readChunks(3) : readText(low)
    case 4:
      return readArray(low, depth)
    case 5:
      return readMap(low, depth)
    case 6:
      return fail('a tag: send times as RFC 3339 texts, and large numbers as integers or texts')
    default:
      return readSimple(head)
  }
}

function readUnsigned(low: number): unknown {
  const value = readLength(low)
  if (value < 0) return broken
  return value <= Number.MAX_SAFE_INTEGER ? value : input.readBigUInt64BE(at - 8)
}

function readNegative(low: number): unknown {
  const value = readLength(low)
  if (value < 0) return broken
  return value < Number.MAX_SAFE_INTEGER ? -1 - value : -1n - input.readBigUInt64BE(at - 8)
}

/** The argument of a head (RFC 8949, section 3); exact up to 2^53 − 1. -1 when the bytes end or it has no meaning. */
function readLength(low: number): number {
  if (low < 24) return low
  const bytes = 1 << (low - 24)
  if (low > 27) {
    fail('a length that is reserved or indefinite where it cannot be')
    return -1
  }
  if (at + bytes > input.length) {
    fail('the bytes end inside a length')
    return -1
  }
  let value = 0
  for (let index = 0; index < bytes; index++) value = value * 256 + (input[at++] ?? 0)
  return value
}

/** The length of a string whose bytes are there; -1 otherwise. */
function readStringLength(low: number): number {
  const length = readLength(low)
  if (length <= input.length - at) return length
  fail(`a string of ${length} bytes where ${input.length - at} are left`)
  return -1
}

function readByteString(low: number): Uint8Array | typeof broken {
  const length = readStringLength(low)
  if (length < 0) return broken
  at += length
  return Uint8Array.from(input.subarray(at - length, at))
}

function readText(low: number): string | typeof broken {
  const length = readStringLength(low)
  return length < 0 ? broken : readTextOf(length)
}

function readTextOf(length: number): string | typeof broken {
  const start = at
  at += length
  let isAscii = true
  for (let index = start; index < at; index++) {
    const unit = input[index] ?? 0
    if (unit >= 0x20 && unit < 0x7f) continue
    printable = false
    isAscii &&= unit < 0x80
  }
  // Cutting a short text copies it; a longer one would keep the whole payload alive for as long as it lives itself.
  if (isAscii) return length <= longestCut ? whole.slice(start, at) : input.toString('latin1', start, at)
  const bytes = input.subarray(start, at)
  if (!isUtf8(bytes)) return fail('a text that is not valid UTF-8')
  return bytes.toString()
}

const longestCut = 12

/** The chunks of a string of indefinite length: definite ones of the same kind (RFC 8949, section 3.2.3). */
function readChunks(kind: 2 | 3): unknown {
  const texts: string[] = []
  const parts: Uint8Array[] = []
  while (at < input.length) {
    const head = input[at++] ?? 0
    if (head === breakByte) return kind === 3 ? texts.join('') : Uint8Array.from(Buffer.concat(parts))
    if (head >> 5 !== kind || (head & 31) === indefinite) return fail('a chunk of another kind than its string')
    const chunk = kind === 3 ? readText(head & 31) : readByteString(head & 31)
    if (chunk === broken) return broken
    if (typeof chunk === 'string') texts.push(chunk)
    else if (chunk instanceof Uint8Array) parts.push(chunk)
  }
  return fail('the bytes end inside a string of indefinite length')
}

function readArray(low: number, depth: number): unknown {
  if (depth > deepestNesting) return tooDeep()
  const count = low === indefinite ? Number.POSITIVE_INFINITY : readLength(low)
  if (count < 0) return broken
  // An element takes a byte at least, so that a claimed length is never believed beyond what was sent.
  if (low !== indefinite && count > input.length - at) return fail(`an array of ${count} where the bytes end`)
  const elements: unknown[] = []
  while (elements.length < count) {
    const element = readValue(depth + 1)
    if (element === broken) return broken
    if (element === stop) return low === indefinite ? elements : fail('a break inside an array of definite length')
    elements.push(element)
  }
  return elements
}

function readMap(low: number, depth: number): unknown {
  if (depth > deepestNesting) return tooDeep()
  const count = low === indefinite ? Number.POSITIVE_INFINITY : readLength(low)
  if (count < 0) return broken
  if (low !== indefinite && count * 2 > input.length - at) return fail(`a map of ${count} where the bytes end`)
  const members: Record<string, unknown> = {}
  let read = 0
  for (; read < count; read++) {
    const head = input[at++] ?? -1
    if (head === breakByte && low === indefinite) break
    if (head >> 5 !== 3) return fail('a map key that is not a text: integer keys say nothing about what was used')
    const key = (head & 31) === indefinite ? readChunks(3) : readKey(head & 31)
    if (typeof key !== 'string') return broken
    const value = readValue(depth + 1)
    if (value === broken) return broken
    if (value === stop) return fail('a break in place of a value')
    put(members, key, value)
  }
  // Counting the members is quicker than asking for each key whether it is there.
  if (Object.keys(members).length !== read) hasDuplicate = true
  return members
}

function put(members: Record<string, unknown>, key: string, value: unknown): void {
  if (findsDuplicate && Object.hasOwn(members, key)) duplicate ??= key
  if (key !== '__proto__') members[key] = value
  // Objects inherit a setter of this name; it must become a member like any other, as JSON.parse makes it one.
  else Object.defineProperty(members, key, { value, writable: true, enumerable: true, configurable: true })
}

function readKey(low: number): string | typeof broken {
  const length = readStringLength(low)
  if (length < 0) return broken
  const kept = keptKey(input, at, length)
  if (kept === null) {
    const key = readTextOf(length)
    if (typeof key === 'string') keepKey(key, length)
    return key
  }
  at += length
  return kept
}

function readSimple(head: number): unknown {
  switch (head) {
    case 0xf4:
      return false
    case 0xf5:
      return true
    case 0xf6:
    case 0xf7:
      return null
    case 0xf9:
      return at + 2 > input.length ? fail('the bytes end inside a number') : halfFloat(readLength(25))
    case 0xfa:
      if (at + 4 > input.length) return fail('the bytes end inside a number')
      at += 4
      return input.readFloatBE(at - 4)
    case 0xfb:
      if (at + 8 > input.length) return fail('the bytes end inside a number')
      at += 8
      return input.readDoubleBE(at - 8)
    case breakByte:
      return stop
    default:
      return fail('a simple value other than false, true, null and undefined')
  }
}

/** Notes what is wrong, where. The first fault stays: the ones behind it follow from it. */
function fail(what: string): typeof broken {
  problem ??= refused('payload_not_cbor', `the payload is not CBOR that can be used: ${what} (near byte ${at})`).fault
  return broken
}

function tooDeep(): typeof broken {
  problem ??= refused('payload_too_deep', `the payload nests more than ${deepestNesting} levels deep`).fault
  return broken
}
