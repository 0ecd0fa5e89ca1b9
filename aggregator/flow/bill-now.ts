import type { Clock } from '@meterline/shared/base/clock.ts'
import { failed, fault, ok, type Result } from '@meterline/shared/base/errors.ts'
import { relationKey } from '../domain/billing/billed-relation.ts'
import type { Relation } from '../domain/ledger/templates.ts'
import { applyCredits } from './apply-credits.ts'
import type { BillRequest, BillRun } from './bill-answers.ts'
import { digestOfBills } from './bill-digest.ts'
import { BillingBooks } from './billing-books.ts'
import { documentSummary } from './document-summary.ts'
import type { BillPlan } from './plan-bills.ts'
import { progressiveBillOf, progressiveRelations } from './progressive-bills.ts'
import { correctingBill, relationsBehind } from './relation-bills.ts'
import { runBills, type BillsRun } from './run-bills.ts'
import type { TenantService } from './tenant-service.ts'
import { untilRated } from './until-rated.ts'

type Progress = (message: string) => void

/** Chains of accounts that pay shares of each other are not longer than this. */
const mostPasses = 16

/**
 * Bills what changed in periods that are billed, in every relation that has a late mark, without waiting for the next
 * period. Corrections change what others owe who pay a share of it; they are billed in the same run.
 */
export async function billCorrections(
  service: TenantService,
  clock: Clock,
  request: BillRequest,
  progress: Progress = () => undefined,
): Promise<Result<BillRun>> {
  const books = await booksOf(service, progress)
  if (!books.ok) return books
  const done = new Set<string>()
  const runs: BillsRun[] = []
  for (let pass = 0; pass < mostPasses; pass++) {
    const behind = service.attempt(() => relationsBehind(books.value))
    if (!behind.ok) return behind
    const relations = behind.value.filter((relation) => !done.has(relationKey(relation)))
    if (relations.length === 0) break
    for (const relation of relations) done.add(relationKey(relation))
    const run = await runBills(
      service,
      clock,
      planOf(books.value, relations, (relation) => correctingBill(books.value, relation)),
      pass === 0 ? request : { dryRun: request.dryRun === true },
      progress,
    )
    if (!run.ok) return run
    runs.push(run.value)
  }
  return await finished(service, clock, runs, request)
}

/** Bills every buyer who has reached the amount at which he gets an invoice in the middle of a period. */
export async function billProgressive(
  service: TenantService,
  clock: Clock,
  request: BillRequest,
  progress: Progress = () => undefined,
): Promise<Result<BillRun>> {
  const books = await booksOf(service, progress)
  if (!books.ok) return books
  const nowMs = clock.wallMs()
  const relations = progressiveRelations(books.value, nowMs)
  const plan = planOf(books.value, relations, (relation) =>
    progressiveBillOf(service.store, books.value, relation, nowMs),
  )
  const run = await runBills(service, clock, plan, request, progress)
  return run.ok ? await finished(service, clock, [run.value], request) : run
}

async function booksOf(service: TenantService, progress: Progress): Promise<Result<BillingBooks>> {
  const rated = await untilRated(service, progress)
  if (!rated.ok) return rated
  const { inForce, store, tenant } = service
  if (inForce !== null) return ok(new BillingBooks(store, inForce))
  return failed(fault('catalogue_missing', `Tenant ${tenant} has no catalogue to bill with.`))
}

function planOf(books: BillingBooks, relations: readonly Relation[], billOf: BillPlan['billOf']): BillPlan {
  return { books, relations, billOf, waitsFor: () => null }
}

async function finished(
  service: TenantService,
  clock: Clock,
  runs: readonly BillsRun[],
  { dryRun }: BillRequest,
): Promise<Result<BillRun>> {
  if (dryRun !== true) {
    const credited = await applyCredits(service, clock)
    if (!credited.ok) return credited
    service.sealCheckpoint()
  }
  const { documents } = service.store
  const bills = runs.flatMap((run) => run.bills)
  return service.attempt(() => {
    const issued = runs.flatMap(({ numbers }) => numbers).map((number) => documents.find(number))
    return {
      documents: issued.filter((row) => row !== undefined).map(documentSummary),
      waiting: runs.flatMap((run) => run.waiting),
      bills,
      digest: bills.length === 0 ? null : digestOfBills(bills),
    }
  })
}
