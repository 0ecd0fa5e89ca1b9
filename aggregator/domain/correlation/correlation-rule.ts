import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import { formatDuration } from '@meterline/shared/units/duration.ts'
import { duration, id } from '../catalogue/file-fields.ts'
import { sourcePattern } from '../completeness/source-pattern.ts'

/**
 * One usage that two sources report: what `charge` says is charged, what `control` says is only compared with it. Records
 * of the meter from a control source are never charged.
 */
export interface CorrelationDefinition {
  readonly id: string
  readonly meter: string
  /** A source or, with a star at its end, the beginning of several. */
  readonly charge: string
  readonly control: string
  /** The times of the two reports lie at most this far apart. */
  readonly windowMs: number
  /** How far the two quantities may differ: within either of the two is within tolerance. */
  readonly tolerance: {
    /** Per cent of the larger of the two quantities, a decimal from 0 to 100. */
    readonly percent: string
    /** Base units of the meter. */
    readonly units: number
  }
}

const percent = z
  .string()
  .regex(
    /^(?:100|(?:0|[1-9][0-9]?)(?:\.[0-9]{1,6})?)$/,
    'is no percentage: write a text from "0" to "100" such as "2" or "0.5"',
  )

/** A correlation as it stands in a tenant file. */
export const correlationSchema = z
  .strictObject({
    id,
    meter: id,
    charge: sourcePattern,
    control: sourcePattern,
    window: duration(1_000, 31 * 86_400_000),
    tolerance: z
      .strictObject({
        percent: percent.default('0'),
        units: z.int('is no whole number of base units').min(0, 'is below 0').default(0),
      })
      .default({ percent: '0', units: 0 }),
  })
  .transform(({ window, ...own }): CorrelationDefinition => ({ ...own, windowMs: window }))

/** The plain data that `correlationSchema` reads back. */
export function correlationJson(rule: CorrelationDefinition): JsonValue {
  const { windowMs, tolerance, ...own } = rule
  return { ...own, window: formatDuration(windowMs), tolerance: { ...tolerance } }
}
