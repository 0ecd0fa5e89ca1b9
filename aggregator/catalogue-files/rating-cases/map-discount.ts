import { wholeMicros } from '../../domain/contract/commitment-span.ts'
import { discountMicros } from '../../domain/contract/discount-amount.ts'
import { discountSchema, type Discount } from '../../domain/contract/discount-definition.ts'
import { contractSchema } from '../../domain/contract/contract-definition.ts'
import { calendarMonths, periodAt } from '../../domain/periods/billing-cycle.ts'
import {
  finestParts,
  named,
  optionalMoney,
  optionalMoneyList,
  partsOf,
  unitsOf,
  type BillFigures,
} from './bill-fields.ts'
import {
  has,
  isBelow,
  optionalNumber,
  optionalObject,
  optionalObjects,
  optionalText,
  textOf,
  type CaseFields,
} from './case-fields.ts'
import { saysTax, taxedAmounts, taxFigures, taxTerms } from './map-taxed.ts'
import type { Decimal } from '@meterline/shared/units/decimal.ts'

const spentNames = [
  'amount',
  'subtotal',
  'spend',
  'spent',
  'usage',
  'total',
  'charges',
  'lines',
  'price',
  'base',
  'invoice',
  'fees',
  'items',
  'lineItems',
]
const percentNames = [
  'discountPct',
  'discountPercent',
  'percentOff',
  'pctOff',
  'percent',
  'couponPct',
  'couponPercent',
  'percentage',
  'discountRate',
  'percentageRate',
  'discountPercentage',
  'percentageDiscount',
  'rate',
]
const amountNames = ['discountAmount', 'amountOff', 'off', 'couponAmount', 'discount', 'coupon', 'fixedAmount']
/** What a discount in an object of its own calls its amount. */
const ownAmountNames = [...amountNames, 'amount', 'value']
const minimumNames = ['minimum', 'minimumSpend', 'minimumAmount', 'minSpend', 'commitment']

/**
 * What discounts take off what was spent, one after the other, and the tax of the rest; none where the case does not say enough,
 * or asks for a minimum behind the discounts, which bills here have before them.
 */
export function mapDiscount(fields: CaseFields, currency: string): readonly BillFigures[] {
  const spent = optionalMoneyList(fields, spentNames)
  if (spent === null || has(fields, minimumNames)) return []
  const listed = optionalObjects(fields, ['discounts', 'coupons'])
  const single = optionalObject(fields, ['coupon', 'discount'])
  const own = listed ?? (single === null ? null : [single])
  const readings =
    own === null ? discountOf(fields, amountNames) : combined(own.map((each) => discountOf(each, ownAmountNames)))
  return readings
    .filter((discounts) => discounts.length > 0)
    .map((discounts) => discounted(fields, spent, discounts, currency))
}

function discounted(
  fields: CaseFields,
  spent: readonly Decimal[],
  discounts: readonly Discount[],
  currency: string,
): BillFigures {
  const period = periodAt(calendarMonths, 0)
  const contract = contractSchema.parse({ id: 'case', account: 'case', from: '1970-01-01' })
  const all = spent.reduce((sum, amount) => sum + partsOf(amount), 0n)
  let left = all
  const taken = discounts.map((discount) => {
    const own = discountMicros(discount, contract, left, period, calendarMonths)
    left -= own
    return own
  })
  const unused = discounts.reduce(
    (sum, { terms }, index) => (terms.kind === 'amount' ? sum + wholeMicros(terms.amount) - (taken[index] ?? 0n) : sum),
    0n,
  )
  const numbers = named([
    [['discount', 'discounts', 'discounttotal', 'totaldiscount', 'off', 'coupon', 'coupons'], unitsOf(all - left)],
    [['net', 'due', 'totalexcltax', 'afterdiscount', 'totalafterdiscount', 'total', 'invoicetotal'], unitsOf(left)],
    [['gross', 'subtotal'], unitsOf(all)],
    [['remainingcoupon', 'remainingdiscount', 'unuseddiscount'], unitsOf(unused)],
  ])
  const taxed = saysTax(fields) ? taxFigures(taxedAmounts([unitsOf(left)], taxTerms(fields, currency, ''))).numbers : []
  return { numbers: new Map([...numbers, ...taxed]), lists: new Map([['discounts', taken.map(unitsOf)]]) }
}

/** All the ways in which discounts that follow each other may be meant: the first reading of each, or the second of each. */
function combined(readings: readonly (readonly (readonly Discount[])[])[]): readonly (readonly Discount[])[] {
  const most = Math.max(0, ...readings.map(({ length }) => length))
  return Array.from({ length: most }, (_, way) => readings.flatMap((each) => each[way] ?? each[0] ?? []))
}

/** A discount in all the ways a case may mean it: a percentage up to 1 may be a fraction. None where it states no discount. */
function discountOf(fields: CaseFields, amounts: readonly string[]): readonly (readonly Discount[])[] {
  const percent = optionalNumber(fields, percentNames)
  const tiers = optionalObjects(fields, ['tiers', 'discountTiers', 'bands'])
  if (tiers !== null) {
    const mode = optionalText(fields, ['mode', 'tiered']) ?? ''
    const tiered = /graduated|slab|incremental/i.test(mode) ? 'graduated' : 'volume'
    return [parsedDiscount(fields, { tiers: tiers.map(tierOf), tiered })]
  }
  if (percent === null) {
    const amount = optionalMoney(fields, amounts)
    return amount === null ? [] : [parsedDiscount(fields, { amount: textOf(finer(amount)) })]
  }
  const asWritten = parsedDiscount(fields, { percent: textOf(percent) })
  if (isBelow({ coefficient: 1n, scale: 0 }, percent)) return [asWritten]
  const inHundredths = { coefficient: percent.coefficient * 100n, scale: percent.scale }
  return [asWritten, parsedDiscount(fields, { percent: textOf(inHundredths) })]
}

function parsedDiscount(fields: CaseFields, terms: object): readonly Discount[] {
  const atMost = optionalMoney(fields, ['maximum', 'maxDiscount', 'cap', 'atMost'])
  const more = atMost === null ? {} : { atMost: textOf(finer(atMost)) }
  const parsed = discountSchema.safeParse({ id: 'case', ...terms, ...more })
  if (parsed.success) return [parsed.data]
  const [issue] = parsed.error.issues
  fields.problems.push(`${fields.place}.${issue?.path.map(String).join('.') ?? ''} ${issue?.message ?? ''}`)
  return []
}

function tierOf(fields: CaseFields): { readonly upTo: string | null; readonly percent: string } {
  const upTo = optionalNumber(fields, ['upTo', 'to', 'max'])
  const percent = optionalNumber(fields, percentNames)
  return { upTo: upTo === null ? null : textOf(finer(upTo)), percent: percent === null ? '0' : textOf(percent) }
}

/** Money in units of which the parts of a micro are micros. */
function finer({ coefficient, scale }: Decimal): Decimal {
  return { coefficient: coefficient * finestParts, scale }
}
