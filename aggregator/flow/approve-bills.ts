import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { encodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import { approvalEntry } from '../domain/billing/approval-decision.ts'
import type { Approval, BillSummary } from './bill-answers.ts'
import { digestOfBills } from './bill-digest.ts'
import type { StoreFault, TenantService } from './tenant-service.ts'

/**
 * Keeps an approval: a decision in the log, and for every bill its hash, so that each is issued only while it still says
 * what was approved, also after a crash. Refused as a whole when the bills come to another digest by now.
 */
export function approveBills(
  service: TenantService,
  bills: readonly BillSummary[],
  { digest, by }: Approval,
  nowMs: number,
): Result<null, StoreFault | Fault<'bills_changed'>> {
  const now = digestOfBills(bills)
  if (now !== digest) {
    const text =
      `The bills are not those of digest ${digest} any more: now they come to ${now}. Nothing was issued; look at them ` +
      'again with --dry-run, and approve the digest that it prints.'
    return failed(fault('bills_changed', text, { digest: now }))
  }
  const { store } = service
  const committed = service.attempt(() =>
    store.commitApproval(
      {
        entries: [encodeLogEntry(approvalEntry({ digest, bills: bills.length, by }))],
        approvals: bills.map(({ seller, buyer, currency, period, hash }) => {
          return { seller, buyer, currency, period, billHash: hash, by, approvedMs: nowMs }
        }),
      },
      { logSize: store.log.size },
    ),
  )
  return committed.ok ? ok(null) : committed
}
