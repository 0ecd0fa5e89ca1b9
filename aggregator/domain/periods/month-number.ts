import { assertThat } from '@meterline/shared/base/errors.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import { periodKeyOf, periodKeyParts, periodOfKey, type BillingCycle } from './billing-cycle.ts'

/**
 * The month that the period of a key begins in, counted from the year 0 on. Every month begins exactly one period of a
 * cycle, so the numbers of a period and the one after it differ by one.
 */
export function monthNumber(periodKey: string): number {
  const [year, month] = periodKeyParts(periodKey).month.split('-')
  return Number(year) * 12 + Number(month) - 1
}

/** The period of a cycle that begins in a month, by the month's number. */
export function periodOfMonth(cycle: BillingCycle, number: number): Period {
  const year = String(Math.floor(number / 12)).padStart(4, '0')
  const month = String((number % 12) + 1).padStart(2, '0')
  const period = periodOfKey(new Map([[cycle.id, cycle]]), periodKeyOf(cycle, `${year}-${month}`))
  assertThat(period.ok, `${year}-${month} begins a period of every cycle`)
  return period.value
}
