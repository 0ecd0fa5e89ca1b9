import { asksForAll, type LineFilter } from '../../contract/line-filter.ts'
import type { DueLine } from '../due-line.ts'

/**
 * The lines of a period that a rule looks at: all of them when it asks for nothing, also those that rules before it added;
 * otherwise the usage and fees it asks for, with what is included of them. Sums in advance for another period are none of it.
 */
export function filteredLines(filter: LineFilter, lines: readonly DueLine[], periodKey: string): readonly DueLine[] {
  const own = lines.filter((line) => line.periodKey === periodKey)
  if (asksForAll(filter)) return own
  const { offerings, meters, kinds } = filter
  return own.filter(({ kind, offering, meter }) => {
    const charged = kind === 'allowance' ? 'usage' : kind
    if (charged !== 'usage' && charged !== 'fee') return false
    if (kinds !== null && !kinds.includes(charged)) return false
    if (offerings !== null && !offerings.includes(offering)) return false
    return meters === null || (charged === 'usage' && meters.includes(meter))
  })
}

/** What lines come to, in micros; never below zero. */
export function spentMicros(lines: readonly DueLine[]): bigint {
  const sum = lines.reduce((total, { amountMicros }) => total + amountMicros, 0n)
  return sum > 0n ? sum : 0n
}
