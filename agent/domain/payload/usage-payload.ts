import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { usageEventLimits, type Measured } from '@meterline/shared/model/usage-event.ts'
import { canonicalUnit, convertExactly, findMeasureUnit, unitHint } from '@meterline/shared/units/measure-unit.ts'
import { largestQuantity, parseQuantity } from '@meterline/shared/units/quantity.ts'
import { exactDecimal } from './exact-number.ts'
import { isReservedName, isUsableName } from './fields.ts'
import { isJsonObject, type JsonObject } from './json-text.ts'
import { refused, shown, type NormaliseFault } from './rejection.ts'

/** What a plain usage event measured. */
export interface PlainUsage {
  readonly measured: readonly Measured[]
  /** The canonical unit the one quantity is in, when the event stated a unit; else null. */
  readonly unit: string | null
}

/**
 * Reads what a plain usage event measured: either `meter` and `quantity`, or `usage`, an object of meters and their
 * quantities, in the order stated. With a `unit` beside `meter` and `quantity` the quantity may be a fraction; it is
 * converted to the canonical unit of its dimension, exactly or not at all. `isPrintable` is what `ParsedPayload` says.
 */
export function readMeasured(body: JsonObject, isPrintable: boolean): Result<PlainUsage, NormaliseFault> {
  const meter = body['meter'] ?? null
  const usage = body['usage'] ?? null
  const unit = body['unit'] ?? null
  if (usage !== null) {
    if (unit !== null)
      return refused('unit_misplaced', 'the event has "unit" beside "usage": a unit goes with "meter" and "quantity"')
    if (meter === null && (body['quantity'] ?? null) === null) return readUsageMap(usage)
    return refused('usage_ambiguous', 'the event has "usage" beside "meter" or "quantity": send one of the two forms')
  }
  if (meter === null) {
    return (body['quantity'] ?? null) === null
      ? refused('usage_missing', 'the event has neither "meter" and "quantity" nor "usage": say what was used')
      : refused('meter_missing', 'the event has a "quantity" but no "meter": say what was counted')
  }
  if (unit !== null) return readInUnit(meter, body['quantity'], unit)
  const measured = readOne(meter, body['quantity'], isPrintable)
  return measured.ok ? ok({ measured: [measured.value], unit: null }) : measured
}

function readUsageMap(usage: unknown): Result<PlainUsage, NormaliseFault> {
  if (!isJsonObject(usage)) {
    return refused('usage_invalid', `"usage" is ${shown(usage)}: it must be an object of meters and quantities`)
  }
  const measured: Measured[] = []
  for (const meter in usage) {
    if (measured.length === usageEventLimits.records) {
      return refused('usage_too_many_meters', `"usage" has more than ${usageEventLimits.records} meters`)
    }
    const one = readOne(meter, usage[meter], false)
    if (!one.ok) return one
    measured.push(one.value)
  }
  if (measured.length === 0) return refused('usage_missing', '"usage" is empty: say what was used')
  return ok({ measured, unit: null })
}

function readOne(meter: unknown, quantity: unknown, isPrintable: boolean): Result<Measured, NormaliseFault> {
  if (typeof meter !== 'string' || !isUsableName(meter, isPrintable)) return refuseMeter(meter)
  const parsed = parseQuantity(quantity)
  if (parsed.ok) return ok({ meter, quantity: parsed.value })
  return refused(parsed.fault.code, `meter ${shown(meter)}: ${parsed.fault.message}`)
}

function refuseMeter(meter: unknown): Result<never, NormaliseFault> {
  if (typeof meter === 'string' && isReservedName(meter))
    return refused('name_reserved', `a meter cannot be named ${shown(meter)}: choose another name`)
  return refused(
    'meter_invalid',
    `the meter is ${shown(meter)}: it must be a text of 1 to ${usageEventLimits.meterBytes} bytes without control characters`,
  )
}

function readInUnit(meter: unknown, quantity: unknown, unitName: unknown): Result<PlainUsage, NormaliseFault> {
  const unit = typeof unitName === 'string' ? findMeasureUnit(unitName) : null
  if (unit === null) {
    const hint = typeof unitName === 'string' ? unitHint(unitName) : 'it must be a text such as "kWh"'
    return refused('unit_unknown', `"unit" is ${shown(unitName)}: ${hint}`)
  }
  const value = exactDecimal(quantity)
  if (!value.ok) return refused(value.fault.code, `meter ${shown(meter)}: ${value.fault.message}`)
  if (value.value.negative) return refused('quantity_negative', `meter ${shown(meter)}: the quantity is negative`)
  const canonical = findMeasureUnit(canonicalUnit(unit.dimension)) ?? unit
  const converted = convertExactly(value.value, unit, canonical)
  if (!converted.ok) return refused('unit_inexact', `meter ${shown(meter)}: ${converted.fault.message}`)
  if (converted.value > largestQuantity) {
    return refused(
      'quantity_too_large',
      `meter ${shown(meter)}: the quantity is above ${largestQuantity} ${canonical.name}`,
    )
  }
  const measured = readOne(meter, converted.value, false)
  return measured.ok ? ok({ measured: [measured.value], unit: canonical.name }) : measured
}
