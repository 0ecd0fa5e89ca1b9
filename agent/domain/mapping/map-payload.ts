import { Buffer } from 'node:buffer'
import type { Result } from '@meterline/shared/base/errors.ts'
import { usageEventLimits, type UsageEvent } from '@meterline/shared/model/usage-event.ts'
import type { Normalised, RejectedEvent } from '../normalised.ts'
import { cloudEventData, isCloudEvent } from '../payload/cloudevent.ts'
import { isJsonObject } from '../payload/json-text.ts'
import type { BirthBook } from './birth-book.ts'
import { readEventId } from './event-id.ts'
import { unmapped, type MappingFault } from './mapping-codes.ts'
import { mapRecord, type MappedRecord } from './map-record.ts'
import { readRecords } from './read-records.ts'
import type { RecordList } from './record-list.ts'
import type { MappedFrom } from './rule-book.ts'
import type { RuleParts } from './rule-parts.ts'
import type { MappingContext } from './source.ts'

const tooMany = unmapped(
  'records_too_many',
  `the payload gives more than ${usageEventLimits.eventsPerPayload} events: leave some out with "when", or send less at a time`,
).fault
const noEvents: readonly UsageEvent[] = []
const nothingRejected: readonly RejectedEvent[] = []

/**
 * Reads a payload by a rule. Its records are accepted, left out or refused one by one; the fragment of a refused one is
 * the whole payload, because a rule needs all of it to read the record again. Never throws, whatever the bytes.
 */
export function mapPayload(parts: RuleParts, payload: Uint8Array, from: MappedFrom, births: BirthBook): Normalised {
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  const records = readRecords(parts, bytes, from, births)
  if (!records.ok) return refusedWhole(bytes, records.fault)
  const context = contextOf(from)
  const { values } = records.value
  // The payload that is one record is the usual one; it takes no lists of its own.
  if (values.length === 1) return mapOnly(parts, records.value, bytes, context)
  const events: UsageEvent[] = []
  const positions: number[] = []
  let rejected: RejectedEvent[] | null = null
  let fragment: Uint8Array | null = null
  for (let index = 0; index < values.length; index++) {
    const mapped = mapAt(parts, records.value, index, context)
    if (!mapped.ok) {
      fragment ??= Uint8Array.from(bytes)
      ;(rejected ??= []).push(rejection(parts, records.value, index, context, mapped.fault, fragment))
    } else if (mapped.value.event !== null) {
      if (events.length === usageEventLimits.eventsPerPayload) return refusedWhole(bytes, tooMany)
      events.push(mapped.value.event)
      positions.push(index)
    }
  }
  return { events, rejected: rejected ?? nothingRejected, positions }
}

function refusedWhole(bytes: Buffer, { code, message }: MappingFault): Normalised {
  const fragment = Uint8Array.from(bytes.subarray(0, usageEventLimits.payloadBytes))
  return { events: [], rejected: [{ index: 0, eventId: null, code, message, fragment }] }
}

function mapOnly(parts: RuleParts, records: RecordList, bytes: Buffer, context: MappingContext): Normalised {
  const mapped = mapAt(parts, records, 0, context)
  if (mapped.ok) {
    const { event } = mapped.value
    return { events: event === null ? noEvents : [event], rejected: nothingRejected }
  }
  const rejected = [rejection(parts, records, 0, context, mapped.fault, Uint8Array.from(bytes))]
  return { events: noEvents, rejected }
}

function rejection(
  parts: RuleParts,
  records: RecordList,
  index: number,
  context: MappingContext,
  { code, message }: MappingFault,
  fragment: Uint8Array,
): RejectedEvent {
  const eventId = records.faults?.has(index) === true ? null : statedId(parts, context)
  return { index, eventId, code, message, fragment }
}

/** The id of a refused record, where it has one, so that people can tell which one was meant. */
function statedId(parts: RuleParts, context: MappingContext): string | null {
  const id = parts.id.length === 0 ? null : readEventId(parts.id, context)
  return id !== null && id.ok ? id.value : null
}

/** Reads the record at a position of its payload; the context is filled for it. */
export function mapAt(
  parts: RuleParts,
  records: RecordList,
  index: number,
  context: MappingContext,
): Result<MappedRecord, MappingFault> {
  context.record = records.values[index]
  context.root = records.roots === null ? records.root : records.roots[index]
  context.memberName = records.memberNames === null ? null : (records.memberNames[index] ?? null)
  context.position = index
  const spoiled = records.faults?.get(index)
  if (spoiled !== undefined) return { ok: false, fault: spoiled }
  return parts.cloudEvents ? mapCloudEvent(parts, context) : mapRecord(parts, context)
}

/** Reads a context whose record is a CloudEvent: the record becomes its data, the root its envelope. */
export function mapCloudEvent(parts: RuleParts, context: MappingContext): Result<MappedRecord, MappingFault> {
  const envelope = context.record
  if (!isJsonObject(envelope) || !isCloudEvent(envelope)) {
    return unmapped('cloudevent_invalid', 'the rule reads CloudEvents, and this is none: it has no "specversion"')
  }
  const data = cloudEventData(envelope)
  if (!data.ok) return data
  context.record = data.value
  context.root = envelope
  return mapRecord(parts, context)
}

/** A context to read the records of a delivery with. */
export function contextOf({ device, topic, receivedWallMs }: MappedFrom): MappingContext {
  return { record: null, root: null, memberName: null, position: 0, device, topic, levels: null, receivedWallMs }
}
