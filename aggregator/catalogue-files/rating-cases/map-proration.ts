import { dayMs } from '@meterline/shared/units/civil.ts'
import { minorDigitsOf, roundToMinorUnit, divideRounded } from '@meterline/shared/units/money.ts'
import { taxOfAmount } from '../../domain/billing/taxes.ts'
import { periodAfter, periodAt } from '../../domain/periods/billing-cycle.ts'
import { named, optionalMoney, optionalTime, type BillFigures } from './bill-fields.ts'
import { optionalNumber, optionalText, textOf, type CaseFields } from './case-fields.ts'
import {
  activeShare,
  countedShare,
  cycleOfCase,
  periodOfCase,
  remainderOf,
  shareOf,
  type CaseShare,
} from './case-share.ts'
import { dividedBy, exactOf, minus, nothing, plus, type Exact } from './exact.ts'

const amountNames = [
  'plan',
  'amount',
  'monthly',
  'monthlyPrice',
  'monthlyAmount',
  'monthlyFee',
  'price',
  'fee',
  'full',
  'fullPrice',
  'planPrice',
  'recurring',
  'base',
  'total',
  'paid',
  'seatPrice',
  'pricePerSeat',
  'unitPrice',
  'unit',
  'subscriptionFee',
  'quarterly',
  'weekly',
  'quarterlyPrice',
  'annualPrice',
  'yearly',
  'annual',
]
const oldNames = [
  'oldMonthly',
  'oldMonthlyPrice',
  'oldMonthlyFee',
  'oldPlanPrice',
  'oldPrice',
  'oldPlan',
  'old',
  'oldAmount',
  'oldFee',
  'current',
  'currentPrice',
  'fromPrice',
  'fromPlan',
  'previous',
  'previousPrice',
]
const newNames = [
  'newMonthly',
  'newMonthlyPrice',
  'newMonthlyFee',
  'newPlanPrice',
  'newPrice',
  'newPlan',
  'new',
  'newAmount',
  'newFee',
  'next',
  'nextPrice',
  'toPrice',
  'toPlan',
  'target',
  'targetPrice',
]
const changeNames = [
  'changeDate',
  'changeAt',
  'changedAt',
  'switchDate',
  'upgradeDate',
  'downgradeDate',
  'effectiveDate',
  'at',
]

/** What proration of a fee comes to, in all the ways its source may mean; none where the case does not say enough. */
export function mapProration(fields: CaseFields, currency: string): readonly BillFigures[] {
  const [before, after] = [optionalMoney(fields, oldNames), optionalMoney(fields, newNames)]
  if (before !== null && after !== null) return planChange(fields, exactOf(before), exactOf(after))
  const counts = changedQuantity(fields)
  if (counts !== null) return planChange(fields, ...counts)
  if (optionalText(fields, ['targetDate']) !== null) return billedCycles(fields)
  const share = activeShare(fields)
  if (share === null) return []
  return [proratedFee(fields, share, currency)]
}

/** What a fee for each of something came to before its number changed, and what it comes to after. */
function changedQuantity(fields: CaseFields): readonly [before: Exact, after: Exact] | null {
  const before = optionalNumber(fields, ['oldQuantity', 'oldSeats', 'quantityBefore', 'seatsBefore', 'fromQuantity'])
  const after = optionalNumber(fields, ['newQuantity', 'newSeats', 'quantityAfter', 'seatsAfter', 'toQuantity'])
  const each = optionalMoney(fields, ['unitPrice', 'pricePerSeat', 'perSeat', ...amountNames])
  if (before === null || after === null || each === null) return null
  return [times(exactOf(each), exactOf(before)), times(exactOf(each), exactOf(after))]
}

function proratedFee(fields: CaseFields, share: CaseShare, currency: string): BillFigures {
  const amount = optionalMoney(fields, amountNames)
  const quantity = optionalNumber(fields, ['quantity', 'seats', 'units'])
  const coefficient = dividedBy(share.part, share.whole)
  const shares = named([
    [['coefficient', 'ratio', 'factor', 'share', 'proration', 'prorationfactor', 'prorationcoefficient'], coefficient],
    [['activedays', 'days', 'prorateddays', 'billeddays'], share.part],
    [['perioddays', 'totaldays'], share.whole],
  ])
  if (amount === null) return { numbers: shares, lists: new Map() }
  const whole = quantity === null ? exactOf(amount) : times(exactOf(amount), exactOf(quantity))
  const exact = shareOf(whole, share)
  const left = shareOf(whole, remainderOf(share))
  const money = named([
    [
      ['total', 'prorated', 'proratedamount', 'proratedprice', 'proratedfee', 'net', 'totalexcltax', 'exactunrounded'],
      exact,
    ],
    [['credit', 'unused', 'refund', 'remaining'], left],
  ])
  return { numbers: new Map([...shares, ...money, ...taxed(fields, exact, currency)]), lists: new Map() }
}

