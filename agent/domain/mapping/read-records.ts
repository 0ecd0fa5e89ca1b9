import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { parsePayload, type ParsedPayload } from '../payload/parse-payload.ts'
import type { BirthBook } from './birth-book.ts'
import type { MappingFault } from './mapping-codes.ts'
import { readLines } from './ndjson.ts'
import { duplicateName, listBelow, type RecordList } from './record-list.ts'
import { readSparkplug } from './read-sparkplug.ts'
import type { MappedFrom } from './rule-book.ts'
import type { RuleParts } from './rule-parts.ts'

/** Reads a payload and finds its records. */
export function readRecords(
  { format, records }: RuleParts,
  bytes: Buffer,
  from: MappedFrom,
  births: BirthBook,
): Result<RecordList, MappingFault> {
  if (format === 'sparkplug-b') return readSparkplug(bytes, from, births)
  if (format === 'ndjson') return readLines(bytes)
  const parsed = parsePayload(bytes)
  if (!parsed.ok) return parsed
  if (records === null) return ok(recordsOf(parsed.value))
  const { value, spans } = parsed.value
  const duplicate = spans?.find((span) => span.duplicate !== null)?.duplicate ?? null
  if (duplicate !== null) return { ok: false, fault: duplicateName(duplicate) }
  return listBelow(value, records.at(value), records.text)
}

/** The payload itself, or each element of an array. */
function recordsOf({ value, spans }: ParsedPayload): RecordList {
  const values = Array.isArray(value) ? (value as readonly unknown[]) : [value]
  let faults: Map<number, MappingFault> | null = null
  for (const [index, { duplicate }] of (spans ?? []).entries()) {
    if (duplicate !== null) (faults ??= new Map()).set(index, duplicateName(duplicate))
  }
  return { values, roots: null, root: value, memberNames: null, faults }
}
