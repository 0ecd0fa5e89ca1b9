import { findMeasureUnit } from '@meterline/shared/units/measure-unit.ts'

/**
 * A record's quantity in base units of its meter: one that came with a unit (`@unit`) is in the canonical unit of its
 * dimension. What is less than one base unit is cut off, since the two sides may not be equally fine. A unit of another
 * dimension leaves the quantity as it is; rating puts such an event into suspense.
 */
export function comparedQuantity(quantity: bigint, statedUnit: string | null, meterUnit: string): bigint {
  if (statedUnit === null || statedUnit === meterUnit) return quantity
  const from = findMeasureUnit(statedUnit)
  const to = findMeasureUnit(meterUnit)
  if (from === null || to === null || from.dimension !== to.dimension) return quantity
  return (quantity * from.numerator * to.denominator) / (from.denominator * to.numerator)
}
