import { failed, fault, type Fault } from '@meterline/shared/base/errors.ts'
import type { NormaliseCode } from '../payload/rejection.ts'

/** Why a mapping rule could not read a payload, or one record of it, beside the reasons of the payload itself. */
export const mappingCodes = [
  'rule_unknown',
  'records_missing',
  'records_too_many',
  'id_missing',
  'subject_missing',
  'source_missing',
  'time_missing',
  'value_not_text',
  'sequence_invalid',
  'reset_invalid',
  'meter_unknown',
  'meter_duplicate',
  'filter_not_number',
  'measure_invalid',
  'unit_mismatch',
  'sparkplug_malformed',
  'sparkplug_birth_missing',
  'sparkplug_births_full',
] as const
export type MappingCode = (typeof mappingCodes)[number]

/** A reason of the rule or of the payload, with its explanation. */
export type MappingFault = Fault<NormaliseCode | MappingCode>

/** Shorthand for a failed `Result` of a mapping rule. */
export function unmapped(
  code: NormaliseCode | MappingCode,
  message: string,
): { readonly ok: false; readonly fault: MappingFault } {
  return failed(fault(code, message))
}
