import type { z } from 'zod'
import { failed, fault, ok, type Fault, type Result } from '../base/errors.ts'
import { canonicalJson, type JsonValue } from '../integrity/canonical-json.ts'
import type { DecisionLogEntry } from './log-entry.ts'

/** A decision by people that moves no money, as an entry of the log. */
export function plainDecision(name: string, content: JsonValue): DecisionLogEntry {
  return { kind: 'decision', name, content: new TextEncoder().encode(canonicalJson(content)), entries: [] }
}

/** What such an entry says; the fault says what is wrong with it, for the end of a sentence. `what` it should be. */
export function readPlainDecision<Content>(
  { content, entries }: DecisionLogEntry,
  schema: z.ZodType<Content>,
  what: string,
): Result<Content, Fault<'decision_malformed'>> {
  const malformed = (text: string): Result<never, Fault<'decision_malformed'>> =>
    failed(fault('decision_malformed', text))
  if (entries.length > 0) return malformed('moves money')
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content))
  } catch {
    return malformed('is no JSON text')
  }
  const parsed = schema.safeParse(value)
  return parsed.success ? ok(parsed.data) : malformed(`says something else than ${what}`)
}
