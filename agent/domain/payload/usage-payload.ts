import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { usageEventLimits, type Measured } from '@meterline/shared/model/usage-event.ts'
import { parseQuantity } from '@meterline/shared/units/quantity.ts'
import { isReservedName, isStorable } from './fields.ts'
import { isJsonObject, type JsonObject } from './json-text.ts'
import { refused, shown, type NormaliseFault } from './rejection.ts'

/**
 * Reads what a plain usage event measured: either `meter` and `quantity`, or `usage`, an object of meters and their
 * quantities, in the order stated.
 */
export function readMeasured(body: JsonObject): Result<readonly Measured[], NormaliseFault> {
  const meter = body['meter'] ?? null
  const usage = body['usage'] ?? null
  if (usage !== null) {
    if (meter === null && (body['quantity'] ?? null) === null) return readUsageMap(usage)
    return refused('usage_ambiguous', 'the event has "usage" beside "meter" or "quantity": send one of the two forms')
  }
  if (meter === null) {
    return (body['quantity'] ?? null) === null
      ? refused('usage_missing', 'the event has neither "meter" and "quantity" nor "usage": say what was used')
      : refused('meter_missing', 'the event has a "quantity" but no "meter": say what was counted')
  }
  const measured = readOne(meter, body['quantity'])
  return measured.ok ? ok([measured.value]) : measured
}

function readUsageMap(usage: unknown): Result<readonly Measured[], NormaliseFault> {
  if (!isJsonObject(usage)) {
    return refused('usage_invalid', `"usage" is ${shown(usage)}: it must be an object of meters and quantities`)
  }
  const measured: Measured[] = []
  for (const meter in usage) {
    if (measured.length === usageEventLimits.records) {
      return refused('usage_too_many_meters', `"usage" has more than ${usageEventLimits.records} meters`)
    }
    const one = readOne(meter, usage[meter])
    if (!one.ok) return one
    measured.push(one.value)
  }
  return measured.length === 0 ? refused('usage_missing', '"usage" is empty: say what was used') : ok(measured)
}

function readOne(meter: unknown, quantity: unknown): Result<Measured, NormaliseFault> {
  if (!isStorable(meter, usageEventLimits.meterBytes)) {
    return refused(
      'meter_invalid',
      `the meter is ${shown(meter)}: it must be a text of 1 to 64 bytes without control characters`,
    )
  }
  if (isReservedName(meter))
    return refused('name_reserved', `a meter cannot be named ${shown(meter)}: choose another name`)
  const parsed = parseQuantity(quantity)
  if (parsed.ok) return ok({ meter, quantity: parsed.value })
  return refused(parsed.fault.code, `meter ${shown(meter)}: ${parsed.fault.message}`)
}
