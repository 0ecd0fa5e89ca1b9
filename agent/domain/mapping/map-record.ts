import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { textFits, usageEventLimits, type Measured, type UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { wholeBigint } from '@meterline/shared/units/quantity.ts'
import { exactDecimal } from '../payload/exact-number.ts'
import { isStorable, type Label } from '../payload/fields.ts'
import { shown } from '../payload/rejection.ts'
import { readEventId } from './event-id.ts'
import { readEventTime } from './event-time.ts'
import { firstDropping, type Filter } from './filter.ts'
import { unmapped, type MappingCode, type MappingFault } from './mapping-codes.ts'
import { readMeters } from './map-meters.ts'
import { resetLabel, type LabelParts, type RuleParts } from './rule-parts.ts'
import type { MappingContext, Source } from './source.ts'
import { valueText } from './value-text.ts'

/** What a rule makes of a record that is not refused: an event, or nothing, and then the filter that left it out. */
export interface MappedRecord {
  readonly event: UsageEvent | null
  /** Null when every meter of the rule left the record out. */
  readonly droppedBy: Filter | null
}

const nothingMeasured: Result<MappedRecord, MappingFault> = ok({ event: null, droppedBy: null })
const noFacts: UsageEvent['facts'] = []
const largestSequence = BigInt(Number.MAX_SAFE_INTEGER)

/** Reads the record of a context. Everything it gives is within `usageEventLimits`. */
export function mapRecord(parts: RuleParts, context: MappingContext): Result<MappedRecord, MappingFault> {
  const dropping = firstDropping(parts.when, context)
  if (!dropping.ok) return dropping
  if (dropping.value !== null) return ok({ event: null, droppedBy: dropping.value })
  const measured = readMeters(parts.meters, context)
  if (!measured.ok) return measured
  if (measured.value.length === 0) return nothingMeasured
  const event = readEvent(parts, measured.value, context)
  return event.ok ? ok({ event: event.value, droppedBy: null }) : event
}

function readEvent(
  parts: RuleParts,
  measured: readonly Measured[],
  context: MappingContext,
): Result<UsageEvent, MappingFault> {
  let id: string | null = null
  if (parts.id.length > 0) {
    const read = readEventId(parts.id, context)
    if (!read.ok) return read
    id = read.value
  }
  const source = readSource(parts.source, context)
  if (!source.ok) return source
  const subject =
    parts.subject === null
      ? ok(context.device)
      : readText(parts.subject, 'subject', 'subject_missing', usageEventLimits.subjectBytes, context)
  if (!subject.ok) return subject
  let timeMs = context.receivedWallMs
  if (parts.time !== null) {
    const read = readEventTime(parts.time.at, parts.time.unit, context)
    if (!read.ok) return read
    timeMs = read.value
  }
  const facts = parts.sequence === null ? ok(noFacts) : readSequence(parts.sequence, context)
  if (!facts.ok) return facts
  const labels = readLabels(parts.labels, context)
  if (!labels.ok) return labels
  return ok({
    id,
    source: source.value,
    subject: subject.value,
    timeMs,
    labels: labels.value,
    facts: facts.value,
    measured,
  })
}

/** As for plain events: the identity belongs to the device for ever, so a source only names a part of it. */
function readSource(at: Source | null, context: MappingContext): Result<string, MappingFault> {
  if (at === null) return ok(context.device)
  const part = readText(at, 'source', 'source_missing', usageEventLimits.sourceBytes, context)
  if (!part.ok || part.value === context.device) return part
  const source = `${context.device}/${part.value}`
  // Both parts are storable by themselves; only together they may be too long, and no character has more than three bytes.
  const fits = source.length * 3 <= usageEventLimits.sourceBytes || textFits(source, usageEventLimits.sourceBytes)
  if (fits) return ok(source)
  return unmapped('source_invalid', `the source ${shown(source)} is over ${usageEventLimits.sourceBytes} bytes`)
}

function readText(
  at: Source,
  field: 'subject' | 'source',
  missing: MappingCode,
  maxBytes: number,
  context: MappingContext,
): Result<string, MappingFault> {
  const value = at.read(context)
  if (value === null) return unmapped(missing, `the ${field} is taken from ${at.text}, and nothing is there`)
  const text = valueText(value)
  if (text === null) return notText(`the ${field}`, at, value)
  if (isStorable(text, maxBytes)) return ok(text)
  return unmapped(
    field === 'subject' ? 'subject_invalid' : 'source_invalid',
    `the ${field} at ${at.text} is ${shown(text)}: it must have 1 to ${maxBytes} bytes without control characters`,
  )
}

function readSequence(at: Source, context: MappingContext): Result<UsageEvent['facts'], MappingFault> {
  const value = at.read(context)
  if (value === null) return ok(noFacts)
  if (isCount(value)) return ok([['@sequence', wholeBigint(value)]])
  const decimal = exactDecimal(value)
  if (decimal.ok && !decimal.value.negative && decimal.value.scale === 0 && decimal.value.digits <= largestSequence) {
    return ok([['@sequence', decimal.value.digits]])
  }
  return unmapped('sequence_invalid', `the sequence at ${at.text} is ${shown(value)}: a whole number is needed`)
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

/** What is not there is left out. */
function readLabels(parts: readonly LabelParts[], context: MappingContext): Result<readonly Label[], MappingFault> {
  const labels: Label[] = []
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at]
    const value = part?.at.read(context) ?? null
    if (part === undefined || value === null) continue
    const text = valueText(value)
    if (text === null || !isStorable(text, usageEventLimits.labelValueBytes)) return badLabel(part, value)
    labels.push([part.name, text])
  }
  return ok(labels)
}

function badLabel({ name, at }: LabelParts, value: unknown): Result<never, MappingFault> {
  if (name === resetLabel) {
    return unmapped('reset_invalid', `the reset id at ${at.text} is ${shown(value)}: 1 to 128 bytes are needed`)
  }
  if (valueText(value) === null) return notText(`the dimension ${shown(name)}`, at, value)
  return unmapped(
    'dimension_invalid',
    `the dimension ${shown(name)} is ${shown(value)}: it must be a text of at most 128 bytes without control characters`,
  )
}

function notText(what: string, at: Source, value: unknown): Result<never, MappingFault> {
  return unmapped(
    'value_not_text',
    `${what} is taken from ${at.text}, which is ${shown(value)}: a text, a boolean or an exact number is needed`,
  )
}
