import { z } from 'zod'
import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import type { DecisionLogEntry } from '@meterline/shared/model/log-entry.ts'
import { formatInstant, parseInstant } from '@meterline/shared/units/instant.ts'

/** What moves of the clock of a test tenant are called in the log. */
export const clockDecisionName = 'clock-advanced'

const contentSchema = z.strictObject({ from: z.string(), to: z.string(), by: z.string().min(1) })

/** A move of the clock of a test tenant; instants in epoch milliseconds. */
export interface ClockDecision {
  readonly fromMs: number
  readonly toMs: number
  /** The name of who moved it. */
  readonly by: string
}

/** A move as an entry of the log; it moves no money. */
export function clockEntry({ fromMs, toMs, by }: ClockDecision): DecisionLogEntry {
  const content = canonicalJson({ from: formatInstant(fromMs), to: formatInstant(toMs), by })
  return { kind: 'decision', name: clockDecisionName, content: new TextEncoder().encode(content), entries: [] }
}

/** Reads a move of the log; the fault says what is wrong with it, for the end of a sentence. */
export function clockDecisionOf({
  content,
  entries,
}: DecisionLogEntry): Result<ClockDecision, Fault<'clock_decision_malformed'>> {
  const malformed = (text: string): Result<never, Fault<'clock_decision_malformed'>> =>
    failed(fault('clock_decision_malformed', text))
  if (entries.length > 0) return malformed('moves money')
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content))
  } catch {
    return malformed('is no JSON text')
  }
  const parsed = contentSchema.safeParse(value)
  if (!parsed.success) return malformed('says something else than a move of a clock')
  const [from, to] = [parseInstant(parsed.data.from), parseInstant(parsed.data.to)]
  if (!from.ok || !to.ok) return malformed('names no instants')
  if (to.value <= from.value) return malformed('does not move the clock forward')
  return ok({ fromMs: from.value, toMs: to.value, by: parsed.data.by })
}
