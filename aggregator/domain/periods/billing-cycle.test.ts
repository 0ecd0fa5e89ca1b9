import { describe, expect, test } from 'vitest'
import {
  calendarMonths,
  periodAfter,
  periodAt,
  periodBefore,
  periodKeyOf,
  periodKeyParts,
  periodOfKey,
  type BillingCycle,
} from './billing-cycle.ts'

const onDay = (day: number): BillingCycle => ({ id: `day-${day}`, day, offsets: null })

/** Central European time of 2026: one hour ahead, two from 29 March 01:00 UTC to 25 October 01:00 UTC. */
const berlin: BillingCycle = {
  id: 'mid',
  day: 15,
  offsets: [
    { fromMs: Date.UTC(2025, 0), offsetMinutes: 60 },
    { fromMs: Date.UTC(2026, 2, 29, 1), offsetMinutes: 120 },
    { fromMs: Date.UTC(2026, 9, 25, 1), offsetMinutes: 60 },
  ],
}

test.each<readonly [what: string, cycle: BillingCycle, instant: string, key: string, start: string, end: string]>([
  ['calendar months', calendarMonths, '2026-11-15T12:00Z', '2026-11', '2026-11-01T00:00Z', '2026-12-01T00:00Z'],
  ['the 15th', onDay(15), '2026-11-15T00:00Z', '2026-11~day-15', '2026-11-15T00:00Z', '2026-12-15T00:00Z'],
  ['the day before', onDay(15), '2026-11-14T23:59Z', '2026-10~day-15', '2026-10-15T00:00Z', '2026-11-15T00:00Z'],
  ['the 31st in February', onDay(31), '2026-03-01T00:00Z', '2026-02~day-31', '2026-02-28T00:00Z', '2026-03-31T00:00Z'],
  [
    'the 30th in a leap year',
    onDay(30),
    '2024-02-29T00:00Z',
    '2024-02~day-30',
    '2024-02-29T00:00Z',
    '2024-03-30T00:00Z',
  ],
  ['the turn of a year', onDay(31), '2027-01-01T00:00Z', '2026-12~day-31', '2026-12-31T00:00Z', '2027-01-31T00:00Z'],
  ['a zone in winter', berlin, '2026-11-14T23:00Z', '2026-11~mid', '2026-11-14T23:00Z', '2026-12-14T23:00Z'],
  ['a zone a millisecond before', berlin, '2026-11-14T22:59Z', '2026-10~mid', '2026-10-14T22:00Z', '2026-11-14T23:00Z'],
  ['a zone in summer', berlin, '2026-07-14T22:00Z', '2026-07~mid', '2026-07-14T22:00Z', '2026-08-14T22:00Z'],
])('a period of %s', (_what, cycle, instant, key, start, end) => {
  const period = { key, startMs: Date.parse(start), endMs: Date.parse(end) }
  expect(periodAt(cycle, Date.parse(instant))).toEqual(period)
  expect(periodOfKey(new Map([[cycle.id, cycle]]), key)).toEqual({ ok: true, value: period })
  expect(periodBefore(cycle, periodAfter(cycle, period))).toEqual(period)
  expect(periodAfter(cycle, periodBefore(cycle, period))).toEqual(period)
})

describe('where the clocks change at midnight', () => {
  const zone = (offsets: BillingCycle['offsets']): BillingCycle => ({ id: 'z', day: 1, offsets })

  test('a day that has no midnight begins when the clocks are put forward', () => {
    // From 00:00 to 01:00 on 1 November, as Brazil did until 2018 on other days.
    const forwardMs = Date.UTC(2026, 10, 1, 3)
    const cycle = zone([
      { fromMs: 0, offsetMinutes: -180 },
      { fromMs: forwardMs, offsetMinutes: -120 },
    ])
    expect(periodAt(cycle, forwardMs)).toMatchObject({ key: '2026-11~z', startMs: forwardMs })
    expect(periodAt(cycle, forwardMs - 1)).toMatchObject({ key: '2026-10~z', endMs: forwardMs })
  })

  test('a day with two midnights begins with the first', () => {
    // From 01:00 back to 00:00 on 1 November, as Cuba did in 2026.
    const backMs = Date.UTC(2026, 10, 1, 5)
    const cycle = zone([
      { fromMs: 0, offsetMinutes: -240 },
      { fromMs: backMs, offsetMinutes: -300 },
    ])
    const startMs = backMs - 3_600_000
    expect(periodAt(cycle, startMs)).toMatchObject({ key: '2026-11~z', startMs })
    expect(periodAt(cycle, backMs + 1)).toMatchObject({ key: '2026-11~z', startMs })
    expect(periodAt(cycle, startMs - 1)).toMatchObject({ key: '2026-10~z', endMs: startMs })
  })

  test('a day whose eve comes twice begins after the second', () => {
    // From 00:00 on 1 November back to 23:00 on 31 October.
    const backMs = Date.UTC(2026, 10, 1, 2)
    const cycle = zone([
      { fromMs: 0, offsetMinutes: -120 },
      { fromMs: backMs, offsetMinutes: -180 },
    ])
    expect(periodAt(cycle, backMs)).toMatchObject({ key: '2026-10~z', endMs: backMs + 3_600_000 })
  })
})

describe('keys', () => {
  test('have a month and a cycle, but for calendar months', () => {
    expect(periodKeyOf(calendarMonths, '2026-11')).toBe('2026-11')
    expect(periodKeyOf(berlin, '2026-11')).toBe('2026-11~mid')
    expect(periodKeyParts('2026-11~mid')).toEqual({ month: '2026-11', cycle: 'mid' })
    expect(periodKeyParts('2026-11')).toEqual({ month: '2026-11', cycle: '' })
  })

  test.each<readonly [key: string, code: string, message: RegExp]>([
    ['2026-13~mid', 'period_invalid', /is no period/],
    ['', 'period_invalid', /is no period/],
    ['2026-11~', 'period_invalid', /write year and month/],
    ['2026-11~other', 'cycle_unknown', /known: mid/],
  ])('%s names no period', (key, code, message) => {
    const found = periodOfKey(new Map([['mid', berlin]]), key)
    expect(found).toMatchObject({ ok: false, fault: { code } })
    expect(found.ok ? '' : found.fault.message).toMatch(message)
  })
})
