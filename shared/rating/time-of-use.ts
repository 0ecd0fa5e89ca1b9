import { assertThat } from '../base/errors.ts'
import type { PriceModel } from './model.ts'
import type { CompiledRequestThreshold, RequestThresholdPrice } from './request-threshold.ts'
import { minuteMs, offsetAt, offsetIndexAt, weekTimeMs, type ZoneOffset } from './zone-time.ts'

export type { ZoneOffset }

/** Days count from Monday, 0, to Sunday, 6; minutes from midnight, local time; `toMinute` is exclusive, at most 1440. */
export interface WeeklyHours {
  readonly days: readonly number[]
  readonly fromMinute: number
  readonly toMinute: number
}

/** What may stand in a time window. */
export type WindowPrice = PriceModel | RequestThresholdPrice

export interface TimeWindow {
  /** Such as `peak`. */
  readonly name: string
  readonly at: readonly WeeklyHours[]
  readonly price: WindowPrice
}

/** The price depends on when the usage was, by the clocks of a zone. */
export interface TimeOfUsePrice {
  readonly model: 'time-of-use'
  /** Name of the IANA time zone database, such as `Europe/Berlin`. */
  readonly zone: string
  /**
   * The zone's offsets, worked out at the centre; the first holds for all time before as well. Empty in a price that was
   * written and not resolved yet: `withZoneOffsets` puts them in.
   */
  readonly offsets: readonly ZoneOffset[]
  /** The first window that an instant lies in counts. */
  readonly windows: readonly TimeWindow[]
  /** For every other time. */
  readonly otherwise: { readonly name: string; readonly price: WindowPrice }
  /**
   * Which fact of the event says how long it took, in units of `unitMs`; the event's time is when it began. Usage is then
   * split where a window begins or ends, in proportion to time. Only with splittable prices inside.
   */
  readonly duration?: { readonly fact: string; readonly unitMs: number }
}

/** From a place in the week (milliseconds since Monday, 00:00, local time) until the next switch a window holds. */
export interface WeekSwitch {
  readonly weekTimeMs: number
  /** Place among the windows; their number for every other time. */
  readonly window: number
}

export interface CompiledTimeOfUse {
  readonly router: 'time-of-use'
  readonly offsets: readonly ZoneOffset[]
  /** The first is at 0; two that follow each other name different windows. */
  readonly week: readonly WeekSwitch[]
  /** What each window leads to, a model by its number or a router; the last one is for every other time. */
  readonly routes: readonly (number | CompiledRequestThreshold)[]
  readonly duration: { readonly fact: string; readonly unitMs: number } | null
}

const dayMinutes = 1440

/** The week as its switches: which window counts from when on. */
export function weekOf(price: TimeOfUsePrice): readonly WeekSwitch[] {
  const starts = new Set([0])
  for (const { at } of price.windows) {
    for (const { days, fromMinute, toMinute } of at) {
      for (const day of days) starts.add(day * dayMinutes + fromMinute).add(day * dayMinutes + toMinute)
    }
  }
  starts.delete(7 * dayMinutes)
  const switches: WeekSwitch[] = []
  for (const minute of [...starts].sort((left, right) => left - right)) {
    const window = windowAtMinute(price.windows, minute)
    if (switches.at(-1)?.window !== window) switches.push({ weekTimeMs: minute * minuteMs, window })
  }
  return switches
}

function windowAtMinute(windows: readonly TimeWindow[], weekMinute: number): number {
  const day = Math.floor(weekMinute / dayMinutes)
  const minute = weekMinute % dayMinutes
  const found = windows.findIndex(({ at }) =>
    at.some(({ days, fromMinute, toMinute }) => days.includes(day) && fromMinute <= minute && minute < toMinute),
  )
  return found < 0 ? windows.length : found
}

/** The place among the switches of the one in force at a place in the week. */
export function switchIndexAt(week: readonly WeekSwitch[], timeMs: number): number {
  let low = 0
  let high = week.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (switchAt(week, middle).weekTimeMs <= timeMs) low = middle
    else high = middle - 1
  }
  return low
}

/** A switch by its place. */
export function switchAt(week: readonly WeekSwitch[], index: number): WeekSwitch {
  const found = week[index]
  assertThat(found !== undefined, 'a compiled week has a switch at its beginning')
  return found
}

/** The window that counts at an instant. */
export function windowAt(router: CompiledTimeOfUse, instantMs: number): number {
  const { offsetMinutes } = offsetAt(router.offsets, offsetIndexAt(router.offsets, instantMs))
  return switchAt(router.week, switchIndexAt(router.week, weekTimeMs(instantMs, offsetMinutes))).window
}

/** What a window leads to. */
export function routeOfWindow(router: CompiledTimeOfUse, window: number): number | CompiledRequestThreshold {
  const route = router.routes[window]
  assertThat(route !== undefined, 'every window of a compiled price leads somewhere')
  return route
}
