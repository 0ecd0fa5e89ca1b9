import type { BillingContract } from './billing-contract.ts'
import type { DueLine } from './due-line.ts'
import { dueLines, type DueSources } from './due-lines.ts'

/**
 * What can be billed of a period before it ends: usage so far, less what is included in it or taken off it. Fees, minimums
 * and what else contracts ask for on top wait for the end, when it is known what they come to.
 */
export function midPeriodLines(contract: BillingContract, sources: DueSources): readonly DueLine[] {
  const items = contract.items.filter(({ kind, segmentKey }) => kind === 'usage' && sources.segments.has(segmentKey))
  return dueLines({ ...contract, items }, sources).filter(
    ({ kind, amountMicros, periodKey }) =>
      periodKey === contract.period.key && (kind === 'usage' || (kind !== 'minimum' && amountMicros < 0n)),
  )
}
