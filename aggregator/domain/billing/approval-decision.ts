import { z } from 'zod'
import type { DecisionLogEntry } from '@meterline/shared/model/log-entry.ts'
import { plainDecision, readPlainDecision } from '@meterline/shared/model/plain-decision.ts'

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
  return plainDecision(approvalDecisionName, content)
}

/** What is wrong with an approval of the log, for the end of a sentence; undefined: nothing. */
export function approvalFault(entry: DecisionLogEntry): string | undefined {
  const read = readPlainDecision(entry, contentSchema, 'an approval')
  return read.ok ? undefined : read.fault.message
}
