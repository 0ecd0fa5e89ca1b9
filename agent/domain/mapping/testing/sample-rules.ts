import type { UsageEvent } from '@meterline/shared/model/usage-event.ts'
import type { Normalised } from '../../normalised.ts'
import type { BirthBook } from '../birth-book.ts'
import { compileRules } from '../compile-rules.ts'
import type { CompiledRule, MappedFrom } from '../rule-book.ts'
import type { RuleDefinition } from '../rule-definition.ts'

/** When the deliveries of these tests arrive: 2026-01-01T00:00:00Z. */
export const receivedWallMs = 1_767_225_600_000

/** A rule that needs nothing but `n` in its records. */
export const counting: RuleDefinition = {
  name: 'counting',
  atLeastOnce: true,
  meters: [{ meter: 'm', quantity: '/n' }],
}

/** Compiles one rule; a mistake in it fails the test. */
export function ruleOf(definition: Partial<RuleDefinition>, births?: BirthBook): CompiledRule {
  const named = { name: 'rule', ...definition }
  const compiled = compileRules([named], births)
  if (!compiled.ok)
    throw new Error(compiled.mistakes.map(({ path, message }) => `${path.join('.')}: ${message}`).join('\n'))
  const rule = compiled.value.byName.get(named.name)
  if (rule === undefined) throw new Error('the rule is not in its book')
  return rule
}

/** What a rule makes of a payload: bytes, a text, or a value that is sent as JSON. */
export function mapped(
  rule: Partial<RuleDefinition> | CompiledRule,
  payload: unknown,
  from: Partial<MappedFrom> = {},
): Normalised {
  const compiled = 'map' in rule ? rule : ruleOf(rule)
  const bytes =
    payload instanceof Uint8Array
      ? payload
      : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload))
  return compiled.map(bytes, { device: 'dev-1', topic: null, receivedWallMs, ...from })
}

/** The one event that a rule makes of a payload. */
export function oneEvent(
  rule: Partial<RuleDefinition> | CompiledRule,
  payload: unknown,
  from: Partial<MappedFrom> = {},
): UsageEvent {
  const { events, rejected } = mapped(rule, payload, from)
  const [event] = events
  if (event === undefined || events.length > 1 || rejected.length > 0) {
    throw new Error(`${events.length} events; ${rejected.map(({ code, message }) => `${code}: ${message}`).join('; ')}`)
  }
  return event
}

/** Why a rule refuses a payload with a single record. */
export function refusal(
  rule: Partial<RuleDefinition> | CompiledRule,
  payload: unknown,
  from: Partial<MappedFrom> = {},
): string {
  const { events, rejected } = mapped(rule, payload, from)
  const [only] = rejected
  if (only === undefined || rejected.length > 1 || events.length > 0) throw new Error(`${events.length} events`)
  return only.code
}
