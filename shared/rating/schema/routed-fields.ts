import { z } from 'zod'
import type { WeeklyHours, ZoneOffset } from '../time-of-use.ts'
import { parseTimeUnitMs } from '../time-unit.ts'
import { daysOfRange, minuteOfClock, weekdays } from '../weekly-hours.ts'

/** A text of at most so many bytes in UTF-8 that a key may be made of: not empty and without control characters. */
export function plainText(maxBytes: number): z.ZodType<string> {
  const hint = `write 1 to ${maxBytes} bytes of plain text, in quotes where it looks like a number`
  return z
    .string({ error: ({ input }) => `${input === undefined ? 'is missing' : 'is no text'}; ${hint}` })
    .refine(
      (text) =>
        text !== '' && text.isWellFormed() && Buffer.byteLength(text, 'utf8') <= maxBytes && !/\p{Cc}/u.test(text),
      `is no plain text; ${hint}`,
    )
}

/** Names of labels and facts, as long as usage events can have them. */
export const keyField = plainText(64)
/** What a label may say. */
export const labelField = plainText(128)

const daysHint = `write days such as mon-fri or a list of ${weekdays.join(', ')}`
const daysField = z
  .unknown()
  .transform((written, context): readonly number[] => {
    const texts: readonly unknown[] = Array.isArray(written) ? written : [written]
    const days = texts.flatMap((text) =>
      typeof text === 'string' ? (daysOfRange(text.toLowerCase()) ?? [NaN]) : [NaN],
    )
    if (days.length > 0 && !days.some(Number.isNaN)) return [...new Set(days)].sort((left, right) => left - right)
    context.addIssue({ code: 'custom', message: `names no days; ${daysHint}` })
    return z.NEVER
  })
  .default([0, 1, 2, 3, 4, 5, 6])

const clockField = z.unknown().transform((written, context): number => {
  const minute = typeof written === 'string' ? minuteOfClock(written) : null
  if (minute !== null) return minute
  context.addIssue({ code: 'custom', message: 'is no time of day; write it like "08:30", from "00:00" to "24:00"' })
  return z.NEVER
})

/** Hours of some days of the week, local time. */
export const weeklyHoursField = z
  .strictObject({ days: daysField, from: clockField.default(0), to: clockField.default(1440) })
  .transform(({ days, from, to }, context): WeeklyHours => {
    if (from >= to) {
      const message =
        'is not after "from"; write hours over midnight as two entries, one to "24:00" and one from "00:00"'
      context.addIssue({ code: 'custom', message, path: ['to'] })
    }
    return { days, fromMinute: from, toMinute: to }
  })

/** The offsets of a zone as pairs of the instant from which one holds (epoch milliseconds) and its minutes, in order. */
export const zoneOffsetsField = z
  .array(z.tuple([z.int(), z.int().min(-1440).max(1440)]))
  .min(1, 'is empty; leave it out to have the offsets worked out')
  .max(1000, 'has more than 1000 entries')
  .transform((pairs, context): readonly ZoneOffset[] => {
    const wrong = pairs.findIndex(([fromMs], index) => index > 0 && fromMs <= (pairs[index - 1]?.[0] ?? fromMs))
    if (wrong >= 0) context.addIssue({ code: 'custom', message: 'is not later than the one before', path: [wrong] })
    return pairs.map(([fromMs, offsetMinutes]) => ({ fromMs, offsetMinutes }))
  })

/** What one unit of a fact that counts time is, such as `1s` or `100ms`; milliseconds inside. */
export const timeUnitField = z.unknown().transform((written, context): number => {
  const unitMs = typeof written === 'string' ? parseTimeUnitMs(written) : null
  if (unitMs !== null) return unitMs
  context.addIssue({ code: 'custom', message: 'is no unit of time; write it like 1ms, 1s, 1m or 1h' })
  return z.NEVER
})
