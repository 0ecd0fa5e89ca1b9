import { assertThat } from '@meterline/shared/base/errors.ts'
import type { RatingUnit } from '@meterline/shared/model/usage-record.ts'
import { largestSegmentMicros } from '@meterline/shared/rating/segment.ts'
import { largestQuantity } from '@meterline/shared/units/quantity.ts'
import type { Catalogue, LegFaultCode } from '../catalogue/catalogue.ts'
import { legFault, legPlanOf } from '../catalogue/leg-index.ts'
import {
  inReadingUnit,
  statedUnit,
  unitFaultMessage,
  type MeteringCode,
  type UnitCode,
} from '../metering/meter-rule.ts'
import { noPriceRowMessage } from './no-price-row.ts'

/**
 * What the large charges of one batch may come to together, whichever way they go: a posting states its sum in 64 bits.
 * Charges of segments that stay below `ordinarySegmentMicros` are not counted: the records of a batch (16,384 units of 16)
 * in all windows of a day cannot make the rest of those bits with them.
 */
export const largestBatchMicros = 2n ** 62n
/** A million currency units: hardly any segment comes to more. */
export const ordinarySegmentMicros = 10n ** 12n

/** Why a unit is kept in suspense instead of being charged. */
export type SuspenseCode = LegFaultCode | MeteringCode | 'no_price_row'

/** A unit of the batch that was not charged, and why. */
export interface SuspendedUnit {
  readonly unit: number
  readonly code: SuspenseCode
  readonly message: string
}

/** A unit that is kept back, with what people are told about it. */
export function suspendedUnit(
  catalogue: Catalogue,
  index: number,
  unit: RatingUnit,
  code: SuspenseCode,
): SuspendedUnit {
  return { unit: index, code, message: messageOf(catalogue, unit, code) }
}

function messageOf(catalogue: Catalogue, unit: RatingUnit, code: SuspenseCode): string {
  switch (code) {
    case 'amount_too_large':
      return `its usage takes a segment above ${largestSegmentMicros} micros or ${largestQuantity} units, or its batch above ${largestBatchMicros} micros: check the device`
    case 'unit_mismatch':
    case 'unit_inexact':
      return unitMessage(catalogue, unit, code)
    case 'no_price_row':
      return noPriceRowMessage(catalogue, unit)
    default:
      return legFault(code, unit.subject, meterAtFault(catalogue, unit, code)).message
  }
}

function unitMessage(catalogue: Catalogue, unit: RatingUnit, code: UnitCode): string {
  const stated = statedUnit(unit.labels) ?? ''
  for (const { meter, quantity } of unit.records) {
    const rule = catalogue.meterRules.get(meter)
    if (rule === undefined || inReadingUnit(rule, quantity, stated) !== code) continue
    return unitFaultMessage(code, rule, stated)
  }
  assertThat(false, 'a unit that is suspended for the unit of a quantity has such a quantity')
}

/** The first meter of a unit that cannot be charged; looked up again, since suspended units are few. */
function meterAtFault(catalogue: Catalogue, unit: RatingUnit, code: LegFaultCode): string {
  const subjectPlan = catalogue.index.subjects.get(unit.subject)
  const found = unit.records.find(
    ({ meter }) => subjectPlan !== undefined && legPlanOf(catalogue, subjectPlan, meter, unit.timeMs).code === code,
  )
  return found?.meter ?? ''
}
