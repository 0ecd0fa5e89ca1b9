import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { textFits, usageEventLimits } from '@meterline/shared/model/usage-event.ts'
import { label } from './file-fields.ts'

/** Which usage something is for: that whose event has each of these labels, with one of its values. */
export type LabelCondition = readonly LabelChoice[]

export interface LabelChoice {
  readonly label: string
  /** Unique, sorted. */
  readonly values: readonly string[]
}

const mostLabels = 4
const mostValues = 1_000
const value = z
  .string()
  .refine(
    (text) => textFits(text, usageEventLimits.labelValueBytes),
    `is no value of a label: write 1 to ${usageEventLimits.labelValueBytes} bytes`,
  )

/** A condition as it stands in a tenant file: by label a value or a list of them. */
export const labelConditionSchema = z
  .record(label, z.union([value, z.array(value).min(1, 'names no value').max(mostValues, `names over ${mostValues}`)]))
  .refine((choices) => Object.keys(choices).length > 0, 'names no label')
  .refine((choices) => Object.keys(choices).length <= mostLabels, `names more than ${mostLabels} labels`)
  .transform((choices): LabelCondition =>
    Object.entries(choices)
      .map(([name, values]) => ({ label: name, values: [...new Set([values].flat())].toSorted() }))
      .toSorted((left, right) => (left.label < right.label ? -1 : 1)),
  )

/** The plain data that `labelConditionSchema` reads back. */
export function labelConditionJson(condition: LabelCondition): JsonValue {
  return Object.fromEntries(
    condition.map(({ label: name, values }) => [name, values.length === 1 ? (values[0] ?? '') : [...values]]),
  )
}

/** Whether usage with these labels is meant. */
export function meetsCondition(condition: LabelCondition, labels: readonly (readonly [string, string])[]): boolean {
  return condition.every(({ label: name, values }) => {
    const own = labels.find(([key]) => key === name)
    return own !== undefined && values.includes(own[1])
  })
}
