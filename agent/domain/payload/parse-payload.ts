import { isUtf8 } from 'node:buffer'
import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { usageEventLimits } from '@meterline/shared/model/usage-event.ts'
import { isCbor } from './cbor-parts.ts'
import { findCborSpans, readCbor } from './cbor-value.ts'
import { countPossibleMembers, deepestNesting, findEventSpans, type EventSpan } from './json-text.ts'
import { hasRoomForMember, leastTextOf, type LeastText } from './least-text.ts'
import { refused, type NormaliseFault } from './rejection.ts'

/** How a payload is written. */
export type PayloadFormat = 'json' | 'cbor'

/**
 * A payload as a tree of objects, arrays, texts, numbers, booleans and null. CBOR adds `bigint` (integers beyond
 * ±(2^53 − 1)) and `Uint8Array` (byte strings).
 */
export interface ParsedPayload {
  readonly value: unknown
  readonly format: PayloadFormat
  /** All texts of the payload are printable ASCII. False may also mean that nobody looked. */
  readonly isPrintable: boolean
  /**
   * Where the events stand. Worked out only when some object may have a member name twice, or when evidence is first
   * asked for; null until then.
   */
  spans: readonly EventSpan[] | null
}

const replacementCharacter = '\ufffd'

/**
 * Reads the bytes of a payload, JSON (RFC 8259) or CBOR (RFC 8949), told apart by their first byte. Checks what holds
 * for every payload: its size, UTF-8, nesting and how many events an array has. Members that are there twice are only
 * marked, in `spans`, because they spoil no more than their own event. Never throws, whatever the bytes.
 */
export function parsePayload(bytes: Buffer): Result<ParsedPayload, NormaliseFault> {
  if (bytes.length === 0)
    return refused('payload_empty', 'the payload is empty: send a JSON object or an array of them')
  if (bytes.length > usageEventLimits.payloadBytes) {
    return refused(
      'payload_too_large',
      `the payload is over ${usageEventLimits.payloadBytes} bytes: send fewer events at a time`,
    )
  }
  return isCbor(bytes) ? parseCbor(bytes) : parseJson(bytes)
}

/**
 * The bytes to keep as evidence of the event at `index`, as they came and as a copy: the whole payload when that is one
 * event, else the element of its array.
 */
export function fragmentOf(bytes: Buffer, parsed: ParsedPayload, index: number): Uint8Array {
  if (!Array.isArray(parsed.value)) return Uint8Array.from(bytes)
  parsed.spans ??= parsed.format === 'json' ? findEventSpans(bytes) : findCborSpans(bytes)
  const { start, end } = parsed.spans[index] ?? { start: 0, end: bytes.length }
  return Uint8Array.from(bytes.subarray(start, end))
}

function parseJson(bytes: Buffer): Result<ParsedPayload, NormaliseFault> {
  const text = bytes.toString()
  // Decoding puts U+FFFD in place of broken bytes; only where one shows up is it worth asking whether it was sent.
  const hasReplacement = text.includes(replacementCharacter)
  if (hasReplacement && !isUtf8(bytes)) {
    return refused('payload_not_utf8', 'the payload is not valid UTF-8: MQTT carries JSON texts as UTF-8')
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return refused(
      'payload_not_json',
      `the payload is not JSON: ${error instanceof Error ? error.message : 'unreadable'}`,
    )
  }
  // Broken bytes aside, only ASCII takes as many bytes as UTF-16 units.
  const isAscii = !hasReplacement && text.length === bytes.length
  const least = leastTextOf(value)
  if (least.characters === Number.POSITIVE_INFINITY)
    return refused('payload_too_deep', `the payload nests more than ${deepestNesting} levels deep`)
  const problem = eventCountFault(value)
  if (problem !== null) return problem
  return ok({
    value,
    format: 'json',
    // Control characters come into JSON texts by escapes alone (RFC 8259, section 7), but for DEL.
    isPrintable: isAscii && !text.includes('\\') && !text.includes('\u007f'),
    spans: mayRepeatMember(text, least) ? findEventSpans(bytes) : null,
  })
}

function mayRepeatMember(text: string, least: LeastText): boolean {
  return hasRoomForMember(text.length, least) && countPossibleMembers(text) !== least.members
}

function parseCbor(bytes: Buffer): Result<ParsedPayload, NormaliseFault> {
  const read = readCbor(bytes)
  if (!read.ok) return read
  const { value, hasDuplicate, isPrintable } = read.value
  const problem = eventCountFault(value)
  if (problem !== null) return problem
  return ok({ value, format: 'cbor', isPrintable, spans: hasDuplicate ? findCborSpans(bytes) : null })
}

function eventCountFault(value: unknown): ReturnType<typeof refused> | null {
  if (!Array.isArray(value)) return null
  if (value.length === 0) return refused('payload_empty', 'the payload is an empty array')
  if (value.length <= usageEventLimits.eventsPerPayload) return null
  return refused(
    'payload_too_many_events',
    `the payload has ${value.length} events: send at most ${usageEventLimits.eventsPerPayload} at a time`,
  )
}
