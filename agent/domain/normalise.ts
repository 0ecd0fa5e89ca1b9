import { Buffer } from 'node:buffer'
import type { Result } from '@meterline/shared/base/errors.ts'
import { usageEventLimits, type UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { readAiEvent } from './payload/ai-event.ts'
import { cloudEventData, isCloudEvent } from './payload/cloudevent.ts'
import { isStorable } from './payload/fields.ts'
import type { MappingFault } from './mapping/mapping-codes.ts'
import { emptyRuleBook, type RuleBook } from './mapping/rule-book.ts'
import type { Normalised, RejectedEvent } from './normalised.ts'
import { isJsonObject, type EventSpan, type JsonObject } from './payload/json-text.ts'
import { fragmentOf, parsePayload } from './payload/parse-payload.ts'
import { readUsageEvent } from './payload/plain-event.ts'
import { refused, shown, type NormaliseFault } from './payload/rejection.ts'

export type { Normalised, RejectedEvent } from './normalised.ts'
export type { NormaliseCode } from './payload/rejection.ts'

/** What a payload holds: plain usage, or AI calls (OpenTelemetry's names, or what a provider's API answered). */
export type PayloadKind = 'usage' | 'ai'

const nothingRejected: readonly RejectedEvent[] = []
const noEvents: readonly UsageEvent[] = []

/**
 * Turns the bytes a device published into usage events. `device` is who was authenticated, `receivedWallMs` stands in
 * for a missing time. Each event of an array is accepted or rejected on its own. Everything accepted is within
 * `usageEventLimits`. CloudEvents of plain usage whose type has a rule in `rules` are read by it. Never throws, whatever
 * the bytes.
 */
export function normalise(
  kind: PayloadKind,
  device: string,
  payload: Uint8Array,
  receivedWallMs: number,
  rules: RuleBook = emptyRuleBook,
): Normalised {
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  const parsed = parsePayload(bytes)
  if (!parsed.ok) return rejectedWhole(bytes, parsed.fault)
  const { value, spans, isPrintable } = parsed.value

  // The one-event payload is the usual one and the one that is measured; it takes no list of its own.
  if (!Array.isArray(value)) {
    const event = spans?.[0]?.duplicate
      ? duplicateName(spans[0])
      : readEvent(kind, device, value, receivedWallMs, rules, isPrintable)
    if (event.ok) return { events: event.value === null ? noEvents : [event.value], rejected: nothingRejected }
    return { events: [], rejected: [rejection(0, value, event.fault, fragmentOf(bytes, parsed.value, 0))] }
  }

  const events: UsageEvent[] = []
  const rejected: RejectedEvent[] = []
  const positions: number[] = []
  for (const [index, element] of (value as readonly unknown[]).entries()) {
    const span = spans?.[index]
    const event = span?.duplicate
      ? duplicateName(span)
      : readEvent(kind, device, element, receivedWallMs, rules, isPrintable)
    if (!event.ok) rejected.push(rejection(index, element, event.fault, fragmentOf(bytes, parsed.value, index)))
    else if (event.value !== null) {
      events.push(event.value)
      positions.push(index)
    }
  }
  return { events, rejected, positions }
}

function readEvent(
  kind: PayloadKind,
  device: string,
  value: unknown,
  receivedWallMs: number,
  rules: RuleBook,
  isPrintable: boolean,
): Result<UsageEvent | null, MappingFault> {
  if (!isJsonObject(value)) return refused('payload_not_object', `an event is ${shown(value)}: it must be an object`)
  if (!isCloudEvent(value)) return readBody(kind, device, value, value, receivedWallMs, isPrintable)
  if (kind === 'usage' && rules.byEventType.size > 0) {
    const type = value['type']
    const rule = typeof type === 'string' ? rules.byEventType.get(type) : undefined
    if (rule !== undefined) return rule.mapCloudEvent(value, { device, topic: null, receivedWallMs })
  }
  const data = cloudEventData(value)
  return data.ok ? readBody(kind, device, value, data.value, receivedWallMs, isPrintable) : data
}

/** `envelope` says which event it is; `body` says what was used. They are the same object in a plain event. */
function readBody(
  kind: PayloadKind,
  device: string,
  envelope: JsonObject,
  body: JsonObject,
  receivedWallMs: number,
  isPrintable: boolean,
): Result<UsageEvent, NormaliseFault> {
  return kind === 'usage'
    ? readUsageEvent(device, envelope, body, receivedWallMs, isPrintable)
    : readAiEvent(device, envelope, body, receivedWallMs, isPrintable)
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

function rejection(index: number, value: unknown, problem: MappingFault, fragment: Uint8Array): RejectedEvent {
  return { index, eventId: statedId(value), code: problem.code, message: problem.message, fragment }
}

/** The id a rejected event stated, where it is usable, so that the device can tell which one was meant. */
function statedId(value: unknown): string | null {
  if (!isJsonObject(value)) return null
  const id = value['id'] ?? value['gen_ai.response.id'] ?? value['responseId'] ?? null
  return isStorable(id, usageEventLimits.idBytes) ? id : null
}
