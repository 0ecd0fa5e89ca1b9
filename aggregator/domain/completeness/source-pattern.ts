import { z } from 'zod'
import { textFits, usageEventLimits } from '@meterline/shared/model/usage-event.ts'

/** One source as written in the events, or every source that begins with a text: `gw-7` or `meter/north-*`. */
export const sourcePattern = z
  .string()
  .refine(
    (text) => textFits(text, usageEventLimits.sourceBytes) && !text.slice(0, -1).includes('*'),
    'is no source: write one such as gw-7, or the beginning of several such as gw-*, with the star at the end',
  )

/** Whether a pattern means a source. */
export function matchesSource(pattern: string, source: string): boolean {
  return pattern.endsWith('*') ? source.startsWith(pattern.slice(0, -1)) : source === pattern
}

/** Whether some source is meant by both patterns. */
export function patternsOverlap(left: string, right: string): boolean {
  const leftStart = left.endsWith('*') ? left.slice(0, -1) : null
  const rightStart = right.endsWith('*') ? right.slice(0, -1) : null
  if (leftStart === null) return matchesSource(right, left)
  if (rightStart === null) return matchesSource(left, right)
  return leftStart.startsWith(rightStart) || rightStart.startsWith(leftStart)
}
