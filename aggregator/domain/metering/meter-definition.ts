import { z } from 'zod'
import type { JsonValue } from '@meterline/shared/integrity/canonical-json.ts'
import type { FirstReading } from '@meterline/shared/metering/counter.ts'
import { gaugeScale } from '@meterline/shared/metering/gauge.ts'
import { formatDuration } from '@meterline/shared/units/duration.ts'
import { confusedDataUnit } from '@meterline/shared/units/measure-unit.ts'
import { duration, id, name } from '../catalogue/file-fields.ts'

/** How the quantities of a meter's records become usage; what they are in is the meter's unit, but for gauges. */
export type Metering =
  | { readonly kind: 'sum' | 'distinct' | 'maximum' }
  | { readonly kind: 'counter'; readonly firstReading: FirstReading }
  | {
      readonly kind: 'gauge'
      /** What one unit of the readings is called, such as `W`. */
      readonly reading: string
      /** How long a reading holds when no other follows. */
      readonly longestGapMs: number
    }

export interface MeterDefinition {
  readonly id: string
  /** What one base unit of usage is called, such as `byte`. */
  readonly unit: string
  readonly metering: Metering
}

const dayMs = 86_400_000
const kinds = ['sum', 'counter', 'gauge', 'distinct', 'maximum'] as const

const meterFields = z.strictObject({
  id,
  unit: name,
  kind: z.enum(kinds).default('sum'),
  firstReading: z.enum(['baseline', 'fromZero']).optional(),
  reading: name.optional(),
  longestGap: duration(1_000, 31 * dayMs).optional(),
})
type MeterFields = z.output<typeof meterFields>

/** A meter as it stands in a tenant file: `kind` says how its records become usage, and other members go with some kinds. */
export const meterSchema = meterFields.transform((fields, context): MeterDefinition => {
  const refuse = (key: string | null, message: string): void => {
    context.addIssue({ code: 'custom', message, path: key === null ? [] : [key] })
  }
  refuseMisplaced(fields, refuse)
  const confused =
    confusedDataUnit(fields.unit) ?? (fields.reading === undefined ? null : confusedDataUnit(fields.reading))
  if (confused !== null) refuse(confusedDataUnit(fields.unit) === null ? 'reading' : 'unit', confused)
  return { id: fields.id, unit: fields.unit, metering: meteringOf(fields, refuse) }
})

/** The plain data that `meterSchema` reads back. A sum has no `kind`, so that files keep the hash they have always had. */
export function meterJson({ id: ownId, unit, metering }: MeterDefinition): JsonValue {
  switch (metering.kind) {
    case 'sum':
      return { id: ownId, unit }
    case 'counter':
      return { id: ownId, unit, kind: metering.kind, firstReading: metering.firstReading }
    case 'gauge': {
      const { kind, reading, longestGapMs } = metering
      return { id: ownId, unit, kind, reading, longestGap: formatDuration(longestGapMs) }
    }
    default:
      return { id: ownId, unit, kind: metering.kind }
  }
}

type Refuse = (key: string | null, message: string) => void

function meteringOf(fields: MeterFields, refuse: Refuse): Metering {
  switch (fields.kind) {
    case 'counter':
      return { kind: 'counter', firstReading: fields.firstReading ?? 'baseline' }
    case 'gauge':
      return gaugeOf(fields, refuse)
    default:
      return { kind: fields.kind }
  }
}

function gaugeOf({ reading, unit, longestGap }: MeterFields, refuse: Refuse): Metering {
  if (reading === undefined) {
    refuse(null, 'is a gauge without reading:, the unit of what is read; add it, such as reading: W')
  } else if (gaugeScale(reading, unit) === null) {
    refuse(
      'unit',
      `is ${unit}, which ${reading} does not become over time: power becomes energy (W → Wh), anything else is ` +
        `multiplied with time, as ${reading}-s, ${reading}-h or a unit of time alone`,
    )
  }
  if (longestGap === undefined) {
    refuse(null, 'is a gauge without longestGap:, how long a reading holds when none follows; add it, such as 15m')
  }
  return { kind: 'gauge', reading: reading ?? '', longestGapMs: longestGap ?? 0 }
}

function refuseMisplaced({ kind, firstReading, reading, longestGap }: MeterFields, refuse: Refuse): void {
  if (firstReading !== undefined && kind !== 'counter') {
    refuse('firstReading', `goes with kind: counter, and this meter is a ${kind}; remove it or change the kind`)
  }
  for (const [key, value] of Object.entries({ reading, longestGap })) {
    if (value === undefined || kind === 'gauge') continue
    refuse(key, `goes with kind: gauge, and this meter is a ${kind}; remove it or change the kind`)
  }
}
