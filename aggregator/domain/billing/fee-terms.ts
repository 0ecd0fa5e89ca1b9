import { assertThat } from '@meterline/shared/base/errors.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { FeeTerms } from '../catalogue/fee.ts'
import type { DueFee, FeeDue, FeePart } from './fees-due.ts'
import { writtenMoney } from './written-amounts.ts'

/** What a fee counts: the unit of its line. */
export function feeUnit({ each }: FeeTerms): string {
  return typeof each === 'string' ? each : each.quantity
}

/** What a fee says, in words for people: `4.00 EUR per seats, in advance for 2026-12`, and `by day` where it is prorated. */
export function feeTerms({ fee, due, period }: DueFee): string {
  const { amount, prorate } = fee.terms
  const prorated = prorate === 'none' ? '' : `, by ${prorate}`
  return `${writtenMoney(amount)} ${fee.currency} per ${feeUnit(fee.terms)}, ${dueWords(due, period.key)}${prorated}`
}

/**
 * What one part of a fee is for, in words for people: `15 of 30 days, from 2026-11-01 to 2026-11-16`; instants that are not
 * midnight in UTC with their time. Of a fee that is not prorated, or is there for all of the period, the words of the fee.
 */
export function feePartTerms(due: DueFee, { fromMs, toMs, units }: FeePart): string {
  const { prorate } = due.fee.terms
  if (prorate === 'none' || units === due.wholeUnits) return feeTerms(due)
  return `${units} of ${due.wholeUnits} ${prorate}s, from ${dateWords(fromMs)} to ${dateWords(toMs)}`
}

function dateWords(timeMs: number): string {
  const text = formatInstant(timeMs)
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text.replace('.000Z', 'Z')
}

function dueWords(due: FeeDue, period: string): string {
  switch (due) {
    case 'once':
      return 'once'
    case 'in-advance':
      return `in advance for ${period}`
    case 'in-arrears':
      return `for ${period}`
    default:
      assertThat(false, `a fee is due in an unknown way: ${String(due satisfies never)}`)
  }
}
