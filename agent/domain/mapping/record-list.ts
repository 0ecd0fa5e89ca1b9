import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { usageEventLimits } from '@meterline/shared/model/usage-event.ts'
import { isJsonObject } from '../payload/json-text.ts'
import { refused, shown, type NormaliseFault } from '../payload/rejection.ts'
import { unmapped, type MappingFault } from './mapping-codes.ts'

/** The records of one payload. */
export interface RecordList {
  readonly values: readonly unknown[]
  /** What `$` means for each record when that is not the same for all. */
  readonly roots: readonly unknown[] | null
  readonly root: unknown
  /** The names of the records in the object that holds them; null: they are in an array, or alone. */
  readonly memberNames: readonly string[] | null
  /** What is wrong with single records before they are read. */
  readonly faults: ReadonlyMap<number, MappingFault> | null
}

/** The records in the array or object that a pointer leads to. */
export function listBelow(root: unknown, found: unknown, text: string): Result<RecordList, MappingFault> {
  const isArray = Array.isArray(found)
  if (!isArray && !isJsonObject(found)) {
    const what = found === undefined ? 'nothing' : shown(found)
    return unmapped('records_missing', `the records are at ${text}, and there is ${what}: an array or object is needed`)
  }
  const memberNames = isArray ? null : Object.keys(found)
  const values = isArray ? (found as readonly unknown[]) : Object.values(found as object)
  if (values.length > usageEventLimits.eventsPerPayload) {
    return unmapped(
      'records_too_many',
      `the payload has ${values.length} records: at most ${usageEventLimits.eventsPerPayload} are read at a time`,
    )
  }
  return ok({ values, roots: null, root, memberNames, faults: null })
}

/** The fault of an object that has a member twice. */
export function duplicateName(name: string): NormaliseFault {
  return refused(
    'key_duplicate',
    `an object of the record has ${shown(name)} twice: which of the two counts would be a guess, so send it once`,
  ).fault
}
