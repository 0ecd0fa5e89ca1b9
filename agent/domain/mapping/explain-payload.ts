import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import { shown } from '../payload/rejection.ts'
import type { BirthBook } from './birth-book.ts'
import type { MappingCode, MappingFault } from './mapping-codes.ts'
import type { NormaliseCode } from '../payload/rejection.ts'
import { contextOf, mapAt } from './map-payload.ts'
import { readRecords } from './read-records.ts'
import type { MappedFrom } from './rule-book.ts'
import { resetLabel, type RuleParts } from './rule-parts.ts'
import { arrival, type MappingContext, type Source } from './source.ts'

/** Where one thing of an event came from. */
export interface ExplainedField {
  /** Such as `id`, `subject`, `when`, `meter ai.tokens`, `dimension port`. */
  readonly field: string
  /** The source as the rule writes it. */
  readonly from: string
  /** What was there, as it is shown to people; null when nothing was. */
  readonly found: string | null
  /** What was done with it. */
  readonly steps: string
}

/** What a rule made of one record, and why. */
export interface ExplainedRecord {
  /** Position in its payload, from 0. */
  readonly position: number
  readonly outcome:
    | { readonly kind: 'event'; readonly event: UsageEvent }
    | { readonly kind: 'leftOut'; readonly by: string }
    | { readonly kind: 'rejected'; readonly code: NormaliseCode | MappingCode; readonly message: string }
  readonly fields: readonly ExplainedField[]
}

/**
 * Reads a payload as `mapPayload` does and tells for each record what came of it and from where. A payload that cannot be
 * read at all comes back as one rejected record without fields.
 */
export function explainPayload(
  parts: RuleParts,
  payload: Uint8Array,
  from: MappedFrom,
  births: BirthBook,
): readonly ExplainedRecord[] {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  const records = readRecords(parts, bytes, from, births)
  if (!records.ok) return [{ position: 0, outcome: rejected(records.fault), fields: [] }]
  const context = contextOf(from)
  return records.value.values.map((_, position) => {
    const mapped = mapAt(parts, records.value, position, context)
    const fields = records.value.faults?.has(position) === true ? [] : explainFields(parts, context)
    if (!mapped.ok) return { position, outcome: rejected(mapped.fault), fields }
    const { event, droppedBy } = mapped.value
    if (event !== null) return { position, outcome: { kind: 'event', event }, fields }
    const by = droppedBy === null ? 'no meter counts anything of it' : `the filter ${droppedBy.text}`
    return { position, outcome: { kind: 'leftOut', by }, fields }
  })
}

function rejected({ code, message }: MappingFault): ExplainedRecord['outcome'] {
  return { kind: 'rejected', code, message }
}

/** Asks each source of a rule again what it gives for the record of a context. */
function explainFields(parts: RuleParts, context: MappingContext): readonly ExplainedField[] {
  const field = (name: string, source: Source | null, steps = ''): readonly ExplainedField[] =>
    source === null ? [] : [{ field: name, from: source.text, found: found(source, context), steps }]
  return [
    ...parts.when.flatMap((filter) => field('when', filter.at, filter.text)),
    ...parts.id.flatMap((part) => field('id', part)),
    ...field('source', parts.source),
    ...field('subject', parts.subject),
    ...field('time', parts.time?.at ?? null, parts.time?.unit ?? ''),
    ...field('sequence', parts.sequence),
    ...parts.meters.flatMap(({ meter, from, quantity, when }) => {
      const name = `meter ${meter ?? found(from, context) ?? ''}`.trim()
      const conditions = when.flatMap((filter) => field(`${name} when`, filter.at, filter.text))
      if (quantity.at !== null) return [...conditions, ...field(name, quantity.at, quantity.steps)]
      return [...conditions, { field: name, from: quantity.steps, found: null, steps: '' }]
    }),
    ...parts.labels.flatMap(({ name, at }) => field(name === resetLabel ? 'reset' : `dimension ${name}`, at)),
  ]
}

function found(source: Source | null, context: MappingContext): string | null {
  const value = source?.read(context) ?? null
  if (value === null) return null
  if (value === arrival) return 'the time of arrival'
  if (value instanceof Uint8Array) return `${value.length} bytes`
  return typeof value === 'bigint' ? String(value) : shown(value)
}
