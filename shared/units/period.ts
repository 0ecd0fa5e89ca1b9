import { assertThat, failed, fault, ok, type Fault, type Result } from '../base/errors.ts'
import { civilFromDays, dayMs, daysFromCivil, latestInstantMs } from './civil.ts'

/** A billing period: one calendar month in UTC. Contains `startMs`, not `endMs` (both epoch milliseconds). */
export interface Period {
  /** Year and month, such as `2026-11`; sorts by time. */
  readonly key: string
  readonly startMs: number
  readonly endMs: number
}

/**
 * The month an instant (epoch milliseconds, 1970 to 9999) lies in. Callers with many instants keep the period and ask
 * again only when one lies outside.
 */
export function monthPeriodOf(timeMs: number): Period {
  assertThat(timeMs >= 0 && timeMs <= latestInstantMs, `${timeMs} is no instant from 1970 to 9999`)
  const { year, month } = civilFromDays(Math.floor(timeMs / dayMs))
  return monthPeriod(year, month)
}

/** Reads a period's key, such as `2026-11`. */
export function parsePeriodKey(key: string): Result<Period, Fault<'period_invalid'>> {
  const match = /^([0-9]{4})-(0[1-9]|1[0-2])$/.exec(key)
  const year = Number(match?.[1])
  if (match === null || year < 1970) {
    const shown = JSON.stringify(key.length > 20 ? `${key.slice(0, 20)}…` : key)
    return failed(fault('period_invalid', `${shown} is no period: write year and month from 1970 on, such as 2026-11`))
  }
  return ok(monthPeriod(year, Number(match[2])))
}

function monthPeriod(year: number, month: number): Period {
  const nextYear = month === 12 ? year + 1 : year
  const nextMonth = month === 12 ? 1 : month + 1
  return {
    key: `${String(year).padStart(4, '0')}-${String(month).padStart(2, '0')}`,
    startMs: daysFromCivil(year, month, 1) * dayMs,
    endMs: daysFromCivil(nextYear, nextMonth, 1) * dayMs,
  }
}
