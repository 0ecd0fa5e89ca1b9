import { isUtf8 } from 'node:buffer'
import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { usageEventLimits, type UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { aiAttributes, attribute, readAiUsage } from './payload/ai-payload.ts'
import { cloudEventData, isCloudEvent } from './payload/cloudevent.ts'
import { isStorable, readIdentity, readLabels } from './payload/fields.ts'
import type { MappingCode } from './mapping/mapping-codes.ts'
import {
  countMembers,
  countPossibleMembers,
  deepestNesting,
  findEventSpans,
  isJsonObject,
  type EventSpan,
  type JsonObject,
} from './payload/json-text.ts'
import { refused, shown, type NormaliseCode, type NormaliseFault } from './payload/rejection.ts'
import { readMeasured } from './payload/usage-payload.ts'

export type { NormaliseCode } from './payload/rejection.ts'

/** What a payload holds: plain usage, or AI calls under the OpenTelemetry `gen_ai.*` names. */
export type PayloadKind = 'usage' | 'ai'

/** A payload, or one event of it, that goes to suspense. */
export interface RejectedEvent {
  /** Position in the array; 0 for a payload that is no array or was refused as a whole. */
  readonly index: number
  readonly eventId: string | null
  readonly code: NormaliseCode | MappingCode
  readonly message: string
  /** The bytes to keep as evidence, exactly as they came: the event, or the whole payload (cut at its size limit). */
  readonly fragment: Uint8Array
}

/** What became of a payload: every event of it is in one of the two lists. */
export interface Normalised {
  readonly events: readonly UsageEvent[]
  readonly rejected: readonly RejectedEvent[]
}

const nothingRejected: readonly RejectedEvent[] = []
const noLabels: UsageEvent['labels'] = []
const noFacts: UsageEvent['facts'] = []
const replacementCharacter = '\ufffd'

/**
 * Turns the bytes a device published into usage events. `device` is who was authenticated, `receivedWallMs` stands in
 * for a missing time. Each event of an array is accepted or rejected on its own. Everything accepted is within
 * `usageEventLimits`. Never throws, whatever the bytes.
 */
export function normalise(kind: PayloadKind, device: string, payload: Uint8Array, receivedWallMs: number): Normalised {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  const parsed = parsePayload(bytes)
  if (!parsed.ok) return rejectedWhole(bytes, parsed.fault)
  const { value, spans } = parsed.value

  // The one-event payload is the usual one and the one that is measured; it takes no list of its own.
  if (!Array.isArray(value)) {
    const event = spans?.[0]?.duplicate ? duplicateName(spans[0]) : readEvent(kind, device, value, receivedWallMs)
    if (event.ok) return { events: [event.value], rejected: nothingRejected }
    return { events: [], rejected: [rejection(0, value, event.fault, Uint8Array.from(bytes))] }
  }

  const events: UsageEvent[] = []
  const rejected: RejectedEvent[] = []
  let positions = spans
  for (const [index, element] of (value as readonly unknown[]).entries()) {
    const span = spans?.[index]
    const event = span?.duplicate ? duplicateName(span) : readEvent(kind, device, element, receivedWallMs)
    if (event.ok) {
      events.push(event.value)
      continue
    }
    positions ??= findEventSpans(bytes)
    const { start, end } = positions[index] ?? { start: 0, end: bytes.length }
    rejected.push(rejection(index, element, event.fault, Uint8Array.from(bytes.subarray(start, end))))
  }
  return { events, rejected }
}

interface ParsedPayload {
  readonly value: unknown
  /** Only worked out when some object may have a member name twice. */
  readonly spans: readonly EventSpan[] | null
}

function parsePayload(bytes: Buffer): Result<ParsedPayload, NormaliseFault> {
  if (bytes.length === 0)
    return refused('payload_empty', 'the payload is empty: send a JSON object or an array of them')
  if (bytes.length > usageEventLimits.payloadBytes) {
    return refused(
      'payload_too_large',
      `the payload is over ${usageEventLimits.payloadBytes} bytes: send fewer events at a time`,
    )
  }
  const text = bytes.toString('utf8')
  // Decoding puts U+FFFD in place of broken bytes; only where one shows up is it worth asking whether it was sent.
  if (text.includes(replacementCharacter) && !isUtf8(bytes)) {
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
  const members = countMembers(value)
  if (members < 0) return refused('payload_too_deep', `the payload nests more than ${deepestNesting} levels deep`)
  if (Array.isArray(value)) {
    if (value.length === 0) return refused('payload_empty', 'the payload is an empty array')
    if (value.length > usageEventLimits.eventsPerPayload) {
      return refused(
        'payload_too_many_events',
        `the payload has ${value.length} events: send at most ${usageEventLimits.eventsPerPayload} at a time`,
      )
    }
  }
  return ok({ value, spans: countPossibleMembers(text) === members ? null : findEventSpans(bytes) })
}

function readEvent(
  kind: PayloadKind,
  device: string,
  value: unknown,
  receivedWallMs: number,
): Result<UsageEvent, NormaliseFault> {
  if (!isJsonObject(value))
    return refused('payload_not_object', `an event is ${shown(value)}: it must be a JSON object`)
  if (!isCloudEvent(value)) return readBody(kind, device, value, value, receivedWallMs)
  const data = cloudEventData(value)
  return data.ok ? readBody(kind, device, value, data.value, receivedWallMs) : data
}

/** `envelope` says which event it is; `body` says what was used. They are the same object in a plain event. */
function readBody(
  kind: PayloadKind,
  device: string,
  envelope: JsonObject,
  body: JsonObject,
  receivedWallMs: number,
): Result<UsageEvent, NormaliseFault> {
  return kind === 'usage'
    ? readUsageEvent(device, envelope, body, receivedWallMs)
    : readAiEvent(device, envelope, body, receivedWallMs)
}

function readUsageEvent(
  device: string,
  envelope: JsonObject,
  body: JsonObject,
  receivedWallMs: number,
): Result<UsageEvent, NormaliseFault> {
  const identity = readIdentity(
    device,
    envelope['id'],
    envelope['source'],
    envelope['subject'] ?? body['subject'],
    envelope['time'] ?? body['time'],
    receivedWallMs,
  )
  if (!identity.ok) return identity
  const measured = readMeasured(body)
  if (!measured.ok) return measured
  const labels = readLabels(body['dimensions'], noLabels)
  if (!labels.ok) return labels
  const { id, source, subject, timeMs } = identity.value
  return ok({ id, source, subject, timeMs, labels: labels.value, facts: noFacts, measured: measured.value })
}

function readAiEvent(
  device: string,
  envelope: JsonObject,
  body: JsonObject,
  receivedWallMs: number,
): Result<UsageEvent, NormaliseFault> {
  const attributes = aiAttributes(body)
  if (!attributes.ok) return attributes
  const identity = readIdentity(
    device,
    envelope['id'] ?? attribute(attributes.value, 'gen_ai.response.id'),
    envelope['source'],
    envelope['subject'] ?? body['subject'],
    envelope['time'] ?? body['time'],
    receivedWallMs,
  )
  if (!identity.ok) return identity
  const usage = readAiUsage(attributes.value)
  if (!usage.ok) return usage
  const labels = readLabels(body['dimensions'], usage.value.labels)
  if (!labels.ok) return labels
  const { id, source, subject, timeMs } = identity.value
  const { facts, measured } = usage.value
  return ok({ id, source, subject, timeMs, labels: labels.value, facts, measured })
}

function duplicateName(span: EventSpan): Result<never, NormaliseFault> {
  return refused(
    'key_duplicate',
    `an object of the event has ${shown(span.duplicate)} twice: which of the two counts would be a guess, so send it once`,
  )
}

function rejectedWhole(bytes: Buffer, problem: NormaliseFault): Normalised {
  const fragment = Uint8Array.from(bytes.subarray(0, usageEventLimits.payloadBytes))
  return { events: [], rejected: [rejection(0, null, problem, fragment)] }
}

function rejection(index: number, value: unknown, problem: NormaliseFault, fragment: Uint8Array): RejectedEvent {
  return { index, eventId: statedId(value), code: problem.code, message: problem.message, fragment }
}

/** The id a rejected event stated, where it is usable, so that the device can tell which one was meant. */
function statedId(value: unknown): string | null {
  if (!isJsonObject(value)) return null
  const id = value['id'] ?? value['gen_ai.response.id'] ?? null
  return isStorable(id, usageEventLimits.idBytes) ? id : null
}
