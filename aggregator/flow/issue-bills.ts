import type { Clock } from '@meterline/shared/base/clock.ts'
import { ok } from '@meterline/shared/base/errors.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import type { Relation } from '../domain/ledger/templates.ts'
import type { BillingBooks } from './billing-books.ts'
import { DocumentDraft } from './document-draft.ts'
import type { PlannedBill } from './relation-bills.ts'
import type { TenantService } from './tenant-service.ts'

/** Documents issued in one transaction; between two of them other work goes on. */
const documentsPerCommit = 50

/** How bills become documents. */
export interface IssueOrder {
  readonly books: BillingBooks
  readonly relations: readonly Relation[]
  /** The bill of a relation at the moment it is issued; null: none, or not now. */
  readonly billOf: (relation: Relation) => PlannedBill | null
  readonly progress: (message: string) => void
}

/**
 * Issues the bills of relations, some in each commit, each made at the moment it is issued. What was issued before a crash
 * stays issued, and asked for again nothing is billed twice, since every bill is what is due less what was billed.
 * Returns the numbers of what was issued.
 */
export async function issueBills(
  service: TenantService,
  clock: Clock,
  { books, relations, billOf, progress }: IssueOrder,
): Promise<Result<readonly string[]>> {
  const numbers: string[] = []
  for (let at = 0; at < relations.length; at += documentsPerCommit) {
    const group = relations.slice(at, at + documentsPerCommit)
    const committed = service.attempt(() => issueGroup(service, books, group, billOf, clock.wallMs()))
    if (!committed.ok) return committed
    numbers.push(...committed.value)
    progress(`${Math.min(at + documentsPerCommit, relations.length)} of ${relations.length} accounts billed`)
    const paused = await service.pause()
    if (!paused.ok) return paused
  }
  return ok(numbers)
}

function issueGroup(
  { store, tenant, inForce }: TenantService,
  books: BillingBooks,
  relations: readonly Relation[],
  billOf: IssueOrder['billOf'],
  nowMs: number,
): readonly string[] {
  const draft = new DocumentDraft(store, { tenant, catalogue: books.version, nowMs })
  for (const relation of relations) {
    const planned = billOf(relation)
    // What a newer version of the catalogue changed meanwhile is on none of these bills: it stays marked.
    if (planned !== null) draft.take(inForce?.version === books.version ? planned : { ...planned, cleared: [] })
  }
  const writes = draft.writes()
  const isNothing = writes.entries.length === 0 && writes.billed.length === 0 && writes.cleared.length === 0
  if (!isNothing) store.commitDocuments(writes, { logSize: draft.logSize })
  return writes.documents.map(({ number }) => number)
}
