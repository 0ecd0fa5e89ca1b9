import { divideRounded, minorDigitsOf, roundToMinorUnit } from '@meterline/shared/units/money.ts'
import { dayMs } from '@meterline/shared/units/civil.ts'
import { taxOfAmount } from '../../domain/billing/taxes.ts'
import { named, optionalMoneyList, optionalTime, type BillFigures } from './bill-fields.ts'
import {
  optionalNumber,
  optionalNumbers,
  optionalObjects,
  optionalText,
  textOf,
  writtenValue,
  type CaseFields,
} from './case-fields.ts'
import { countedShare, periodOfCase, remainderOf, shareOf, usedShare, type CaseShare } from './case-share.ts'
import { exactOf, type Exact } from './exact.ts'

const taxNames = [
  'taxPct',
  'taxPercent',
  'taxPercentage',
  'taxRate',
  'taxRates',
  'taxRatePct',
  'vatPct',
  'vatRate',
  'tax',
  'vat',
  'ratePct',
  'percent',
]
const paidNames = [
  'paid',
  'amount',
  'net',
  'subtotal',
  'invoice',
  'invoiced',
  'total',
  'base',
  'credit',
  'refund',
  'price',
  'plan',
]
const listNames = ['lines', 'amounts', 'items', 'fees', 'lineItems', 'charges']

/**
 * What a credit note gives back: the unused part of what was paid, and the tax of that; each rounded as documents are. Where a
 * case states the day something ended, that day is tried as unused, as bills here have it, and as used.
 */
export function mapCreditNote(fields: CaseFields, currency: string): readonly BillFigures[] {
  const paid = optionalMoneyList(fields, [...paidNames, ...listNames])
  if (paid === null) return []
  const [only] = paid
  const shares = paid.length === 1 ? unusedShares(fields) : []
  const ways =
    shares.length === 0 || only === undefined
      ? [paid.map(exactOf)]
      : shares.map((share) => [shareOf(exactOf(only), share)])
  return ways.map((amounts): BillFigures => {
    const { net, tax, gross } = taxedAmounts(amounts, taxTerms(fields, currency, ''))
    const [exact] = amounts
    return {
      numbers: named([
        [['creditexcltax', 'credit', 'net', 'subtotal', 'totalexcltax', 'refundexcltax'], net],
        [['tax', 'taxes', 'vat', 'taxcredit'], tax],
        [['total', 'totalincltax', 'gross', 'creditincltax', 'refund', 'credittotal', 'totalcredit'], gross],
        ...(exact === undefined || amounts.length > 1 ? [] : [[['exactunrounded'], exact] as const]),
      ]),
      lists: new Map(),
    }
  })
}

function unusedShares(fields: CaseFields): readonly CaseShare[] {
  const used = usedShare(fields)
  if (used !== null) return [remainderOf(used)]
  const endMs = optionalTime(fields, ['terminatedAt', 'terminationDate', 'cancelledAt', 'canceledAt', 'endDate', 'end'])
  if (endMs === null) return []
  const period = periodOfCase(fields, endMs)
  return [endMs, endMs + dayMs].map((fromMs) => countedShare(fromMs, Infinity, period))
}

/** The tax of amounts: rounded once for each rate or for each line, from amounts without it or with it. */
export function mapTax(fields: CaseFields, currency: string, model: string): readonly BillFigures[] {
  const rated = ratedLines(fields)
  const amounts = optionalMoneyList(fields, [...listNames, ...paidNames, 'gross'])
  if (amounts === null || (rated === null && optionalNumbers(fields, taxNames) === null)) return []
  const exact = amounts.map(exactOf)
  const terms = taxTerms(fields, currency, model)
  // Whether several rates are those of the lines or all of them add up, a case does not say.
  if (rated === null && terms.percents.length > 1 && terms.percents.length !== exact.length) return []
  return [taxFigures(taxedAmounts(exact, rated === null ? terms : { ...terms, percents: rated }))]
}

