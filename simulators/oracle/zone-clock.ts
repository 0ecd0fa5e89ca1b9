import type { PlannedTimeOfUse } from './planned-price.ts'

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const clocks = new Map<string, Intl.DateTimeFormat>()
const minuteMs = 60_000
/** What clocks said at minutes that were asked for: calls of one world fall into the same few days, over and over. */
const said = new Map<string, WallClock>()
const mostSaid = 200_000

interface WallClock {
  readonly day: string
  readonly time: string
}

/** The first window of a price that an instant lies in; -1 when none does. */
export function windowAt({ zone, windows }: PlannedTimeOfUse, atMs: number): number {
  const { day, time } = wallClock(zone, atMs)
  return windows.findIndex(({ at }) =>
    at.some((hours) => hours.days.includes(day) && hours.from <= time && (time < hours.to || hours.to === '24:00')),
  )
}

/** What a clock on the wall of that zone says, asked of the runtime's own time-zone data: `mon` and `08:30`. */
export function wallClock(zone: string, atMs: number): WallClock {
  const minute = `${zone} ${Math.floor(atMs / minuteMs)}`
  const known = said.get(minute) ?? askedClock(zone, atMs)
  if (said.size >= mostSaid) said.clear()
  said.set(minute, known)
  return known
}

function askedClock(zone: string, atMs: number): WallClock {
  const clock =
    clocks.get(zone) ??
    new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
  clocks.set(zone, clock)
  const parts = new Map(clock.formatToParts(atMs).map(({ type, value }) => [type, value]))
  const day = (parts.get('weekday') ?? '').toLowerCase()
  if (!days.includes(day)) throw new Error(`${zone} has no day of the week at ${atMs}`)
  return { day, time: `${parts.get('hour') ?? ''}:${parts.get('minute') ?? ''}` }
}

const calendars = new Map<string, Intl.DateTimeFormat>()

/** The day that a calendar on the wall of that zone shows, `2026-11-16`. */
export function wallDay(zone: string, atMs: number): string {
  const calendar =
    calendars.get(zone) ??
    new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' })
  calendars.set(zone, calendar)
  return calendar.format(atMs)
}
