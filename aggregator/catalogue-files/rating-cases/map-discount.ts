import { discountMicros } from '../../domain/contract/discount-amount.ts'
import { discountSchema, type Discount } from '../../domain/contract/discount-definition.ts'
import { contractSchema } from '../../domain/contract/contract-definition.ts'
import { calendarMonths, periodAt } from '../../domain/periods/billing-cycle.ts'
import { named, optionalMoneyList, partsOf, finestParts, unitsOf, type BillFigures } from './bill-fields.ts'
import { optionalNumber, optionalObjects, optionalText, textOf, type CaseFields } from './case-fields.ts'
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
]
const amountNames = ['discountAmount', 'amountOff', 'off', 'couponAmount', 'discount', 'coupon', 'fixedAmount']

/** What discounts take off what was spent, one after the other; none where the case does not say enough. */
export function mapDiscount(fields: CaseFields): readonly BillFigures[] {
  const spent = optionalMoneyList(fields, spentNames)
  if (spent === null) return []
  const listed = optionalObjects(fields, ['discounts', 'coupons']) ?? [fields]
  const discounts = listed.flatMap((own) => discountOf(own))
  if (discounts.length === 0) return []
  const period = periodAt(calendarMonths, 0)
  const contract = contractSchema.parse({ id: 'case', account: 'case', from: '1970-01-01' })
  const all = spent.reduce((sum, amount) => sum + partsOf(amount), 0n)
  let left = all
  const taken = discounts.map((discount) => {
    const own = discountMicros(discount, contract, left, period, calendarMonths)
    left -= own
    return own
  })
  return [
    {
      numbers: named([
        [['discount', 'discounts', 'discounttotal', 'totaldiscount', 'off', 'coupon'], unitsOf(all - left)],
        [['total', 'net', 'due', 'invoicetotal', 'afterdiscount', 'totalafterdiscount'], unitsOf(left)],
        [['gross', 'subtotal'], unitsOf(all)],
      ]),
      lists: new Map([['discounts', taken.map(unitsOf)]]),
    },
  ]
}

function discountOf(fields: CaseFields): readonly Discount[] {
  const percent = optionalNumber(fields, percentNames)
  const atMost = optionalNumber(fields, ['maximum', 'maxDiscount', 'cap', 'atMost'])
  const tiers = optionalObjects(fields, ['tiers', 'discountTiers', 'bands'])
  const amount = optionalNumber(fields, amountNames)
  const terms =
    tiers !== null
      ? {
          tiers: tiers.map(tierOf),
          tiered: /graduated|slab|incremental/i.test(optionalText(fields, ['mode', 'tiered']) ?? '')
            ? 'graduated'
            : 'volume',
        }
      : percent !== null
        ? { percent: textOf(percent) }
        : amount !== null
          ? { amount: textOf(finer(amount)) }
          : null
  if (terms === null) return []
  const parsed = discountSchema.safeParse({
    id: 'case',
    ...terms,
    ...(atMost === null ? {} : { atMost: textOf(finer(atMost)) }),
  })
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
