import { minorDigitsOf } from '@meterline/shared/units/currency.ts'
import { parseDecimal, type Decimal } from '@meterline/shared/units/decimal.ts'
import { plainName } from './case-fields.ts'
import { cutTo, exactOf, exactText, isSame, isZero, plus, roundedTo, type Exact } from './exact.ts'
import type { CaseFigures } from './rate-mapped.ts'
import { isObject, type CaseObject, type CaseValue } from './read-cases.ts'

/** One thing a source states, held against what came out. */
export interface ComparedFigure {
  readonly name: string
  readonly expected: string
  readonly got: string
  readonly isEqual: boolean
  /** What had to be done to compare them, for people; empty where nothing had. */
  readonly remark: string
}

/** What is compared, and the names of what a source states that is no figure of a price. */
export interface Comparison {
  readonly figures: readonly ComparedFigure[]
  readonly notCompared: readonly string[]
}

/** Names of figures as sources write them. */
const figureNames: Readonly<Record<string, string>> = {
  amount: 'total',
  totalamount: 'total',
  totalprice: 'total',
  charge: 'total',
  cost: 'total',
  price: 'total',
  fee: 'total',
  usage: 'gross',
  usageamount: 'gross',
  subtotal: 'gross',
  discounts: 'discount',
  discountstotal: 'discount',
  maximumdiscount: 'discount',
  maxspenddiscount: 'discount',
  minspendline: 'minimum',
  minspend: 'minimum',
  minimumspend: 'minimum',
  minimumspendline: 'minimum',
  minimumline: 'minimum',
  packages: 'units',
  packagecount: 'units',
  blocks: 'units',
  datacredits: 'units',
  billedunits: 'units',
  freeeventsused: 'freeevents',
  averageunitprice: 'unitamount',
  effectiveunitprice: 'unitamount',
  unitprice: 'unitamount',
  exact: 'exactunrounded',
  precise: 'exactunrounded',
  unrounded: 'exactunrounded',
  inputprice: 'inputside',
  inputtotal: 'inputside',
  inputcost: 'inputside',
  outputprice: 'outputside',
  outputtotal: 'outputside',
  outputcost: 'outputside',
  cacheprice: 'cacheread',
  cachereadprice: 'cacheread',
  cachedprice: 'cacheread',
}

/** What says nothing that could differ. */
const notFigures = ['currency', 'note', 'notes', 'comment', 'unit', 'source', 'rule', 'explanation', 'details']

/** Whether a source states anything that could differ. */
export function statesFigures(expected: CaseObject): boolean {
  return Object.entries(expected).some(([name, value]) => value !== null && !notFigures.includes(plainName(name)))
}

/** Holds what a source states against what came out. `exact` is the total without rounding, where it is known. */
export function compareFigures(expected: CaseObject, figures: CaseFigures, exact: Exact | null): Comparison {
  const compared: ComparedFigure[] = []
  const notCompared: string[] = []
  for (const [name, value] of Object.entries(expected)) {
    const plain = plainName(name)
    if (notFigures.includes(plain) || value === null) continue
    const one = compareOne(name, value, figures, exact, expected)
    if (one === null) notCompared.push(name)
    else compared.push(one)
  }
  return { figures: compared, notCompared }
}

function compareOne(
  name: string,
  value: CaseValue,
  figures: CaseFigures,
  exact: Exact | null,
  expected: CaseObject,
): ComparedFigure | null {
  const plain = plainName(name)
  if (plain === 'lines') return compareLines(value, figures.lines)
  const list = figures.lists?.get(plain.replace(/cents$/, ''))
  if (list !== undefined && Array.isArray(value)) return compareList(name, value as readonly CaseValue[], list)
  return compareNumber(name, value, figures, exact, expected)
}

function compareNumber(
  name: string,
  value: CaseValue,
  { numbers }: CaseFigures,
  exact: Exact | null,
  expected: CaseObject,
): ComparedFigure | null {
  const plain = plainName(name)
  const own = plain.replace(/(?<=.)cents$/, '')
  const figure = figureNames[own] ?? own
  // What is exact is counted in what the rounded figures beside it are counted in.
  const isCents = own !== plain || (figure === 'exactunrounded' && saysCents(expected))
  const got =
    figure === 'exactunrounded' ? exact : (numbers.get(own) ?? numbers.get(figure) ?? numbers.get(shortName(own)))
  const stated = statedNumber(value, isCents)
  if (got === undefined || got === null) return null
  if (stated === null) return compareFractions(name, value, got)
  const shown = { name, expected: shownValue(value), got: exactText(inUnits(got, isCents)) }
  if (isSame(exactOf(stated.number), got)) return { ...shown, isEqual: true, remark: '' }
  const { digits } = stated
  if (stated.goesOn) {
    const isEqual = isSame(exactOf(cutTo(got, digits)), exactOf(stated.number))
    return { ...shown, isEqual, remark: isEqual ? `compared to ${digits} digits` : '' }
  }
  const rounded = exactOf(roundedTo(got, digits))
  const isEqual = digits >= leastRoundedDigits(expected, figure) && isSame(rounded, exactOf(stated.number))
  return { ...shown, isEqual, remark: isEqual ? `rounded to the ${digits} digits stated` : '' }
}

