import { minorDigitsOf } from '@meterline/shared/units/currency.ts'
import type { Decimal } from '@meterline/shared/units/decimal.ts'
import {
  isAboveZero,
  optionalCount,
  optionalNumber,
  optionalNumbers,
  optionalObject,
  optionalText,
  plainName,
  requiredNumber,
  scaledTo,
  textOf,
  zero,
  type CaseFields,
} from './case-fields.ts'

/** What is used, in units of the case. */
export interface CaseQuantities {
  /** Earlier in the period. */
  readonly before: Decimal
  readonly quantities: readonly Decimal[]
}

const quantityNames = [
  'quantity',
  'quantities',
  'units',
  'usage',
  'qty',
  'aggregation',
  'linePeriodQty',
  'consumption',
  'events',
  'value',
]
const previousNames = [
  'previousQuantity',
  'preLinePeriodQty',
  'preLineQuantity',
  'previousUnits',
  'previousUsage',
  'priorQuantity',
  'alreadyUsed',
  'usedBefore',
]

/** What a case uses, and used before in the same period. `more` are further names of the quantity. */
export function readQuantities(fields: CaseFields, more: readonly string[] = []): CaseQuantities {
  const before = optionalNumber(fields, previousNames) ?? zero
  const quantities = optionalNumbers(fields, [...quantityNames, ...more])
  return { before, quantities: quantities ?? [requiredNumber(fields, ['quantity'], 'how much is used, such as 12')] }
}

/** An amount of money as prices are written, in parts of the currency unit (1n: in currency units). */
export function money(amount: Decimal, currencyParts: bigint): string {
  return textOf({ coefficient: amount.coefficient * currencyParts, scale: amount.scale })
}

/** The money of a field; left out where the field is. */
export function optionalMoney<Key extends string>(
  key: Key,
  fields: CaseFields,
  names: readonly string[],
  currencyParts: bigint,
): { readonly [name in Key]?: string } {
  const amount = optionalNumber(fields, names)
  return amount === null ? {} : ({ [key]: money(amount, currencyParts) } as { readonly [name in Key]: string })
}

/** A quantity in base units, as prices are written. */
export function baseUnits(quantity: Decimal, baseUnitsPerUnit: bigint): string {
  return scaledTo(quantity, baseUnitsPerUnit).toString()
}

const minimumNames = ['minimum', 'minimumAmount', 'minimumSpend', 'minSpend', 'minAmount', 'min']
const maximumNames = ['maximum', 'maximumAmount', 'maximumSpend', 'maxSpend', 'maxAmount', 'max', 'maxCost']

/** What every price may say: minimum, maximum and rounding. A minimum of zero is none, as sources write it. */
export function commonTerms(fields: CaseFields, currencyParts: bigint): Readonly<Record<string, unknown>> {
  const commitments = optionalObject(fields, ['commitments', 'spend']) ?? fields
  const minimum = optionalNumber(commitments, minimumNames)
  return {
    ...(isAboveZero(minimum) ? { minimum: money(minimum, currencyParts) } : {}),
    ...optionalMoney('maximum', commitments, maximumNames, currencyParts),
    ...roundingTerms(fields),
  }
}

/** Whether a case says itself where amounts are rounded. */
export function saysRounding(fields: CaseFields): boolean {
  return 'rounding' in roundingTerms(fields)
}

const roundingRules: Readonly<Record<string, string>> = {
  up: 'up',
  ceil: 'up',
  ceiling: 'up',
  down: 'down',
  floor: 'down',
  truncate: 'down',
  halfeven: 'half-even',
  bankers: 'half-even',
  halfaway: 'half-away',
  halfup: 'half-away',
  middle: 'half-away',
  nearest: 'half-away',
}

/** As many as a price takes: a micro is the smallest amount of record. */
export const mostRoundingDigits = 6

function roundingTerms(fields: CaseFields): { readonly rounding?: { readonly digits: number; readonly rule: string } } {
  const inner = optionalObject(fields, ['rounding'])
  const digits =
    inner === null
      ? optionalCount(fields, ['roundingDigits', 'roundingDecimals', 'roundTo'], mostRoundingDigits)
      : optionalCount(inner, ['digits', 'decimals', 'precision', 'places', 'scale'], mostRoundingDigits)
  if (digits === null) return {}
  const word =
    inner === null
      ? optionalText(fields, ['roundingRule', 'roundingMethod', 'roundingMode'])
      : optionalText(inner, ['rule', 'method', 'mode'])
  const rule = roundingRules[plainName(word ?? 'middle')]
  if (rule === undefined) {
    fields.problems.push(`${fields.place}.rounding.rule is ${JSON.stringify(word)}; write up, down, halfUp or halfEven`)
  }
  return { rounding: { digits, rule: rule ?? 'half-away' } }
}

/** Amounts rounded to the smallest coin of the currency a case names, or of dollars; no rounding where it says another one. */
export function coinRounding(fields: CaseFields, currency: string): Readonly<Record<string, unknown>> {
  if (saysRounding(fields)) return {}
  return { rounding: { digits: minorDigitsOf(currency) ?? 2, rule: 'half-away' } }
}
