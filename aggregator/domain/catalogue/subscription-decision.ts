import { z } from 'zod'
import type { DecisionLogEntry } from '@meterline/shared/model/log-entry.ts'
import { plainDecision, readPlainDecision } from '@meterline/shared/model/plain-decision.ts'

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
  return plainDecision(subscriptionDecisionName, content)
}

/** What is wrong with such an entry of the log, for the end of a sentence; undefined: nothing. */
export function subscriptionDecisionFault(entry: DecisionLogEntry): string | undefined {
  const read = readPlainDecision(entry, contentSchema, 'a command')
  return read.ok ? undefined : read.fault.message
}
