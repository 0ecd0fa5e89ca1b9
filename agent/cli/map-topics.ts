import { oneLine } from '@meterline/shared/command-line/output.ts'
import { counted } from '@meterline/shared/command-line/counted.ts'
import type { ExplainedRecord } from '../domain/mapping/explain-payload.ts'
import type { RuleFormat } from '../domain/mapping/rule-definition.ts'
import { topicMatches } from '../domain/topic-filter.ts'

/** Looks whether the topics of samples are those that the rule would get from an agent, and whether it misses one. */
export class TopicCheck {
  readonly #filters: readonly string[]
  readonly #format: RuleFormat
  #strange = 0
  #firstStrange = ''
  /** A source of the rule that leads into a topic where no topic was given. */
  #missed: string | null = null

  /** `filters`: the rule's topics; empty where it is told by name. */
  constructor(filters: readonly string[], format: RuleFormat) {
    this.#filters = filters
    this.#format = format
  }

  payload(topic: string | null): void {
    if (topic === null) {
      // A message of Sparkplug says in its topic what it is.
      if (this.#format === 'sparkplug-b') this.#missed ??= 'topic'
      return
    }
    if (this.#filters.length === 0 || this.#filters.some((filter) => topicMatches(filter, topic))) return
    if (this.#strange === 0) this.#firstStrange = topic
    this.#strange += 1
  }

  record(topic: string | null, { fields }: ExplainedRecord): void {
    if (topic !== null || this.#missed !== null) return
    for (const { from, found } of fields) {
      if (found !== null) continue
      const source = from.split(' | ').find((one) => one === 'topic' || one.startsWith('topic/'))
      if (source !== undefined) this.#missed = source
    }
  }

  warnings(): readonly string[] {
    const warnings: string[] = []
    if (this.#strange > 0) {
      const have = `${counted(this.#strange, 'payload')} ${this.#strange === 1 ? 'has' : 'have'} a topic`
      const topic = oneLine(this.#firstStrange)
      warnings.push(`${have} that the rule is not for, such as ${topic}: its topics are ${this.#filters.join(', ')}`)
    }
    if (this.#missed !== null) warnings.push(`the rule reads ${this.#missed} and no topic was given: give --topic`)
    return warnings
  }
}
