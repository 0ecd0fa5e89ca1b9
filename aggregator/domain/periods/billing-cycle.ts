import { assertThat, failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { ZoneOffset } from '@meterline/shared/rating/zone-time.ts'
import { minuteMs, offsetAt, offsetIndexAt } from '@meterline/shared/rating/zone-time.ts'
import { civilFromDays, dayMs, daysFromCivil, daysInMonth } from '@meterline/shared/units/civil.ts'
import { monthPeriodOf, parsePeriodKey, type Period } from '@meterline/shared/units/period.ts'

/**
 * When the billing periods of an account begin: on a day of every month, at midnight of a zone. In months without that day
 * they begin on the last one, so that a cycle of the 31st begins on 28 February.
 */
export interface BillingCycle {
  /** Id of the tenant file; empty for calendar months in UTC, which everybody has who names no other. */
  readonly id: string
  /** 1 to 31. */
  readonly day: number
  /** Null: UTC. */
  readonly offsets: readonly ZoneOffset[] | null
}

/** Calendar months in UTC. */
export const calendarMonths: BillingCycle = { id: '', day: 1, offsets: null }

/** Stands between the month and the cycle in a period's key; in no id of a tenant file. */
const separator = '~'

/** The period of a cycle that an instant (epoch milliseconds, 1970 to 9999) lies in. Half open. */
export function periodAt(cycle: BillingCycle, timeMs: number): Period {
  if (isCalendar(cycle)) return monthPeriodOf(timeMs)
  const localMs = timeMs + (cycle.offsets === null ? 0 : localOffsetMs(cycle.offsets, timeMs))
  const { year, month } = civilFromDays(Math.floor(localMs / dayMs))
  const begun = monthsOn(year, month, 0)
  const period = periodBeginning(cycle, begun.year, begun.month)
  if (timeMs >= period.startMs && timeMs < period.endMs) return period
  const by = timeMs < period.startMs ? -1 : 1
  const other = monthsOn(year, month, by)
  return periodBeginning(cycle, other.year, other.month)
}

/** The period after one of the same cycle. */
export function periodAfter(cycle: BillingCycle, period: Period): Period {
  return periodAt(cycle, period.endMs)
}

/** The period before one of the same cycle. */
export function periodBefore(cycle: BillingCycle, period: Period): Period {
  return periodAt(cycle, period.startMs - 1)
}

/** The key of a cycle's period: `2026-11` for calendar months, `2026-11~mid` for others, by the month it begins in. */
export function periodKeyOf(cycle: BillingCycle, month: string): string {
  return cycle.id === '' ? month : month + separator + cycle.id
}

/** A key's two parts: the month it begins in, and the id of the cycle (empty for calendar months). */
export function periodKeyParts(key: string): { readonly month: string; readonly cycle: string } {
  const at = key.indexOf(separator)
  return at === -1 ? { month: key, cycle: '' } : { month: key.slice(0, at), cycle: key.slice(at + 1) }
}

/** The period that a key names; `cycles` by id, without that of calendar months. */
export function periodOfKey(
  cycles: ReadonlyMap<string, BillingCycle>,
  key: string,
): Result<Period, Fault<'period_invalid' | 'cycle_unknown'>> {
  const { month, cycle: id } = periodKeyParts(key)
  const calendar = parsePeriodKey(id === '' ? key : month)
  if (!calendar.ok || id === '') return calendar
  const cycle = cycles.get(id)
  if (cycle === undefined) {
    const known = [...cycles.keys()].join(', ')
    return failed(fault('cycle_unknown', `${key} names no cycle of the tenant file; known: ${known || 'none'}.`))
  }
  const { year, month: number } = civilFromDays(Math.floor(calendar.value.startMs / dayMs))
  return ok(periodBeginning(cycle, year, number))
}

function isCalendar({ day, offsets, id }: BillingCycle): boolean {
  return id === '' && day === 1 && offsets === null
}

function periodBeginning(cycle: BillingCycle, year: number, month: number): Period {
  const next = monthsOn(year, month, 1)
  const monthText = `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}`
  return {
    key: periodKeyOf(cycle, monthText),
    startMs: beginningMs(cycle, year, month),
    endMs: beginningMs(cycle, next.year, next.month),
  }
}

/** The instant of local midnight on the cycle's day of a month. */
function beginningMs({ day, offsets }: BillingCycle, year: number, month: number): number {
  const localMs = daysFromCivil(year, month, Math.min(day, daysInMonth(year, month))) * dayMs
  return offsets === null ? localMs : instantOfLocal(offsets, localMs)
}

/**
 * The first instant at which clocks show a local time or a later one: where they are put forward over midnight, the day
 * begins when they are; where midnight comes twice, it begins with the first.
 */
function instantOfLocal(offsets: readonly ZoneOffset[], localMs: number): number {
  // No place is as far as two days from UTC, so no offset that was over by then can be meant.
  for (let index = offsetIndexAt(offsets, localMs - 2 * dayMs); index < offsets.length; index++) {
    const { offsetMinutes, fromMs } = offsetAt(offsets, index)
    const untilMs = offsets[index + 1]?.fromMs ?? Infinity
    const instantMs = Math.max(localMs - offsetMinutes * minuteMs, index === 0 ? -Infinity : fromMs)
    if (instantMs < untilMs) return instantMs
  }
  assertThat(false, 'a zone has an offset for all time')
}

function localOffsetMs(offsets: readonly ZoneOffset[], timeMs: number): number {
  return offsetAt(offsets, offsetIndexAt(offsets, timeMs)).offsetMinutes * minuteMs
}

function monthsOn(year: number, month: number, by: number): { readonly year: number; readonly month: number } {
  const months = year * 12 + (month - 1) + by
  return { year: Math.floor(months / 12), month: (months % 12) + 1 }
}
