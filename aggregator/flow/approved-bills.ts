import type { RelationParts } from '../domain/billing/billed-relation.ts'
import type { Relation } from '../domain/ledger/templates.ts'
import type { ApprovalTable } from '../store/approval-table.ts'
import { billSummary } from './bill-digest.ts'
import type { BillingBooks } from './billing-books.ts'
import type { PlannedBill } from './relation-bills.ts'

/** Whether somebody has to approve the bills of a relation before they are issued. */
export function needsApproval(
  { catalogue }: BillingBooks,
  { kind, seller }: RelationParts & Pick<Relation, 'kind'>,
): boolean {
  return kind === 'sale' && catalogue.profile(seller).approval
}

/** Whether a bill may be issued: nobody has to approve it, or somebody has approved exactly this content. */
export function isApproved(
  approvals: ApprovalTable,
  books: BillingBooks,
  { relation, bill }: PlannedBill,
  tenant: string,
): boolean {
  if (bill === null || !needsApproval(books, relation)) return true
  const approval = approvals.find(bill.period.key, relation)
  return approval !== undefined && approval.billHash === billSummary(bill, tenant).hash
}