/** Tax of a fee as invoices have it: the line rounded to the smallest coin, and the tax of that. */
function taxed(fields: CaseFields, exact: Exact, currency: string): ReadonlyMap<string, Exact> {
  const percent = optionalNumber(fields, ['taxPct', 'taxPercent', 'taxRate', 'tax', 'vat', 'vatPct'])
  if (percent === null) return new Map()
  const minorDigits = minorDigitsOf(currency) ?? 2
  const micros = divideRounded(exact.numerator * 1_000_000n, exact.denominator, 'half-away')
  const { roundedMicros } = roundToMinorUnit(micros, minorDigits, 'half-away')
  const tax = taxOfAmount(roundedMicros, textOf(percent), { inclusive: false, minorDigits })
  const money = (amount: bigint): Exact => ({ numerator: amount, denominator: 1_000_000n })
  return named([
    [['totalexcltax', 'net', 'subtotal'], money(roundedMicros)],
    [['tax', 'taxamount', 'taxes', 'vat'], money(tax)],
    [['total', 'totalincltax', 'gross', 'totalwithtax', 'invoicetotal'], money(roundedMicros + tax)],
  ])
}

/**
 * The rest of the old plan is taken back, the rest of the new one is charged: by days, the day of the change with the new
 * one, or by seconds.
 */
function planChange(fields: CaseFields, before: Exact, after: Exact): readonly BillFigures[] {
  return (['day', 'second'] as const).flatMap((counting) => {
    const left = changedShare(fields, counting)
    return left === null ? [] : changedFigures(before, after, left)
  })
}

function changedFigures(before: Exact, after: Exact, left: CaseShare): readonly BillFigures[] {
  const [credit, charge] = [shareOf(before, left), shareOf(after, left)]
  const used = shareOf(before, remainderOf(left))
  const net = minus(charge, credit)
  const figures = (creditAs: Exact): BillFigures => ({
    numbers: named([
      [['credit', 'oldcredit', 'unusedcredit', 'refund', 'creditamount'], creditAs],
      [['charge', 'newcharge', 'remainingcharge', 'debit', 'chargeamount', 'proratedcharge', 'price'], charge],
      [['net', 'difference', 'due', 'netamount', 'prorationtotal', 'proration', 'invoicetotal', 'total'], net],
      [['used', 'oldcharge', 'oldprorated', 'usedamount'], used],
      [['newprorated', 'newused'], charge],
      [['coefficient', 'ratio', 'factor'], dividedBy(left.part, left.whole)],
      [['remainingdays', 'daysremaining', 'daysleft'], left.part],
    ]),
    lists: new Map(),
  })
  const whole = figures(minus(nothing, credit))
  const all = plus(used, charge)
  return [
    whole,
    figures(credit),
    { ...whole, numbers: new Map([...whole.numbers, ...named([[['total', 'invoicetotal', 'due'], all]])]) },
  ]
}

/** What is left of the period when the plan changes. */
function changedShare(fields: CaseFields, counting: 'day' | 'second'): CaseShare | null {
  const changeMs = optionalTime(fields, changeNames)
  if (changeMs === null) return activeShare(fields)
  const period = periodOfCase(fields, changeMs)
  return countedShare(changeMs, period.endMs, period, counting)
}

/**
 * How many billing cycles are billed by a date: the part of the first one that is in force, and the whole ones that have
 * begun by then (in advance) or ended (in arrears).
 */
function billedCycles(fields: CaseFields): readonly BillFigures[] {
  const startMs = optionalTime(fields, ['start', 'startDate', 'from'])
  const endMs = optionalTime(fields, ['end', 'endDate', 'to']) ?? Infinity
  const targetMs = optionalTime(fields, ['targetDate'])
  const interval = optionalText(fields, ['interval', 'billingPeriod'])
  if (startMs === null || targetMs === null || (interval !== null && !/^month/i.test(interval))) return []
  const inAdvance = !/arrear/i.test(optionalText(fields, ['mode', 'billingMode', 'billing']) ?? '')
  const cycle = cycleOfCase(fields)
  let cycles = nothing
  let period = periodAt(cycle, startMs)
  const isDue = (): boolean =>
    period.startMs < endMs &&
    (inAdvance ? Math.max(startMs, period.startMs) <= targetMs : Math.min(endMs, period.endMs) <= targetMs)
  for (; isDue() && period.startMs - startMs < longestWalkMs; period = periodAfter(cycle, period)) {
    const { part, whole } = countedShare(startMs, endMs, period)
    cycles = plus(cycles, dividedBy(part, whole))
  }
  return [
    {
      numbers: named([
        [['billingcycles', 'cycles', 'numberofcycles', 'numberofbillingcycles', 'billedcycles'], cycles],
      ]),
      lists: new Map(),
    },
  ]
}

const longestWalkMs = 100 * 366 * dayMs

function times(left: Exact, right: Exact): Exact {
  return { numerator: left.numerator * right.numerator, denominator: left.denominator * right.denominator }
}
