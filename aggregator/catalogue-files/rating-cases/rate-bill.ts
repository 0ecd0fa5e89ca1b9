import { caseFields, namesNotRead, withInnerFields, type CaseFields } from './case-fields.ts'
import { currencyOf } from './case-precision.ts'
import type { BillFigures } from './bill-fields.ts'
import { compareFigures, type Comparison } from './compare-figures.ts'
import { mapCommitment } from './map-commitment.ts'
import { mapConversion } from './map-conversion.ts'
import { mapIncluded } from './map-included.ts'
import { mapDiscount } from './map-discount.ts'
import { mapProration } from './map-proration.ts'
import { mapAllocation, mapSettlement } from './map-shares.ts'
import { mapCreditNote, mapTax } from './map-taxed.ts'
import type { RatingCase } from './read-cases.ts'

/** How a case about bills came out in the likeliest way to mean it. */
export interface BillOutcome {
  readonly comparison: Comparison
  readonly problems: readonly string[]
  readonly notRead: readonly string[]
}

/**
 * Works out a case that is about what bills are made of, with the functions that make bills. Null: it is about something
 * that bills here do not hold, or it does not say enough of it.
 */
export function rateBill(read: RatingCase, what: string): BillOutcome | null {
  const problems: string[] = []
  const fields = withInnerFields(caseFields(read.input, 'input', problems), ['properties', 'terms', 'contract'])
  const ways = mapBill(what, fields, read)
  if (problems.length > 0) {
    return { comparison: { figures: [], notCompared: [] }, problems: [...new Set(problems)], notRead: [] }
  }
  const outcomes = ways
    .map((way) => comparedWay(read, way))
    .filter(({ figures }) => figures.length > 0)
    .map((comparison): BillOutcome => ({ comparison, problems, notRead: namesNotRead(fields) }))
  return outcomes.find(({ comparison }) => comparison.figures.every(({ isEqual }) => isEqual)) ?? outcomes[0] ?? null
}

function mapBill(what: string, fields: CaseFields, read: RatingCase): readonly BillFigures[] {
  const currency = currencyOf(read)
  switch (what) {
    case 'commitment':
      return mapCommitment(fields, read.model)
    case 'proration':
      return mapProration(fields, currency)
    case 'credit note':
      return mapCreditNote(fields, currency)
    case 'tax':
      return mapTax(fields, currency, read.model)
    case 'allowance':
      return mapIncluded(fields, read.model)
    case 'allocation':
      return mapAllocation(fields, currency)
    case 'audit':
      return mapSettlement(fields)
    case 'conversion':
      return mapConversion(fields)
    case 'discount':
      return mapDiscount(fields, currency)
    default:
      return []
  }
}

function comparedWay({ expected }: RatingCase, { numbers, lists }: BillFigures): Comparison {
  const lines = lists.get('lines')
  const figures = { numbers, lists, lines: lines === undefined ? [] : [lines] }
  return compareFigures(expected, figures, numbers.get('exactunrounded') ?? null)
}