/** A figure's name without what names of amounts have by the way: `couponsAmount`, `subTotalExcludingTaxes`. */
function shortName(own: string): string {
  return own
    .replace(/exclud(?:ing|es)(?:tax(?:es)?)?|excltaxes/, 'excltax')
    .replace(/includ(?:ing|es)(?:tax(?:es)?)?|incltaxes/, 'incltax')
    .replace('subtotalexcltax', 'totalexcltax')
    .replace('subtotalincltax', 'totalincltax')
    .replace(/amount|charge(?=s$)/, '')
}

/** Money is stated rounded to the smallest coin, not further; averages and other quotients as far as a source likes. */
function leastRoundedDigits(expected: CaseObject, figure: string): number {
  if (figure === 'unitamount') return 0
  const currency = expected['currency']
  return (typeof currency === 'string' ? minorDigitsOf(currency) : undefined) ?? 2
}

function saysCents(expected: CaseObject): boolean {
  return Object.keys(expected).some((name) => /.cents$/.test(plainName(name)))
}

/** A number written as a sum of fractions, such as `12/31 + 1`; null where it is none. */
function compareFractions(name: string, value: CaseValue, got: Exact): ComparedFigure | null {
  const written = typeof value === 'string' ? value.split('+') : []
  const [first, ...others] = written.length > mostTerms ? [] : written.map((term) => fractionOf(term.trim()))
  if (first === undefined || first === null) return null
  let sum = first
  for (const term of others) {
    if (term === null) return null
    sum = plus(sum, term)
  }
  return { name, expected: shownValue(value), got: exactText(got), isEqual: isSame(sum, got), remark: '' }
}

const mostTerms = 100

function fractionOf(text: string): Exact | null {
  const [, numerator = '', denominator = '1'] = /^([0-9]{1,15})(?:\/([1-9][0-9]{0,14}))?$/.exec(text) ?? []
  return numerator === '' ? null : { numerator: BigInt(numerator), denominator: BigInt(denominator) }
}

/** A list whose places mean something, such as invoices that follow each other: zeros count. */
function compareList(name: string, value: readonly CaseValue[], got: readonly Exact[]): ComparedFigure | null {
  const isCents = plainName(name).endsWith('cents')
  const stated = value.map((each) => statedNumber(isObject(each) ? lineAmount(each) : each, isCents))
  const numbers = stated.flatMap((each) => (each === null ? [] : [each]))
  if (numbers.length < stated.length) return null
  const isEqual =
    numbers.length === got.length &&
    numbers.every(({ number, digits }, index) => {
      const own = got[index]
      return own !== undefined && isSame(exactOf(number), exactOf(roundedTo(own, Math.max(2, digits))))
    })
  return {
    name,
    expected: shownValue(value),
    got: `[${got.map((each) => exactText(inUnits(each, isCents))).join(' ')}]`,
    isEqual,
    remark: '',
  }
}

function compareLines(value: CaseValue, ways: CaseFigures['lines']): ComparedFigure | null {
  if (!Array.isArray(value)) return null
  const stated = (value as readonly CaseValue[]).map((line) =>
    statedNumber(isObject(line) ? lineAmount(line) : line, false),
  )
  if (stated.some((line) => line === null)) return null
  const due = stated.flatMap((line) => (line === null || line.number.coefficient === 0n ? [] : [exactOf(line.number)]))
  const fits = ways.find((way) => way.length === due.length && way.every((line, index) => isLine(line, due[index])))
  const way = fits ?? ways[0] ?? []
  return {
    name: 'lines',
    expected: `[${due.map(exactText).join(' ')}]`,
    got: `[${way.map(exactText).join(' ')}]`,
    isEqual: fits !== undefined,
    remark: '',
  }
}

function isLine(line: Exact, stated: Exact | undefined): boolean {
  return stated !== undefined && !isZero(line) && isSame(line, stated)
}

function lineAmount(line: CaseObject): CaseValue {
  return line['amount'] ?? line['total'] ?? line['price'] ?? null
}

interface StatedNumber {
  readonly number: Decimal
  /** After the point, zeros at the end included: how far the source rounds. */
  readonly digits: number
  /** Whether it is written as the beginning of a longer number: `0.716666...`. */
  readonly goesOn: boolean
}

function statedNumber(value: CaseValue, isCents: boolean): StatedNumber | null {
  if (typeof value !== 'string') return null
  const text = value.trim().replace(/^[$€£]\s?/, '')
  const goesOn = /(\.\.\.|…)$/.test(text)
  const plain = text.replace(/(\.\.\.|…)$/, '')
  const parsed = parseDecimal(plain)
  if (!parsed.ok) return null
  const written = plain.split('.')[1]?.length ?? 0
  const { coefficient, scale } = parsed.value
  return isCents
    ? { number: { coefficient, scale: scale + 2 }, digits: written + 2, goesOn }
    : { number: parsed.value, digits: written, goesOn }
}

function inUnits(amount: Exact, isCents: boolean): Exact {
  return isCents ? { ...amount, numerator: amount.numerator * 100n } : amount
}

/** A value of a case on one line, for people. */
export function shownValue(value: CaseValue): string {
  if (Array.isArray(value)) return `[${(value as readonly CaseValue[]).map(shownValue).join(' ')}]`
  if (isObject(value))
    return `{${Object.entries(value)
      .map(([name, inner]) => `${name}=${shownValue(inner)}`)
      .join(' ')}}`
  return typeof value === 'string' ? value : JSON.stringify(value)
}
