import { assertThat } from '@meterline/shared/base/errors.ts'
import type { FirstReading } from '@meterline/shared/metering/counter.ts'
import { gaugeScale, type GaugeScale } from '@meterline/shared/metering/gauge.ts'
import { convertExactly, findMeasureUnit, type MeasureUnit } from '@meterline/shared/units/measure-unit.ts'
import { largestQuantity } from '@meterline/shared/units/quantity.ts'
import type { MeterDefinition } from './meter-definition.ts'

/** A meter made ready for rating. */
export interface MeterRule {
  readonly meter: string
  /** What the quantities of its records are in: the unit of usage, or that of a gauge's readings. */
  readonly readingUnit: string
  /** The same as a unit that converts; null for units such as `message`. */
  readonly measure: MeasureUnit | null
  readonly metering:
    | { readonly kind: 'sum' | 'distinct' | 'maximum' }
    | { readonly kind: 'counter'; readonly firstReading: FirstReading }
    | { readonly kind: 'gauge'; readonly longestGapMs: number; readonly scale: GaugeScale }
}

/** Why a quantity stated in one unit cannot be taken in another. */
export type UnitCode = 'unit_mismatch' | 'unit_inexact'

/** Why the quantity of a record makes no usage. */
export type MeteringCode = UnitCode | 'amount_too_large'

/** The label that says which unit an event's quantities are in, for those that do not trust to the meter's. */
export const unitLabel = '@unit'

/** Makes a meter of a checked tenant file ready for rating. */
export function compileMeter({ id, unit, metering }: MeterDefinition): MeterRule {
  if (metering.kind !== 'gauge') return { meter: id, readingUnit: unit, measure: findMeasureUnit(unit), metering }
  const { reading, longestGapMs } = metering
  const scale = gaugeScale(reading, unit)
  assertThat(scale !== null, `the readings of the gauge ${id} become its unit, or its file would have been refused`)
  return {
    meter: id,
    readingUnit: reading,
    measure: findMeasureUnit(reading),
    metering: { kind: 'gauge', longestGapMs, scale },
  }
}

/** Whether what a meter counts begins anew with every billing period. */
export function countsPerPeriod({ metering }: MeterRule): boolean {
  return metering.kind === 'distinct' || metering.kind === 'maximum'
}

/** The unit an event says its quantities are in; null: that of their meters. */
export function statedUnit(labels: readonly (readonly [string, string])[]): string | null {
  // By index: this runs for every unit that has labels.
  for (let at = 0; at < labels.length; at++) {
    const label = labels[at]
    if (label !== undefined && label[0] === unitLabel) return label[1]
  }
  return null
}

/** Says why the quantities of an event cannot be taken in the unit of a meter, and what to do about it. */
export function unitFaultMessage(code: UnitCode, rule: MeterRule, stated: string): string {
  return code === 'unit_mismatch'
    ? `its quantities are in ${stated}, which does not convert to ${rule.readingUnit}, the unit of the meter ${rule.meter}: ` +
        'correct the mapping, or declare the meter in a unit of the same kind'
    : `its quantity in ${stated} is no whole number of ${rule.readingUnit}, the unit of the meter ${rule.meter}: ` +
        'declare the meter in a finer unit'
}

/** A quantity in the meter's reading unit, exactly, or why there is none. */
export function inReadingUnit(rule: MeterRule, quantity: bigint, stated: string | null): bigint | MeteringCode {
  if (stated === null || stated === rule.readingUnit) return quantity
  const from = findMeasureUnit(stated)
  if (from === null || rule.measure === null) return 'unit_mismatch'
  const converted = convertExactly({ digits: quantity, scale: 0 }, from, rule.measure)
  if (!converted.ok) return converted.fault.code
  // Tables and charges hold 64-bit numbers; what is above them is no reading of any device.
  return converted.value > largestQuantity ? 'amount_too_large' : converted.value
}
