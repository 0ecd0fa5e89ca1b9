import { z } from 'zod'
import { canonicalJson } from '@meterline/shared/integrity/canonical-json.ts'
import type { DecisionLogEntry } from '@meterline/shared/model/log-entry.ts'

/** What decisions about bills are called in the log. */
export const approvalDecisionName = 'bills-approved'

const contentSchema = z.strictObject({
  /** What was approved: SHA-256 over the hashes of the bills in their order, hexadecimal. */
  digest: z.string().regex(/^[0-9a-f]{64}$/),
  /** How many bills. */
  bills: z.int().min(0),
  by: z.string().min(1),
})

/** What an approval says, as it stands in the log. */
export type ApprovalContent = z.infer<typeof contentSchema>

/** An approval as an entry of the log; it moves no money. */
export function approvalEntry(content: ApprovalContent): DecisionLogEntry {
  const bytes = new TextEncoder().encode(canonicalJson(content))
  return { kind: 'decision', name: approvalDecisionName, content: bytes, entries: [] }
}

/** What is wrong with an approval of the log, for the end of a sentence; undefined: nothing. */
export function approvalFault({ content, entries }: DecisionLogEntry): string | undefined {
  if (entries.length > 0) return 'moves money'
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content))
  } catch {
    return 'is no JSON text'
  }
  return contentSchema.safeParse(value).success ? undefined : 'says something else than an approval'
}
