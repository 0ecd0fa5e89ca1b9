import { z } from 'zod'
import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import type { DecisionLogEntry } from '@meterline/shared/model/log-entry.ts'

/** What decisions about subscriptions are called in the log. */
export const subscriptionDecisionName = 'subscription-changed'

const contentSchema = z.strictObject({
  subscription: z.string().min(1),
  /** In words, with its instant. */
  command: z.string().min(1),
  by: z.string().min(1),
})

/** What a decision about a subscription says, as it stands in the log. */
export type SubscriptionDecision = z.infer<typeof contentSchema>

/** A decision as the entry of the log that stands right before the catalogue it made; it moves no money. */
export function subscriptionDecisionEntry(content: SubscriptionDecision): DecisionLogEntry {
  const bytes = new TextEncoder().encode(canonicalJson(content))
  return { kind: 'decision', name: subscriptionDecisionName, content: bytes, entries: [] }
}

/** What is wrong with such an entry of the log, for the end of a sentence; undefined: nothing. */
export function subscriptionDecisionFault({ content, entries }: DecisionLogEntry): string | undefined {
  if (entries.length > 0) return 'moves money'
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content))
  } catch {
    return 'is no JSON text'
  }
  return contentSchema.safeParse(value).success ? undefined : 'says something else than a command'
}
