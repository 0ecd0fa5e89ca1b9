import { ok } from '@meterline/shared/base/errors.ts'
import { filtersOverlap, topicFilterProblem } from '../topic-filter.ts'
import { BirthBook } from './birth-book.ts'
import { compileRule } from './compile-rule.ts'
import { contextOf, mapCloudEvent, mapPayload } from './map-payload.ts'
import type { CompiledRule, RuleBook } from './rule-book.ts'
import type { RuleDefinition } from './rule-definition.ts'
import { below, type Blame, type RuleMistake } from './rule-mistake.ts'
import type { RuleParts } from './rule-parts.ts'

/** The rules of a configuration made ready, or everything in them that cannot work. */
export type CompiledRules =
  { readonly ok: true; readonly value: RuleBook } | { readonly ok: false; readonly mistakes: readonly RuleMistake[] }

/** Compiles the rules of a configuration. `births` is what their Sparkplug messages teach and look up. */
export function compileRules(rules: readonly RuleDefinition[], births = new BirthBook()): CompiledRules {
  const mistakes: RuleMistake[] = []
  const note: Blame = (path, message) => void mistakes.push({ path, message })
  checkTogether(rules, note)
  const byName = new Map<string, CompiledRule>()
  const byEventType = new Map<string, CompiledRule>()
  for (const [index, definition] of rules.entries()) {
    const parts = compileRule(definition, below(note, index))
    if (parts === null) continue
    const rule = readyRule(parts, births)
    byName.set(rule.name, rule)
    for (const type of definition.eventTypes ?? []) byEventType.set(type, rule)
  }
  return mistakes.length === 0 ? ok({ byName, byEventType }) : { ok: false, mistakes }
}

function readyRule(parts: RuleParts, births: BirthBook): CompiledRule {
  return {
    name: parts.name,
    map: (payload, from) => mapPayload(parts, payload, from, births),
    mapCloudEvent(envelope, from) {
      const context = contextOf(from)
      context.record = envelope
      const mapped = mapCloudEvent(parts, context)
      return mapped.ok ? ok(mapped.value.event) : mapped
    },
  }
}

/** What cannot work of rules that are sound one by one: names, topics and event types that are there twice. */
export function checkTogether(rules: readonly RuleDefinition[], note: Blame): void {
  checkNames(rules, note)
  checkTopics(rules, note)
  const readBy = new Map<string, string>()
  for (const [index, { name, eventTypes = [] }] of rules.entries()) {
    for (const [at, type] of eventTypes.entries()) {
      const other = readBy.get(type)
      if (other !== undefined) note([index, 'eventTypes', at], `is read by the rule ${other} already`)
      readBy.set(type, name)
    }
  }
}

function checkNames(rules: readonly RuleDefinition[], note: Blame): void {
  const seen = new Set<string>()
  for (const [index, { name }] of rules.entries()) {
    if (seen.has(name)) note([index, 'name'], `is ${name}, as is that of a rule above: give it another name`)
    seen.add(name)
  }
}

/** Each topic has one rule at most, or which one reads a message would depend on their order. */
function checkTopics(rules: readonly RuleDefinition[], note: Blame): void {
  const earlier: { readonly rule: string; readonly filter: string }[] = []
  for (const [index, { name, topics = [] }] of rules.entries()) {
    for (const [at, filter] of topics.entries()) {
      const problem = filter.startsWith('$')
        ? 'begins with $, as only topics of brokers themselves do'
        : topicFilterProblem(filter)
      if (problem !== null) {
        note([index, 'topics', at], problem)
        continue
      }
      const other = earlier.find((one) => one.rule !== name && filtersOverlap(one.filter, filter))
      if (other !== undefined) {
        note(
          [index, 'topics', at],
          `overlaps ${other.filter} of the rule ${other.rule}: a topic can have one rule only`,
        )
      }
      earlier.push({ rule: name, filter })
    }
  }
}

/** Topics of rules that the agent's own topics, everything below `prefix`, would keep from them. */
export function ownTopicMistakes(rules: readonly RuleDefinition[], prefix: string): readonly RuleMistake[] {
  const own = `${prefix}/#`
  return rules.flatMap(({ topics = [] }, index) =>
    topics.flatMap((filter, at) => {
      if (!filtersOverlap(filter, own)) return []
      const message = `overlaps ${own}, where devices publish usage of their own: name topics beside it`
      return [{ path: [index, 'topics', at], message }]
    }),
  )
}
