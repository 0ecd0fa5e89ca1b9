import type { Clock } from '@meterline/shared/base/clock.ts'
import { ok, type Result } from '@meterline/shared/base/errors.ts'
import { relationKey } from '../domain/billing/billed-relation.ts'
import type { Relation } from '../domain/ledger/templates.ts'
import { approveBills } from './approve-bills.ts'
import { isApproved } from './approved-bills.ts'
import type { BillRequest, BillSummary, WaitingBill } from './bill-answers.ts'
import { issueBills } from './issue-bills.ts'
import { tryBills, type BillPlan } from './plan-bills.ts'
import type { TenantService } from './tenant-service.ts'

/** What a run of bills came to. */
export interface BillsRun {
  /** Numbers of the documents that were issued, in their order. */
  readonly numbers: readonly string[]
  readonly waiting: readonly WaitingBill[]
  /** In a dry run what would be issued now; otherwise what waits for approval. */
  readonly bills: readonly BillSummary[]
}

/**
 * Issues the bills of a plan: those that nobody has to wait for and that need no approval or have it. A dry run makes the
 * same bills and issues none. With an approval the bills have to be those of its digest, or nothing is done.
 */
export async function runBills(
  service: TenantService,
  clock: Clock,
  plan: BillPlan,
  { dryRun, approve }: BillRequest,
  progress: (message: string) => void,
): Promise<Result<BillsRun>> {
  if (dryRun === true || approve !== undefined) {
    const trial = await tryBills(service, plan)
    if (!trial.ok) return trial
    if (approve === undefined) return ok({ numbers: [], ...trial.value })
    const approved = approveBills(service, trial.value.bills, approve, clock.wallMs())
    if (!approved.ok) return approved
  }
  const waiting = plan.relations.map(plan.waitsFor).filter((waits) => waits !== null)
  const waits = new Set(waiting.map(relationKey))
  const unapproved: Relation[] = []
  const { books } = plan
  const issued = await issueBills(service, clock, {
    books,
    relations: plan.relations.filter((relation) => !waits.has(relationKey(relation))),
    billOf: (relation) => {
      const planned = plan.billOf(relation)
      if (planned === null || isApproved(service.store.approvals, books, planned, service.tenant)) return planned
      unapproved.push(relation)
      return null
    },
    progress,
  })
  if (!issued.ok) return issued
  const left = await tryBills(service, { ...plan, relations: unapproved })
  if (!left.ok) return left
  const { bills } = left.value
  const unissued = bills.map(({ seller, buyer, currency }): WaitingBill => {
    return { seller, buyer, currency, reason: 'approval', untilMs: null }
  })
  return ok({ numbers: issued.value, waiting: [...waiting, ...unissued], bills })
}
