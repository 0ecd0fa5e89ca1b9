import type { PlannedTimeOfUse } from './planned-price.ts'

const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const clocks = new Map<string, Intl.DateTimeFormat>()

/** The first window of a price that an instant lies in; -1 when none does. */
export function windowAt({ zone, windows }: PlannedTimeOfUse, atMs: number): number {
  const { day, time } = wallClock(zone, atMs)
  return windows.findIndex(({ at }) =>
    at.some((hours) => hours.days.includes(day) && hours.from <= time && (time < hours.to || hours.to === '24:00')),
  )
}

/** What a clock on the wall of that zone says, asked of the runtime's own time-zone data: `mon` and `08:30`. */
export function wallClock(zone: string, atMs: number): { readonly day: string; readonly time: string } {
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
