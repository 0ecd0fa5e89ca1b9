import { divideRounded } from '@meterline/shared/units/money.ts'
import { commitmentAmounts } from '../../domain/contract/commitment-amounts.ts'
import {
  named,
  optionalMoney,
  optionalMoneyList,
  partsOf,
  summedMoney,
  unitsOf,
  type BillFigures,
} from './bill-fields.ts'
import { optionalNumber, optionalText, saysNo, textOf, writtenValue, type CaseFields } from './case-fields.ts'
import { activeShare, shareOf } from './case-share.ts'
import { exactOf, type Exact } from './exact.ts'

const promisedNames = [
  'minimum',
  'minimumSpend',
  'minSpend',
  'minimumCommitment',
  'commitment',
  'committed',
  'committedSpend',
  'minimumPerMonth',
  'monthlyMinimum',
  'monthlyCommitment',
  'annualMinimum',
  'annualCommitment',
  'minimumPerYear',
  'commit',
  'minimumInvoice',
  'spendingMinimum',
  'min',
  'prepaid',
  'amount',
]
const termNames = ['annualMinimum', 'annualCommitment', 'minimumPerYear', 'termMinimum', 'termCommitment']
const listNames = [
  'consumption',
  'usages',
  'monthlyUsage',
  'usagePerMonth',
  'monthlySpend',
  'spends',
  'months',
  'periods',
  'quarterlyBilled',
  'monthlyBilled',
  'billedPerPeriod',
  'quarterlyUsage',
  'quarterlySpend',
]
const spentNames = [
  'used',
  'usage',
  'spent',
  'spend',
  'billed',
  'consumed',
  'charges',
  'actual',
  'invoiced',
  'fees',
  'fee',
  'subscriptionFee',
  'recurring',
  'consumption',
  'charge',
  'usageFee',
  'usageFees',
  'usageCharges',
  'usageCost',
  'chargeFees',
  'subscriptionFees',
  'recurringFees',
  'fixedFee',
  'fixedFees',
  'baseFee',
  'platformFee',
  'lineItems',
  'lines',
  'items',
]
const factorNames = ['overageFactor', 'overageMultiplier', 'overageRate', 'multiplier']

/** How a case promises its amount. */
interface PromisedSpend {
  /** Parts of a micro. */
  readonly promised: bigint
  /** Per period, in parts of a micro. */
  readonly spent: readonly bigint[]
  readonly inAdvance: boolean
  readonly overageFactor: string | null
  readonly isTerm: boolean
  /** Whether what is missing is billed at all. */
  readonly hasTrueUp: boolean
}

/** What a commitment or minimum comes to, in all the ways its source may mean; none where the case does not say enough. */
export function mapCommitment(fields: CaseFields, model: string): readonly BillFigures[] {
  const promised = optionalMoney(fields, [...termNames, ...promisedNames])
  const listed = optionalMoneyList(fields, listNames)
  const single = summedMoney(fields, spentNames)
  if (promised === null || (listed === null && single === null)) return []
  const share = activeShare(fields)
  const spent =
    listed !== null && listed.length > 1 ? listed.map(partsOf) : [partsOfExact(single ?? sumOf(listed ?? []))]
  const factor = optionalNumber(fields, factorNames)
  const own: PromisedSpend = {
    promised: share === null ? partsOf(promised) : partsOfExact(shareOf(exactOf(promised), share)),
    spent,
    inAdvance: /advance|prepaid|upfront/i.test(model) || saysYes(fields, ['inAdvance', 'prepaid', 'payInAdvance']),
    overageFactor: factor === null ? null : textOf(factor),
    isTerm:
      spent.length > 1 &&
      (optionalMoney(fields, termNames) !== null || /annual|term|year/i.test(model) || saysTerm(fields)),
    hasTrueUp: !saysNo(fields, ['trueUp', 'enableTrueUp', 'trueUpEnabled', 'isTrueUpEnabled']),
  }
  if (!own.inAdvance || own.isTerm) return [figuresOf(own, false)]
  const overAll = spent.length > 1 ? [figuresOf({ ...own, isTerm: true }, false)] : []
  return [figuresOf(own, true), figuresOf(own, false), ...overAll]
}

