import { assertThat, failed, fault, ok, type Fault, type Result } from '../base/errors.ts'
import { civilFromDays, dayMs, daysFromCivil, daysInMonth, latestInstantMs } from './civil.ts'

const longestText = 64
const digitZero = 0x30
const colon = 0x3a
const hyphen = 0x2d
const point = 0x2e
const letterT = 0x74
const letterZ = 0x7a
const lowerCaseBit = 0x20

/**
 * Reads an instant from 1970 to 9999 into epoch milliseconds: an RFC 3339 timestamp with its zone (`2026-11-05T10:00:00Z`,
 * `2026-11-05T11:00:00.123456+01:00`; digits beyond the millisecond are cut off), or an integer of epoch milliseconds.
 * A leap second (`:60`) counts as the last millisecond before it, so that it stays in its day and month.
 */
export function parseInstant(value: unknown): Result<number, Fault<'time_invalid'>> {
  const instantMs = typeof value === 'string' ? timestampMs(value) : typeof value === 'number' ? value : Number.NaN
  if (Number.isSafeInteger(instantMs) && instantMs >= 0 && instantMs <= latestInstantMs) return ok(instantMs)
  return failed(
    fault(
      'time_invalid',
      `${shown(value)} is no time from 1970 to 9999: write an RFC 3339 timestamp with its zone, such as ` +
        '2026-11-05T10:00:00Z, or integer milliseconds since 1970',
    ),
  )
}

/** Reads a calendar day such as `2026-01-01` into the epoch milliseconds of its start in UTC. */
export function parseDay(text: string): Result<number, Fault<'time_invalid'>> {
  const startMs = text.length === 10 ? dayStartMs(text) : Number.NaN
  if (startMs >= 0) return ok(startMs)
  return failed(fault('time_invalid', `${shown(text)} is no day from 1970 on: write it like 2026-01-31`))
}

/** An instant as an RFC 3339 timestamp in UTC with milliseconds: `2026-11-05T10:00:00.000Z`. */
export function formatInstant(instantMs: number): string {
  assertThat(
    Number.isSafeInteger(instantMs) && instantMs >= 0 && instantMs <= latestInstantMs,
    `${instantMs} is no instant from 1970 to 9999`,
  )
  const days = Math.floor(instantMs / dayMs)
  const { year, month, day } = civilFromDays(days)
  const ms = instantMs - days * dayMs
  const time = `${two(Math.floor(ms / 3_600_000))}:${two(Math.floor(ms / 60_000) % 60)}:${two(Math.floor(ms / 1_000) % 60)}`
  return `${year}-${two(month)}-${two(day)}T${time}.${String(ms % 1_000).padStart(3, '0')}Z`
}

/** Epoch milliseconds of an RFC 3339 timestamp, NaN when it is none. Reads by position, since every event has one. */
function timestampMs(text: string): number {
  if (text.length < 20 || text.length > longestText) return Number.NaN
  const separator = text.charCodeAt(10) | lowerCaseBit
  if (separator !== letterT || text.charCodeAt(13) !== colon || text.charCodeAt(16) !== colon) return Number.NaN
  const startMs = dayStartMs(text)
  const hour = twoDigits(text, 11)
  const minute = twoDigits(text, 14)
  const second = twoDigits(text, 17)
  if (!(hour <= 23 && minute <= 59 && second <= 60)) return Number.NaN

  let position = 19
  let millisecond = 0
  if (text.charCodeAt(position) === point) {
    const first = ++position
    for (; isDigit(text, position); position++) {
      if (position - first < 3) millisecond = millisecond * 10 + text.charCodeAt(position) - digitZero
    }
    if (position === first) return Number.NaN
    for (let digits = position - first; digits < 3; digits++) millisecond *= 10
  }
  const secondMs = second === 60 ? 59_999 : second * 1_000 + millisecond
  const zoneMs = zoneOffsetMs(text, position)
  const instantMs = startMs + hour * 3_600_000 + minute * 60_000 + secondMs - zoneMs
  // Leap seconds are only ever put in at the end of a day in UTC.
  return second === 60 && (instantMs + 1) % dayMs !== 0 ? Number.NaN : instantMs
}

/** Start of the day written in the first ten characters; NaN when they are no day. */
function dayStartMs(text: string): number {
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const month = twoDigits(text, 5)
  const day = twoDigits(text, 8)
  if (text.charCodeAt(4) !== hyphen || text.charCodeAt(7) !== hyphen) return Number.NaN
  if (day === keptDay && month === keptMonth && year === keptYear) return keptStartMs
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month))) return Number.NaN
  keptYear = year
  keptMonth = month
  keptDay = day
  keptStartMs = daysFromCivil(year, month, day) * dayMs
  return keptStartMs
}

// Times come in runs of the same day: the day that was read last is kept.
let keptYear = 1970
let keptMonth = 1
let keptDay = 1
let keptStartMs = 0

function zoneOffsetMs(text: string, position: number): number {
  if ((text.charCodeAt(position) | lowerCaseBit) === letterZ) return text.length === position + 1 ? 0 : Number.NaN
  const sign = text[position]
  if ((sign !== '+' && sign !== '-') || text.length !== position + 6 || text[position + 3] !== ':') return Number.NaN
  const hours = twoDigits(text, position + 1)
  const minutes = twoDigits(text, position + 4)
  if (!(hours <= 23 && minutes <= 59)) return Number.NaN
  const offsetMs = hours * 3_600_000 + minutes * 60_000
  return sign === '+' ? offsetMs : -offsetMs
}

/** The number two digits make, NaN when they are none. */
function twoDigits(text: string, start: number): number {
  const tens = text.charCodeAt(start) - digitZero
  const ones = text.charCodeAt(start + 1) - digitZero
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}

function isDigit(text: string, position: number): boolean {
  const digit = text.charCodeAt(position) - digitZero
  return digit >= 0 && digit <= 9
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}

function shown(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > longestText ? `${value.slice(0, longestText)}…` : value)
  }
  return typeof value === 'number' ? String(value) : `a value of type ${value === null ? 'null' : typeof value}`
}
