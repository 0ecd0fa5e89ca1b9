import { assertThat } from '@meterline/shared/base/errors.ts'
import type { FeeTerms } from '../catalogue/fee.ts'
import type { DueFee, FeeDue } from './fees-due.ts'
import { writtenMoney } from './written-amounts.ts'

/** What a fee counts: the unit of its line. */
export function feeUnit({ each }: FeeTerms): string {
  return typeof each === 'string' ? each : each.quantity
}

/** What a fee says, in words for people: `4.00 EUR per seats, in advance for 2026-12`. */
export function feeTerms({ fee, due, period }: DueFee): string {
  return `${writtenMoney(fee.terms.amount)} ${fee.currency} per ${feeUnit(fee.terms)}, ${dueWords(due, period.key)}`
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