/** `goesOn`: after the periods of the case comes another one, for which something is due in advance as well. */
function figuresOf(own: PromisedSpend, goesOn: boolean): BillFigures {
  const { promised, spent, inAdvance, overageFactor, isTerm, hasTrueUp } = own
  let before = 0n
  const periods = spent.map((spentMicros, index) => {
    const earlier = isTerm ? before : 0n
    before += spentMicros
    const amounts = commitmentAmounts(
      {
        promisedMicros: promised,
        earlierMicros: earlier,
        spentMicros,
        isFirst: !isTerm || index === 0,
        isLast: !isTerm || index === spent.length - 1,
      },
      { inAdvance, overageFactor },
    )
    const beyond = positive(earlier + spentMicros - promised) - positive(earlier - promised)
    const left = positive(promised - earlier - spentMicros)
    return { ...amounts, missingMicros: hasTrueUp ? amounts.missingMicros : 0n, spentMicros, beyond, left }
  })
  // Of an amount in advance there is an invoice before each period, and what was spent beyond it stands on the next one.
  const due = periods.map(
    ({ spentMicros, drawnMicros, missingMicros, overageMicros }) =>
      spentMicros - drawnMicros + missingMicros + overageMicros,
  )
  const ahead = [...periods.map(({ inAdvanceMicros }) => inAdvanceMicros), goesOn ? promised : 0n]
  const invoices = inAdvance ? ahead.map((amount, index) => amount + (due[index - 1] ?? 0n)) : due
  const total = invoices.reduce((sum, each) => sum + each, 0n)
  const missing = periods.reduce((sum, each) => sum + each.missingMicros, 0n)
  const overage = periods.reduce((sum, each) => sum + each.overageMicros + each.beyond, 0n)
  const all = spent.reduce((sum, each) => sum + each, 0n)
  const beyond = periods.reduce((sum, each) => sum + each.beyond, 0n)
  const used = all - beyond
  const whole = isTerm ? promised : promised * BigInt(spent.length)
  return {
    numbers: named([
      [
        ['trueup', 'shortfall', 'truedup', 'gap', 'minimum', 'minimumadjustment', 'exactunrounded', 'trueupfee'],
        unitsOf(missing),
      ],
      [['total', 'invoicetotal', 'totalinvoice', 'due', 'billed'], unitsOf(total)],
      [['overage', 'overagecharge', 'overagecost', 'overagefee'], unitsOf(overage)],
      [['overageusage', 'beyond', 'overagebase'], unitsOf(beyond)],
      [['drawn', 'drawndown', 'commitmentused', 'utilized', 'commitmentutilized', 'applied'], unitsOf(used)],
      [['remaining', 'remainingcommitment', 'unused', 'forfeited'], unitsOf(positive(whole - used))],
      [['committed', 'proratedminimum', 'proratedcommitment', 'proratedamount', 'effectiveminimum'], unitsOf(promised)],
    ]),
    lists: new Map([
      ['invoices', invoices.map(unitsOf)],
      ['totals', invoices.map(unitsOf)],
      ['trueups', periods.map(({ missingMicros }) => unitsOf(missingMicros))],
      ['shortfalls', periods.map(({ missingMicros }) => unitsOf(missingMicros))],
      ['remaining', periods.map(({ left }) => unitsOf(left))],
      ['balances', periods.map(({ left }) => unitsOf(left))],
      ['overages', periods.map((each) => unitsOf(each.overageMicros + each.beyond))],
    ]),
  }
}

function saysTerm(fields: CaseFields): boolean {
  return /annual|year|term/i.test(optionalText(fields, ['term', 'per', 'commitmentPeriod', 'period']) ?? '')
}

function saysYes(fields: CaseFields, names: readonly string[]): boolean {
  return names.some((name) => [true, 'true'].some((yes) => yes === writtenValue(fields, name)))
}

function sumOf(numbers: readonly { readonly coefficient: bigint; readonly scale: number }[]): Exact {
  return unitsOf(numbers.reduce((sum, number) => sum + partsOf(number), 0n))
}

/** Currency units in parts of a micro, rounded to one. */
function partsOfExact({ numerator, denominator }: Exact): bigint {
  return divideRounded(numerator * partsOf({ coefficient: 1n, scale: 0 }), denominator, 'half-away')
}

function positive(amount: bigint): bigint {
  return amount > 0n ? amount : 0n
}
