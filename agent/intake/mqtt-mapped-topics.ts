import type { DoorRule } from './door-rule.ts'

/** Topics are kept with what is waiting, so they are no longer than filters may be. */
export const longestTopicBytes = 256

interface WildcardFilter {
  readonly levels: readonly string[]
  readonly rule: DoorRule
}

/** Finds the mapping rule that reads a topic. Filters of different rules do not overlap: the configuration is checked. */
export class MappedTopics {
  /** Filters without wildcards, which most are. */
  readonly #exact = new Map<string, DoorRule>()
  readonly #wildcards: WildcardFilter[] = []

  constructor(rules: readonly DoorRule[]) {
    for (const rule of rules) {
      for (const filter of rule.topics) {
        const levels = filter.split('/')
        if (levels.includes('+') || levels.includes('#')) this.#wildcards.push({ levels, rule })
        else this.#exact.set(filter, rule)
      }
    }
  }

  /** The rule of a topic that was published to; null where none reads it. */
  ruleOf(topic: string): DoorRule | null {
    if (this.#exact.size === 0 && this.#wildcards.length === 0) return null
    if (!isPublishableTopic(topic)) return null
    const exact = this.#exact.get(topic)
    if (exact !== undefined) return exact
    if (this.#wildcards.length === 0) return null
    const levels = topic.split('/')
    return this.#wildcards.find((filter) => matches(filter.levels, levels))?.rule ?? null
  }
}

/**
 * Whether a text can be the topic of a message (MQTT 3.1.1, sections 3.3.2.1 and 4.7.3): no wildcard, no NUL, and the
 * UTF-8 it came in was sound. Topics that begin with `$` are the brokers' own.
 */
export function isPublishableTopic(topic: string): boolean {
  return (
    topic !== '' &&
    topic.length <= longestTopicBytes &&
    Buffer.byteLength(topic) <= longestTopicBytes &&
    !topic.startsWith('$') &&
    !/[+#\0\ufffd]/.test(topic)
  )
}

/** Matching as in MQTT 3.1.1, section 4.7.1: `#` also stands for the level above it. */
function matches(filter: readonly string[], topic: readonly string[]): boolean {
  for (const [index, level] of filter.entries()) {
    if (level === '#') return true
    if (index >= topic.length || (level !== '+' && level !== topic[index])) return false
  }
  return filter.length === topic.length
}
