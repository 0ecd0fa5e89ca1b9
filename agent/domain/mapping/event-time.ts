import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { timeLimits } from '@meterline/shared/model/usage-event.ts'
import { parseInstant } from '@meterline/shared/units/instant.ts'
import { exactDecimal } from '../payload/exact-number.ts'
import { shown } from '../payload/rejection.ts'
import { unmapped, type MappingFault } from './mapping-codes.ts'
import type { TimeUnit } from './rule-definition.ts'
import { arrival, type MappingContext, type Source } from './source.ts'

/** How many of each unit make a millisecond, as a fraction. */
const perMs: Readonly<Record<Exclude<TimeUnit, 'rfc3339'>, readonly [bigint, bigint]>> = {
  s: [1n, 1000n],
  ms: [1n, 1n],
  us: [1000n, 1n],
  ns: [1_000_000n, 1n],
}

/**
 * The time of an event in epoch milliseconds; digits beyond the millisecond are cut off. Without a unit, texts are RFC
 * 3339 timestamps and numbers are milliseconds.
 */
export function readEventTime(
  source: Source,
  unit: TimeUnit | null,
  context: MappingContext,
): Result<number, MappingFault> {
  const value = source.read(context)
  if (value === null) return unmapped('time_missing', `the time is taken from ${source.text}, and nothing is there`)
  if (value === arrival) return ok(context.receivedWallMs)
  const instant = unit === null || unit === 'rfc3339' ? readPlain(value, unit) : readCounted(value, unit)
  if (instant !== null) return ok(instant)
  const wanted =
    unit === null
      ? 'an RFC 3339 timestamp with its zone or integer milliseconds since 1970'
      : unit === 'rfc3339'
        ? 'an RFC 3339 timestamp with its zone'
        : `a number of ${unit} since 1970`
  return unmapped(
    'time_invalid',
    `the time at ${source.text} is ${shown(value)}: ${wanted} is needed, up to the year 9999`,
  )
}

function readPlain(value: unknown, unit: 'rfc3339' | null): number | null {
  if (unit === 'rfc3339' && typeof value !== 'string') return null
  const instant = parseInstant(value)
  return instant.ok ? instant.value : null
}

function readCounted(value: unknown, unit: Exclude<TimeUnit, 'rfc3339'>): number | null {
  if (unit === 'ms' && Number.isSafeInteger(value)) return withinLimits(Number(value))
  // Nanoseconds since 1970 are beyond what JSON numbers keep exactly; what is lost is far below a millisecond.
  const whole = typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : value
  const decimal = exactDecimal(whole)
  if (!decimal.ok || decimal.value.negative) return null
  const [perNumerator, perDenominator] = perMs[unit]
  const { digits, scale } = decimal.value
  return withinLimits(Number((digits * perDenominator) / (perNumerator * 10n ** BigInt(scale))))
}

function withinLimits(instantMs: number): number | null {
  return instantMs >= timeLimits.earliestMs && instantMs <= timeLimits.latestMs ? instantMs : null
}
