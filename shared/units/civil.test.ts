import { expect, test } from 'vitest'
import { civilFromDays, dayMs, daysFromCivil, daysInMonth } from './civil.ts'

test('days and dates agree with the runtime’s calendar over eight thousand years', () => {
  const lastDay = Date.UTC(9999, 11, 31) / dayMs
  // The step is a prime, so that it meets every day of the 400-year cycle sooner or later; the centuries' ends are added.
  const days = Array.from({ length: Math.floor(lastDay / 97) }, (_, index) => index * 97)
  for (let year = 1970; year < 9999; year++)
    days.push(Date.UTC(year, 1, 28) / dayMs + 1, Date.UTC(year, 11, 31) / dayMs)
  for (const day of days) {
    const date = new Date(day * dayMs)
    const expected = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() }
    expect(civilFromDays(day)).toEqual(expected)
    expect(daysFromCivil(expected.year, expected.month, expected.day)).toBe(day)
  }
})

test.each([1970, 1972, 2000, 2023, 2024, 2100, 2400])('months of %i have as many days as the calendar says', (year) => {
  for (let month = 1; month <= 12; month++) {
    expect(daysInMonth(year, month)).toBe(new Date(Date.UTC(year, month, 0)).getUTCDate())
  }
})
