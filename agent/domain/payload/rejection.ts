import { failed, fault, type Fault } from '@meterline/shared/base/errors.ts'

/** Every reason for which a payload, or one event of it, goes to suspense instead of into the journal. */
export const normaliseCodes = [
  'payload_empty',
  'payload_too_large',
  'payload_not_utf8',
  'payload_not_json',
  'payload_not_cbor',
  'payload_too_deep',
  'payload_too_many_events',
  'payload_not_object',
  'key_duplicate',
  'name_reserved',
  'event_id_invalid',
  'source_invalid',
  'subject_invalid',
  'time_invalid',
  'meter_missing',
  'meter_invalid',
  'usage_missing',
  'usage_invalid',
  'usage_ambiguous',
  'usage_too_many_meters',
  'quantity_missing',
  'quantity_not_integer',
  'quantity_negative',
  'quantity_too_large',
  'quantity_not_number',
  'quantity_inexact',
  'dimension_invalid',
  'dimensions_too_many',
  'cloudevent_invalid',
  'cloudevent_data_unsupported',
  'attributes_invalid',
  'token_classes_inconsistent',
  'response_unfinished',
  'unit_unknown',
  'unit_misplaced',
  'unit_inexact',
  'sequence_invalid',
  'reset_invalid',
] as const
export type NormaliseCode = (typeof normaliseCodes)[number]

/** A reason with its explanation for the people who wrote the device. */
export type NormaliseFault = Fault<NormaliseCode>

/** Shorthand for a failed `Result` of the payload dialects. */
export function refused(code: NormaliseCode, message: string): { readonly ok: false; readonly fault: NormaliseFault } {
  return failed(fault(code, message))
}

const longestShown = 40

/** A name or value out of a payload as it may stand in a message: quoted, escaped, at most 40 characters of it. */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > longestShown ? `${value.slice(0, longestShown)}…` : value)
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`
}
