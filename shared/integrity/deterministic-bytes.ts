import { assertThat, failed, fault, ok, type Fault, type Result } from '../base/errors.ts'
import { DeterministicReader, type BytesFaultCode } from './deterministic-reader.ts'
import { DeterministicWriter } from './deterministic-writer.ts'

/** What can be encoded: RFC 8949 section 4.2.1 without maps, floats, tags and indefinite lengths. */
export type Deterministic = null | boolean | number | bigint | string | Uint8Array | readonly Deterministic[]

/** Why bytes are no deterministic encoding of a value. */
export type DeterministicFault = Fault<
  'bytes_truncated' | 'bytes_trailing' | 'bytes_not_deterministic' | 'bytes_unsupported' | 'bytes_too_deep'
>

const defaultMaxDepth = 16
const twoTo64 = 2n ** 64n

/**
 * The one encoding of a value. Numbers are safe integers, bigints fit CBOR's 64-bit arguments, texts are well-formed;
 * anything else is a bug of the caller.
 */
export function encodeDeterministic(value: Deterministic): Uint8Array {
  const writer = new DeterministicWriter()
  writeValue(writer, value)
  return writer.copy()
}

function writeValue(writer: DeterministicWriter, value: Deterministic): void {
  if (value === null) writer.null()
  else if (typeof value === 'boolean') writer.boolean(value)
  else if (typeof value === 'bigint') writer.bigInt(value)
  else if (typeof value === 'string') writer.text(value)
  else if (value instanceof Uint8Array) writer.bytes(value)
  else if (typeof value === 'number') {
    assertThat(Number.isSafeInteger(value), `${value} is no safe integer`)
    writer.int(value)
  } else {
    writer.arrayHead(value.length)
    for (const item of value) writeValue(writer, item)
  }
}

/**
 * Reads the one value the bytes stand for. What is accepted encodes to the same bytes again: minimal integers and
 * lengths, strict UTF-8, nothing after the value. Integers come back as numbers when safe, else as bigints; byte strings
 * are views into `bytes`.
 */
export function decodeDeterministic(
  bytes: Uint8Array,
  limits: { readonly maxDepth: number } = { maxDepth: defaultMaxDepth },
): Result<Deterministic, DeterministicFault> {
  const reader = new DeterministicReader(bytes)
  const value = readValue(reader, limits.maxDepth)
  reader.finish()
  return reader.fault === null ? ok(value) : failed(deterministicFault(reader.fault, bytes.length))
}

function readValue(reader: DeterministicReader, depthLeft: number): Deterministic {
  switch (reader.peekMajor()) {
    case 0:
      return narrowed(reader.bigUint(twoTo64))
    case 1:
      return narrowed(reader.bigInt(twoTo64))
    case 2:
      return reader.bytes(Number.MAX_SAFE_INTEGER)
    case 3:
      return reader.text(Number.MAX_SAFE_INTEGER)
    case 4:
      return readArray(reader, depthLeft)
    case 7:
      return reader.takeNull() ? null : reader.boolean()
    case -1:
      reader.refuse('bytes_truncated')
      return null
    default:
      reader.refuse('bytes_unsupported')
      return null
  }
}

function readArray(reader: DeterministicReader, depthLeft: number): Deterministic[] {
  const items: Deterministic[] = []
  if (depthLeft === 0) reader.refuse('bytes_too_deep')
  // The array is not allocated at its announced length: it grows with what is really there.
  for (let left = reader.arrayHead(); left > 0 && reader.fault === null; left--)
    items.push(readValue(reader, depthLeft - 1))
  return items
}

function narrowed(value: bigint): number | bigint {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

const explanations: Readonly<Record<DeterministicFault['code'], string>> = {
  bytes_truncated: 'they end inside an item',
  bytes_trailing: 'there is more after the value',
  bytes_not_deterministic: 'a number or length is not in its shortest form, or a text is not UTF-8',
  bytes_unsupported: 'a map, tag, float or indefinite length is in them',
  bytes_too_deep: 'their arrays are nested too deep',
}

function deterministicFault(code: BytesFaultCode, byteCount: number): DeterministicFault {
  // The generic reader has no expectations and no caps of its own, so only lengths over 2^53 end as over the limit.
  const narrow = code === 'bytes_over_limit' || code === 'bytes_unexpected' ? 'bytes_truncated' : code
  return fault(narrow, `${byteCount} bytes are no deterministic value: ${explanations[narrow]}`)
}
