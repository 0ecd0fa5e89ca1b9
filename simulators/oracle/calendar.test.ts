import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dayMs, periodOf, startOfDay, startOfDayText } from './calendar.ts'

test('days are where the calendar of the runtime has them', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1970, max: 2100 }),
      fc.integer({ min: 1, max: 13 }),
      fc.integer({ min: 1, max: 28 }),
      (year, month, day) => {
        expect(startOfDay(year, month, day)).toBe(Date.UTC(year, month - 1, day))
      },
    ),
  )
})

test('periods are calendar months in UTC', () => {
  expect(periodOf(startOfDayText('2027-01-01') - 1)).toBe('2026-12')
  expect(periodOf(startOfDayText('2027-01-01'))).toBe('2027-01')
  expect(periodOf(startOfDayText('2028-02-29') + dayMs - 1)).toBe('2028-02')
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }), (timeMs) => {
      expect(periodOf(timeMs)).toBe(new Date(timeMs).toISOString().slice(0, 7))
    }),
  )
})
