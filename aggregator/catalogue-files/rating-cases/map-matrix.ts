import type { Decimal } from '@meterline/shared/units/decimal.ts'
import {
  namesOf,
  optionalNumber,
  optionalObject,
  optionalText,
  partsFor,
  requiredNumber,
  requiredObjects,
  scaledTo,
  sum,
  type CaseFields,
} from './case-fields.ts'
import { baseUnits, money, readQuantities } from './case-terms.ts'
import { singleCharge, type CaseUsage, type MappedCase } from './mapped-case.ts'

const rowNames = ['rows', 'filters', 'matrix', 'prices', 'charges']
const whenNames = ['when', 'match', 'values', 'filter', 'dimensions', 'labels']
const labelNames = ['labels', 'event', 'properties', 'attributes', 'usageLabels', 'dimensionValues']
const priceNames = ['unit', 'unitPrice', 'amount', 'price', 'rate', 'unitAmount']
const anyTexts = ['*', 'any', 'all']

/** A price for a unit that depends on labels of the event; a row that leaves a label out, or writes `*`, is for any. */
export function mapMatrix(fields: CaseFields, currencyParts: bigint): MappedCase {
  const rows = requiredObjects(fields, rowNames, 'rows such as {"when": {"region": "eu"}, "unit": "0.5"}').map(
    (row) => ({
      when: labelsOf(optionalObject(row, whenNames)),
      amount: requiredNumber(row, priceNames, 'the price of a unit'),
    }),
  )
  const { quantities } = readQuantities(fields)
  const per: Decimal = optionalNumber(fields, ['per', 'unitSize']) ?? { coefficient: 1n, scale: 0 }
  const parts = partsFor([per, ...quantities])
  const labels = labelsOf(optionalObject(fields, labelNames))
  const dimensions = [...new Set(rows.flatMap(({ when }) => when.map(([name]) => name)))]
  const price = {
    model: 'matrix',
    dimensions,
    rows: rows.map(({ when, amount }) => ({
      when: Object.fromEntries(when.filter(([, text]) => !anyTexts.includes(text))),
      model: 'per-unit',
      amount: money(amount, currencyParts),
      per: baseUnits(per, parts),
    })),
  }
  const usage = quantities.map((quantity, timeMs): CaseUsage => ({
    quantity: scaledTo(quantity, parts),
    timeMs,
    labels,
    facts: [],
  }))
  return singleCharge({ price, before: [], usage }, sum(quantities))
}

function labelsOf(object: CaseFields | null): readonly (readonly [string, string])[] {
  if (object === null) return []
  return namesOf(object).flatMap((name) => {
    const text = optionalText(object, [name])
    return text === null ? [] : [[name, text] as const]
  })
}
