import { z } from 'zod'
import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { DecisionLogEntry } from '@meterline/shared/model/log-entry.ts'
import { plainDecision, readPlainDecision } from '@meterline/shared/model/plain-decision.ts'
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
  return plainDecision(clockDecisionName, { from: formatInstant(fromMs), to: formatInstant(toMs), by })
}

/** Reads a move of the log; the fault says what is wrong with it, for the end of a sentence. */
export function clockDecisionOf(entry: DecisionLogEntry): Result<ClockDecision, Fault<'clock_decision_malformed'>> {
  const malformed = (text: string): Result<never, Fault<'clock_decision_malformed'>> =>
    failed(fault('clock_decision_malformed', text))
  const read = readPlainDecision(entry, contentSchema, 'a move of a clock')
  if (!read.ok) return malformed(read.fault.message)
  const [from, to] = [parseInstant(read.value.from), parseInstant(read.value.to)]
  if (!from.ok || !to.ok) return malformed('names no instants')
  if (to.value <= from.value) return malformed('does not move the clock forward')
  return ok({ fromMs: from.value, toMs: to.value, by: read.value.by })
}
