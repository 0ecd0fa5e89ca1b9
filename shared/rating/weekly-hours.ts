/** Days as prices write them; their places count from Monday, 0. */
export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

/** A time of day, minutes from midnight, as `08:00`; the end of the day is `24:00`. */
export function clockText(minute: number): string {
  const hours = String(Math.floor(minute / 60)).padStart(2, '0')
  return `${hours}:${String(minute % 60).padStart(2, '0')}`
}

/** Minutes from midnight of a text such as `08:00`, up to `24:00`; null for any other text. */
export function minuteOfClock(text: string): number | null {
  const match = /^([01][0-9]|2[0-4]):([0-5][0-9])$/.exec(text)
  const minute = match === null ? Infinity : Number(match[1]) * 60 + Number(match[2])
  return minute <= 1440 ? minute : null
}

/** The days of a range such as `mon-fri`, over the end of the week too (`sat-mon`), or of one day; null for other texts. */
export function daysOfRange(text: string): readonly number[] | null {
  const [first = '', last = first, ...rest] = text.split('-')
  const from = weekdays.findIndex((day) => day === first)
  const to = weekdays.findIndex((day) => day === last)
  if (from < 0 || to < 0 || rest.length > 0) return null
  const count = ((to - from + 7) % 7) + 1
  return Array.from({ length: count }, (_, index) => (from + index) % 7).sort((left, right) => left - right)
}
