import { z } from 'zod'
import { parseDurationMs } from '@meterline/shared/units/duration.ts'
import { widestRange, type Distribution } from './distribution.ts'
import { gaugeFits, type GaugeUnits } from './gauge-units.ts'

const quantity = z
  .union([
    z.int('is no whole number').min(0, 'is below zero'),
    z.string().regex(/^[0-9]{1,18}$/, 'is no whole number of at most 18 digits'),
  ])
  .transform((value) => BigInt(value))

/** A duration such as `15m`, in milliseconds. */
export const fleetDuration = z.string().transform((text, context) => {
  const parsed = parseDurationMs(text)
  if (parsed.ok) return parsed.value
  context.addIssue({ code: 'custom', message: parsed.fault.message })
  return z.NEVER
})

/** How a meter makes usage of what is reported, as the tenant file has it. */
export type ReadingKind = 'sum' | 'counter' | 'gauge' | 'maximum' | 'distinct'

/** One meter of a group: what is drawn for each message, and what the invoice makes of it. */
export interface FleetMeter {
  readonly distribution: Distribution
  readonly kind: ReadingKind
  /** What the first reading of a counter counts: nothing, or all of it. */
  readonly firstReading: 'baseline' | 'fromZero'
  /** Null for everything but gauges. */
  readonly gauge: GaugeUnits | null
}

const drawnMeter = z
  .strictObject({
    from: quantity.optional(),
    to: quantity.optional(),
    shape: z.enum(['even', 'mostly-small']).default('even'),
    oneOf: z.array(quantity).min(1).max(1000).optional(),
    always: quantity.optional(),
    kind: z.enum(['sum', 'counter', 'gauge', 'maximum', 'distinct']).default('sum'),
    firstReading: z.enum(['baseline', 'fromZero']).default('baseline'),
    reading: z.string().min(1).max(64).optional(),
    unit: z.string().min(1).max(64).optional(),
    longestGap: fleetDuration.optional(),
  })
  .transform((own, context): FleetMeter => {
    const { kind, firstReading } = own
    const distribution = distributionOf(own)
    const gauge = gaugeOf(own)
    if (typeof distribution !== 'string' && typeof gauge !== 'string')
      return { distribution, kind, firstReading, gauge }
    for (const problem of [distribution, gauge]) {
      if (typeof problem === 'string') context.addIssue({ code: 'custom', message: problem })
    }
    return z.NEVER
  })

function distributionOf(own: {
  readonly from?: bigint | undefined
  readonly to?: bigint | undefined
  readonly shape: 'even' | 'mostly-small'
  readonly oneOf?: readonly bigint[] | undefined
  readonly always?: bigint | undefined
}): Distribution | string {
  const { from, to, shape, oneOf, always } = own
  const isRange = from !== undefined || to !== undefined
  if ([isRange, oneOf !== undefined, always !== undefined].filter(Boolean).length !== 1) {
    return 'says either always, or oneOf, or from and to'
  }
  if (always !== undefined) return { draws: 'constant', value: always }
  if (oneOf !== undefined) return { draws: 'one-of', values: oneOf }
  if (from === undefined || to === undefined) return 'needs both from and to'
  if (to < from) return `goes from ${from} down to ${to}`
  if (to - from > widestRange) return `is a range wider than ${widestRange}`
  return { draws: shape, from, to }
}

function gaugeOf(own: {
  readonly kind: ReadingKind
  readonly reading?: string | undefined
  readonly unit?: string | undefined
  readonly longestGap?: number | undefined
}): GaugeUnits | string | null {
  const { kind, reading, unit, longestGap } = own
  if (kind !== 'gauge') {
    const stated = reading !== undefined || unit !== undefined || longestGap !== undefined
    return stated ? 'says reading, unit or longestGap, which only gauges have' : null
  }
  if (reading === undefined || unit === undefined || longestGap === undefined) {
    return 'is a gauge, which needs reading, unit and longestGap'
  }
  if (!gaugeFits({ reading, unit })) {
    return `reads ${reading}, which over time does not become ${unit}: mW, W or kW become mWh, Wh or kWh, anything else s, min or h`
  }
  return { reading, unit, longestGapMs: longestGap }
}

const constantMeter = quantity.transform((value): FleetMeter => ({
  distribution: { draws: 'constant', value },
  kind: 'sum',
  firstReading: 'baseline',
  gauge: null,
}))

/** One meter of a group, as a plain quantity or with how it is drawn. */
export const meterSchema = z.union([constantMeter, drawnMeter])
