import { ok, type Result } from '@meterline/shared/base/errors.ts'
import type { Relation } from '../domain/ledger/templates.ts'
import type { BillSummary, WaitingBill } from './bill-answers.ts'
import { billSummary } from './bill-digest.ts'
import type { BillingBooks } from './billing-books.ts'
import type { PlannedBill } from './relation-bills.ts'
import type { TenantService } from './tenant-service.ts'

/** Bills made in one go; between two goes other work goes on. */
const billsPerGo = 50

/** What makes the bills of a run. */
export interface BillPlan {
  readonly books: BillingBooks
  /** In the order in which bills are issued. */
  readonly relations: readonly Relation[]
  /** Null: it has none. */
  readonly billOf: (relation: Relation) => PlannedBill | null
  /** Why a relation waits, whatever its bill says; null when it does not. */
  readonly waitsFor: (relation: Relation) => WaitingBill | null
}

/** What would be issued now. */
export interface BillTrial {
  /** Those that somebody has to approve first included; without costs, whose documents partners issue. */
  readonly bills: readonly BillSummary[]
  readonly waiting: readonly WaitingBill[]
}

/** Makes every bill that could be issued now, one after the other, and keeps of each only what a list needs. */
export async function tryBills(service: TenantService, plan: BillPlan): Promise<Result<BillTrial>> {
  const bills: BillSummary[] = []
  const waiting: WaitingBill[] = []
  const sales = plan.relations.filter(({ kind }) => kind === 'sale')
  for (const [index, relation] of sales.entries()) {
    const tried = service.attempt(() => {
      const waits = plan.waitsFor(relation)
      if (waits !== null) waiting.push(waits)
      const bill = waits === null ? plan.billOf(relation)?.bill : null
      if (bill !== null && bill !== undefined) bills.push(billSummary(bill, service.tenant))
    })
    if (!tried.ok) return tried
    if (index % billsPerGo !== billsPerGo - 1) continue
    const paused = await service.pause()
    if (!paused.ok) return paused
  }
  return ok({ bills, waiting })
}
