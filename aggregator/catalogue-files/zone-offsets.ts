import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { closestOf } from '@meterline/shared/config/closest.ts'
import type { ZoneOffset } from '@meterline/shared/rating/time-of-use.ts'
import { daysFromCivil, dayMs } from '@meterline/shared/units/civil.ts'

/** The years, from the first to before the last, whose offsets are worked out; the first and last offsets hold beyond. */
export const zoneYears = { from: 2000, before: 2051 } as const

/** Offsets by zone, which stay the same while this process lives; never more than the database has zones. */
const workedOut = new Map<string, readonly ZoneOffset[]>()

const zoneName = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+){0,2}$/

/**
 * The offsets of a zone of the IANA time zone database, as this machine's Node has it, from the year 2000 to 2050: what
 * prices by time of use are compiled with. Later editions of the database may say something else of years to come, so the
 * catalogue keeps what was worked out when it was applied. The fault names the zone that was most likely meant.
 */
export function zoneOffsets(zone: string): Result<readonly ZoneOffset[], Fault<'zone_unknown'>> {
  const known = workedOut.get(zone)
  if (known !== undefined) return ok(known)
  const offsetMinutesAt = clockOf(zone)
  if (offsetMinutesAt === null) return failed(unknownZone(zone))
  const startMs = daysFromCivil(zoneYears.from, 1, 1) * dayMs
  const endMs = daysFromCivil(zoneYears.before, 1, 1) * dayMs
  const offsets: ZoneOffset[] = [{ fromMs: startMs, offsetMinutes: offsetMinutesAt(startMs) }]
  // No zone has changed its clocks twice within a day in these years.
  for (let dayStartMs = startMs; dayStartMs < endMs; dayStartMs += dayMs) {
    const before = offsets.at(-1)?.offsetMinutes ?? 0
    const offsetMinutes = offsetMinutesAt(dayStartMs + dayMs)
    if (offsetMinutes === before) continue
    offsets.push({
      fromMs: firstInstantOf(offsetMinutesAt, offsetMinutes, dayStartMs, dayStartMs + dayMs),
      offsetMinutes,
    })
  }
  workedOut.set(zone, offsets)
  return ok(offsets)
}

/** The first millisecond of a new offset, between one with the old and one with the new. */
function firstInstantOf(at: (ms: number) => number, offsetMinutes: number, oldMs: number, newMs: number): number {
  let [before, from] = [oldMs, newMs]
  while (from - before > 1) {
    const middle = Math.floor((before + from) / 2)
    if (at(middle) === offsetMinutes) from = middle
    else before = middle
  }
  return from
}

/** Local time less UTC, in minutes, at an instant of a zone; null when there is no such zone. */
function clockOf(zone: string): ((instantMs: number) => number) | null {
  if (!zoneName.test(zone) || (closestSpelling(zone) ?? zone) !== zone) return null
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
    return (instantMs) => minutesOfOffset(format.formatToParts(instantMs))
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}

/** Reads `GMT+05:30`; `GMT` alone is no offset. */
function minutesOfOffset(parts: readonly Intl.DateTimeFormatPart[]): number {
  const text = parts.find(({ type }) => type === 'timeZoneName')?.value ?? ''
  const match = /^GMT(?:([+-])([0-9]{2}):([0-9]{2}))?$/.exec(text)
  if (match === null) throw new RangeError(`the offset ${text} is not written in hours and minutes`)
  const minutes = Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0)
  return match[1] === '-' ? -minutes : minutes
}

function unknownZone(zone: string): Fault<'zone_unknown'> {
  const shown = JSON.stringify(zone.length > 64 ? `${zone.slice(0, 64)}…` : zone)
  const closest = closestSpelling(zone) ?? closestOf(zone, Intl.supportedValuesOf('timeZone'))
  const hint = closest === undefined ? 'write a name such as Europe/Berlin or UTC' : `did you mean ${closest}?`
  return fault('zone_unknown', `${shown} is no zone of the IANA time zone database: ${hint}`)
}

/** The zone whose name differs in letter case at most; the library takes any case, prices have one spelling. */
function closestSpelling(zone: string): string | undefined {
  return Intl.supportedValuesOf('timeZone').find((name) => name.toLowerCase() === zone.toLowerCase())
}
