import { counted } from '@meterline/shared/command-line/counted.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { AdvanceReport, ClockAnswer, ClockStep } from '../flow/advance-clock.ts'

/** Where the clock of a test tenant stands, for people. */
export function clockText({ tenant, nowMs, nextDueMs, unclosed }: ClockAnswer): string {
  const next =
    nextDueMs === null ? 'Nothing falls due by itself.' : `Next something falls due at ${formatInstant(nextDueMs)}.`
  const stands = `The clock of ${tenant} stands at ${formatInstant(nowMs)}. ${next}`
  return unclosed.length === 0 ? stands : `${stands}\nOver and not closed: ${unclosed.join(', ')}.`
}

/** How it was moved and what happened on the way, for people. */
export function advanceText({ tenant, fromMs, toMs, steps }: AdvanceReport): string {
  const head = `The clock of ${tenant} went from ${formatInstant(fromMs)} to ${formatInstant(toMs)}.`
  return [head, ...(steps.length === 0 ? ['Nothing fell due on the way.'] : steps.map(stepText))].join('\n')
}

function stepText({ atMs, what, period, documents }: ClockStep): string {
  const issued =
    documents.length === 0 ? 'no document' : `${counted(documents.length, 'document')}: ${documents.join(', ')}`
  return `${formatInstant(atMs)}  ${words[what](period)}  ${issued}`
}

const words: Readonly<Record<ClockStep['what'], (period: string) => string>> = {
  closed: (period) => `period ${period} closed`,
  waits: (period) => `period ${period} closing, some bills wait`,
  progressive: (period) => `billed in the middle of ${period}`,
}
