import type { RuleDefinition } from '../domain/mapping/rule-definition.ts'
import { useProfile } from '../domain/mapping/use-profile.ts'

/** What a door has to know of a mapping rule: where it applies, and to whom. */
export interface DoorRule {
  readonly name: string
  /** MQTT topic filters of the embedded broker. */
  readonly topics: readonly string[]
  /** Devices that may use it; null: every authenticated one. */
  readonly publishers: readonly string[] | null
  /** Whether it reads lines of its own (`ndjson`) instead of a JSON document. */
  readonly readsLines: boolean
}

/** The rules of a checked configuration as doors see them. */
export function doorRules(rules: readonly RuleDefinition[]): DoorRule[] {
  return rules.map((written) => {
    // What is wrong with a profile was said when the configuration was checked.
    const rule = useProfile(written, () => undefined) ?? written
    const { name, topics = [], publishers = null, format } = rule
    return { name, topics, publishers, readsLines: format === 'ndjson' }
  })
}
