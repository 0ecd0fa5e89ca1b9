import type { Period } from '@meterline/shared/units/period.ts'
import { dayMs } from '@meterline/shared/units/civil.ts'
import { countedSpans } from '../../domain/contract/proration.ts'
import { calendarMonths, periodAt, type BillingCycle } from '../../domain/periods/billing-cycle.ts'
import { optionalTime, optionalTimes } from './bill-fields.ts'
import { optionalNumber, type CaseFields } from './case-fields.ts'
import { exactOf, isZero, nothing, type Exact } from './exact.ts'

/** Which part of a period something holds. */
export interface CaseShare {
  /** Above zero and, but for mistakes, at most `whole`. */
  readonly part: Exact
  /** Above zero. */
  readonly whole: Exact
}

const partNames = [
  'activeDays',
  'daysActive',
  'proratedDays',
  'billedDays',
  'daysInForce',
  'remainingDays',
  'daysRemaining',
  'daysLeft',
  'unusedDays',
]
const usedNames = ['usedDays', 'daysUsed', 'consumedDays', 'elapsedDays', 'days']
const wholeNames = ['periodDays', 'daysInPeriod', 'totalDays', 'daysInMonth', 'monthDays', 'cycleDays', 'fullDays']
const fromNames = [
  'from',
  'start',
  'startDate',
  'startsAt',
  'startedAt',
  'activationDate',
  'subscriptionStart',
  'begin',
]
const toNames = [
  'to',
  'end',
  'endDate',
  'endsAt',
  'terminatedAt',
  'terminationDate',
  'until',
  'cancelDate',
  'cancelledAt',
  'canceledAt',
  'cancellationDate',
]
const inclusiveNames = ['toInclusive', 'endInclusive', 'through', 'lastDay']
const periodNames = ['period', 'billingPeriod', 'servicePeriod']

/** The part of a period for which a case says something holds; null where it says nothing of the kind. */
export function activeShare(fields: CaseFields): CaseShare | null {
  return (
    countedDays(fields, [...partNames, ...usedNames]) ??
    statedRatio(fields) ??
    pausedShare(fields) ??
    datedShare(fields)
  )
}

/** The part of a period that was used up, where a case is about what is left of it. */
export function usedShare(fields: CaseFields): CaseShare | null {
  const left = countedDays(fields, partNames)
  if (left !== null) return remainderOf(left)
  return countedDays(fields, usedNames)
}

/** What a share leaves of its period. */
export function remainderOf({ part, whole }: CaseShare): CaseShare {
  const numerator = whole.numerator * part.denominator - part.numerator * whole.denominator
  return { part: { numerator, denominator: whole.denominator * part.denominator }, whole }
}

/** A part of an amount, exact. */
export function shareOf(amount: Exact, { part, whole }: CaseShare): Exact {
  return {
    numerator: amount.numerator * part.numerator * whole.denominator,
    denominator: amount.denominator * part.denominator * whole.numerator,
  }
}

/** The period a case is about: as it states it, or the calendar month an instant lies in. Half open. */
export function periodOfCase(fields: CaseFields, timeMs: number): Period {
  const stated = optionalTimes(fields, periodNames)
  const startMs = stated?.[0] ?? optionalTime(fields, ['periodStart', 'cycleStart', 'billingPeriodStart'])
  const endMs = stated?.[1] ?? optionalTime(fields, ['periodEnd', 'cycleEnd', 'billingPeriodEnd'])
  if (startMs !== null && endMs !== null && startMs < endMs) return { key: '', startMs, endMs }
  return periodAt(cycleOfCase(fields), timeMs)
}

/** The cycle whose day of the month a case states, or calendar months. */
export function cycleOfCase(fields: CaseFields): BillingCycle {
  const day = optionalNumber(fields, ['billCycleDay', 'bcd', 'anchorDay', 'billingDay', 'cycleDay'])
  const number = day === null || day.scale > 0 ? 0 : Number(day.coefficient)
  return number >= 1 && number <= 31 ? { id: 'case', day: number, offsets: null } : calendarMonths
}

/** The days (or seconds) of a span of a period and of all of it, as fees are prorated. */
export function countedShare(
  fromMs: number,
  toMs: number,
  period: Period,
  proration: 'day' | 'second' = 'day',
): CaseShare {
  const { counts, whole } = countedSpans([{ fromMs, toMs }], period, calendarMonths, proration)
  return { part: wholeNumber(counts[0] ?? 0), whole: wholeNumber(whole) }
}

function countedDays(fields: CaseFields, names: readonly string[]): CaseShare | null {
  const part = optionalNumber(fields, names)
  const whole = optionalNumber(fields, wholeNames)
  if (part === null || whole === null) return null
  return isZero(exactOf(whole)) ? null : { part: exactOf(part), whole: exactOf(whole) }
}

/** What a pause leaves of its period. */
function pausedShare(fields: CaseFields): CaseShare | null {
  const days = countedDays(fields, ['pausedDays', 'daysPaused', 'suspendedDays'])
  if (days !== null) return remainderOf(days)
  const fromMs = optionalTime(fields, ['pauseFrom', 'pausedAt', 'pauseStart', 'suspendedAt', 'pauseDate'])
  if (fromMs === null) return null
  const toMs = optionalTime(fields, ['pauseTo', 'resumedAt', 'resumeAt', 'pauseEnd', 'resumeDate']) ?? Infinity
  return remainderOf(countedShare(fromMs, toMs, periodOfCase(fields, fromMs)))
}

function statedRatio(fields: CaseFields): CaseShare | null {
  const ratio = optionalNumber(fields, ['coefficient', 'prorationFactor', 'prorationRatio', 'periodRatio', 'ratio'])
  return ratio === null ? null : { part: exactOf(ratio), whole: wholeNumber(1) }
}

/** From one date to another: in the period the case states, or in as many days as it says the period has. */
function datedShare(fields: CaseFields): CaseShare | null {
  const fromMs = optionalTime(fields, fromNames)
  const untilMs = optionalTime(fields, toNames)
  const lastMs = optionalTime(fields, inclusiveNames)
  const toMs = lastMs === null ? untilMs : lastMs + dayMs
  const anyMs = fromMs ?? (toMs === null ? null : toMs - 1)
  if (anyMs === null) return null
  const period = periodOfCase(fields, anyMs)
  const share = countedShare(fromMs ?? period.startMs, toMs ?? period.endMs, period)
  const stated = optionalNumber(fields, wholeNames)
  return stated === null || isZero(exactOf(stated)) ? share : { ...share, whole: exactOf(stated) }
}

function wholeNumber(count: number): Exact {
  return count === 0 ? nothing : { numerator: BigInt(count), denominator: 1n }
}
