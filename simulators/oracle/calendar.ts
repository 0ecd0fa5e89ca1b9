/** Milliseconds of a day in UTC, which has no leap seconds here as in all of the system. */
export const dayMs = 86_400_000

/** Days from 1970-01-01 to the first of a month (1 to 12), counted through the months in between. */
function daysToMonth(year: number, month: number): number {
  let days = 0
  for (let each = 1970; each < year; each++) days += isLeap(each) ? 366 : 365
  for (let each = 1; each < month; each++) days += daysIn(year, each)
  return days
}

function daysIn(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

function isLeap(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
}

/** Epoch milliseconds at which a day begins in UTC. Months count from 1; a thirteenth is the next year's first. */
export function startOfDay(year: number, month: number, day: number): number {
  const years = Math.floor((month - 1) / 12)
  return (daysToMonth(year + years, month - 12 * years) + day - 1) * dayMs
}

/** The same for a text such as `2026-01-31`. */
export function startOfDayText(text: string): number {
  const [year, month, day] = text.split('-').map(Number)
  if (year === undefined || month === undefined || day === undefined) throw new Error(`${text} is no day`)
  return startOfDay(year, month, day)
}

/** Epoch milliseconds of a day, or of an instant such as `2026-01-31T22:00:00Z`. */
export function instantOf(text: string): number {
  const [day = '', time = '00:00:00'] = text.replace('Z', '').split('T')
  const [hours, minutes, seconds] = time.split(':').map(Number)
  if (hours === undefined || minutes === undefined || seconds === undefined) throw new Error(`${text} is no instant`)
  return startOfDayText(day) + ((hours * 60 + minutes) * 60 + seconds) * 1000
}

/** The billing period of an instant: the month in UTC, `YYYY-MM`. */
export function periodOf(timeMs: number): string {
  let year = 1970
  while (startOfDay(year + 1, 1, 1) <= timeMs) year++
  let month = 1
  while (month < 12 && startOfDay(year, month + 1, 1) <= timeMs) month++
  return `${String(year)}-${String(month).padStart(2, '0')}`
}

/** When a billing period such as `2026-05` begins, and when it is over. */
export function periodBounds(period: string): { readonly startMs: number; readonly endMs: number } {
  const [year = 0, month = 0] = period.split('-').map(Number)
  return { startMs: startOfDay(year, month, 1), endMs: startOfDay(year, month + 1, 1) }
}
