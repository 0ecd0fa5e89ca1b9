import { z } from 'zod'
import { parseDay, parseInstant } from '@meterline/shared/units/instant.ts'
import { formatDuration, parseDurationMs } from '@meterline/shared/units/duration.ts'
import { usageEventLimits, textFits } from '@meterline/shared/model/usage-event.ts'

/** How an id is written, for messages. */
export const idHint = 'use 1 to 64 letters, digits, dots, underscores and hyphens, beginning with a letter or digit'
/** The name of a thing in a tenant file. */
export const id = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, `is no id: ${idHint}`)
/** Plain text for people. */
export const name = z
  .string()
  .refine((text) => textFits(text, 200) && !/\p{Cc}/u.test(text), 'is no name: write 1 to 200 bytes of plain text')
/** A subject as the network sees it. */
export const subject = z
  .string()
  .refine(
    (text) => textFits(text, usageEventLimits.subjectBytes),
    `is empty or over ${usageEventLimits.subjectBytes} bytes`,
  )

/** The name of a label or a fact of events. */
export const label = z
  .string()
  .refine((text) => textFits(text, usageEventLimits.labelKeyBytes), 'is no name of a label: write 1 to 64 bytes')

/** A day or an instant in UTC; epoch milliseconds inside. */
export const instant = z.unknown().transform((value, context): number => {
  if (typeof value === 'string') {
    const parsed = value.length <= 10 ? parseDay(value) : parseInstant(value)
    if (parsed.ok) return parsed.value
  }
  const message =
    value === undefined ? 'is missing' : 'is no date: write a day in UTC such as 2026-01-31, or 2026-01-31T22:00:00Z'
  context.addIssue({ code: 'custom', message })
  return z.NEVER
})

/** A duration from `shortestMs` to `longestMs`, such as `15m`; milliseconds inside. */
export function duration(shortestMs: number, longestMs: number): z.ZodType<number, unknown> {
  const range = `from ${formatDuration(shortestMs)} to ${formatDuration(longestMs)}`
  return z.unknown().transform((value, context): number => {
    const parsed = typeof value === 'string' ? parseDurationMs(value) : null
    if (parsed?.ok === true && parsed.value >= shortestMs && parsed.value <= longestMs) return parsed.value
    const message = value === undefined ? 'is missing' : `is no duration ${range}: write it like 90s, 15m, 6h or 1d`
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  })
}
