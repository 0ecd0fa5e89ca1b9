import { ok, type Result } from '@meterline/shared/base/errors.ts'
import type { Measured } from '@meterline/shared/model/usage-event.ts'
import { usageEventLimits } from '@meterline/shared/model/usage-event.ts'
import { isReservedName, isStorable } from '../payload/fields.ts'
import { shown } from '../payload/rejection.ts'
import { firstDropping } from './filter.ts'
import { unmapped, type MappingFault } from './mapping-codes.ts'
import type { MeterParts } from './rule-parts.ts'
import type { MappingContext } from './source.ts'

/** What the meters of a rule count of a record; a meter whose conditions do not hold counts nothing. */
export function readMeters(
  meters: readonly MeterParts[],
  context: MappingContext,
): Result<readonly Measured[], MappingFault> {
  const measured: Measured[] = []
  for (let at = 0; at < meters.length; at++) {
    const parts = meters[at]
    if (parts === undefined) continue
    if (parts.when.length > 0) {
      const dropping = firstDropping(parts.when, context)
      if (!dropping.ok) return dropping
      if (dropping.value !== null) continue
    }
    let { meter } = parts
    if (meter === null) {
      const named = meterName(parts, context)
      if (!named.ok) return named
      meter = named.value
    }
    const quantity = parts.quantity.read(context)
    if (!quantity.ok) return unmapped(quantity.fault.code, `meter ${shown(meter)}: ${quantity.fault.message}`)
    if (quantity.value === null) continue
    if (isMeasured(measured, meter)) {
      return unmapped('meter_duplicate', `the record counts ${shown(meter)} twice: tell the cases apart with "when"`)
    }
    measured.push({ meter, quantity: quantity.value })
  }
  return ok(measured)
}

function isMeasured(measured: readonly Measured[], meter: string): boolean {
  for (let at = 0; at < measured.length; at++) if (measured[at]?.meter === meter) return true
  return false
}

/** The meter that the payload names, under the name it has here. */
function meterName({ from, names }: MeterParts, context: MappingContext): Result<string, MappingFault> {
  const stated = from?.read(context) ?? null
  if (typeof stated !== 'string') {
    const what = stated === null ? 'nothing is there' : `there it is ${shown(stated)}`
    return unmapped(
      'meter_missing',
      `the meter is taken from ${from?.text ?? 'nowhere'}, and ${what}: a text is needed`,
    )
  }
  const meter = names === null ? stated : names.get(stated)
  if (meter === undefined) {
    return unmapped(
      'meter_unknown',
      `the payload names the meter ${shown(stated)}, which is not among "names": add it, or leave such records out with "when"`,
    )
  }
  if (!isStorable(meter, usageEventLimits.meterBytes) || isReservedName(meter)) {
    return unmapped('meter_invalid', `the payload names the meter ${shown(meter)}: it must be a text of 1 to 64 bytes`)
  }
  return ok(meter)
}