/** What a document comes to, by the names sources have for it. */
export function taxFigures({ net, tax, gross }: TaxedAmounts): BillFigures {
  return {
    numbers: named([
      [['tax', 'taxes', 'vat', 'totaltax', 'taxtotal'], tax],
      [['net', 'subtotal', 'totalexcltax', 'base', 'taxable'], net],
      [['total', 'gross', 'totalincltax', 'totalwithtax', 'invoicetotal'], gross],
    ]),
    lists: new Map(),
  }
}

/** How amounts are taxed. */
export interface TaxTerms {
  /** One for each amount, or a single one for all. */
  readonly percents: readonly string[]
  readonly inclusive: boolean
  readonly perLine: boolean
  readonly minorDigits: number
}

export interface TaxedAmounts {
  readonly net: Exact
  readonly tax: Exact
  readonly gross: Exact
}

/** Whether a case says how much tax there is. */
export function saysTax(fields: CaseFields): boolean {
  return optionalNumbers(fields, taxNames) !== null
}

export function taxTerms(fields: CaseFields, currency: string, model: string): TaxTerms {
  const percents = (optionalNumbers(fields, taxNames) ?? []).map(textOf)
  return {
    percents: percents.length === 0 ? ['0'] : percents,
    inclusive: saysInclusive(fields) || /inclusive|included|gross/i.test(model),
    perLine: /line|item/i.test(optionalText(fields, ['rounding', 'taxRounding', 'roundingLevel']) ?? ''),
    minorDigits: minorDigitsOf(currency) ?? 2,
  }
}

/** Amounts as lines of a document, each rounded to the smallest coin, with their tax. */
export function taxedAmounts(amounts: readonly Exact[], terms: TaxTerms): TaxedAmounts {
  const { percents, inclusive, perLine, minorDigits } = terms
  const lines = amounts.map(({ numerator, denominator }, index) => {
    const micros = divideRounded(numerator * 1_000_000n, denominator, 'half-away')
    const { roundedMicros } = roundToMinorUnit(micros, minorDigits, 'half-away')
    return { roundedMicros, percent: percents[index] ?? percents[0] ?? '0' }
  })
  const total = lines.reduce((sum, { roundedMicros }) => sum + roundedMicros, 0n)
  const byRate = new Map<string, bigint>()
  lines.forEach(({ roundedMicros, percent }, index) => {
    const key = perLine ? `${index} ${percent}` : `all ${percent}`
    byRate.set(key, (byRate.get(key) ?? 0n) + roundedMicros)
  })
  let tax = 0n
  for (const [key, base] of byRate) {
    tax += taxOfAmount(base, key.split(' ')[1] ?? '0', { inclusive, minorDigits })
  }
  const money = (micros: bigint): Exact => ({ numerator: micros, denominator: 1_000_000n })
  return { net: money(inclusive ? total - tax : total), tax: money(tax), gross: money(inclusive ? total : total + tax) }
}

/** The rates that lines state themselves; null where they do not. */
function ratedLines(fields: CaseFields): readonly string[] | null {
  const value = listNames.map((name) => writtenValue(fields, name)).find(Array.isArray)
  if (value === undefined || !value.every((each) => typeof each === 'object')) return null
  const lines = optionalObjects(fields, listNames) ?? []
  const rates = lines.map((line) => optionalNumber(line, taxNames))
  return rates.length === 0 || rates.includes(null)
    ? null
    : rates.flatMap((rate) => (rate === null ? [] : [textOf(rate)]))
}

function saysInclusive(fields: CaseFields): boolean {
  if (/^incl/i.test(optionalText(fields, ['taxBehavior', 'taxBehaviour', 'taxMode']) ?? '')) return true
  return ['inclusive', 'taxInclusive', 'taxIncluded', 'priceIncludesTax', 'pricesIncludeTax', 'includesTax'].some(
    (name) => [true, 'true'].some((yes) => yes === writtenValue(fields, name)),
  )
}
