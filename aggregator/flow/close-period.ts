import type { Clock } from '@meterline/shared/base/clock.ts'
import { failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import { relationKey } from '../domain/billing/billed-relation.ts'
import type { Relation } from '../domain/ledger/templates.ts'
import { periodKeyParts } from '../domain/periods/billing-cycle.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import { applyCredits } from './apply-credits.ts'
import type { BillSummary, ClosedPeriod, ClosingRequest, WaitingBill } from './bill-answers.ts'
import { digestOfBills } from './bill-digest.ts'
import { BillingBooks } from './billing-books.ts'
import { documentSummary } from './document-summary.ts'
import { tryBills, type BillPlan } from './plan-bills.ts'
import { closingBill, relationsToBill } from './relation-bills.ts'
import { runBills } from './run-bills.ts'
import type { TenantService } from './tenant-service.ts'
import { untilRated } from './until-rated.ts'

/**
 * Closes a period of a billing cycle: waits until everything received is rated, bars the period, so that what is charged in
 * it from then on is late, and issues a document to every buyer of the cycle whose grace is over, marks the period closed
 * when nobody waits any more. Every document is its own decision, made with one version of the catalogue for the whole run;
 * a closing that was cut off, or has bills that wait, goes on when it is asked for again, and whoever has his document gets
 * no other one. A closed period only answers with its documents.
 */
export async function closePeriod(
  service: TenantService,
  clock: Clock,
  request: ClosingRequest,
  progress: (message: string) => void = () => undefined,
): Promise<Result<ClosedPeriod>> {
  const { inForce, store, tenant } = service
  if (inForce === null) return failed(fault('catalogue_missing', `Tenant ${tenant} has no catalogue to bill with.`))
  const named = new BillingBooks(store, inForce).period(request.period)
  if (!named.ok) return named
  const period = named.value
  // A run that was cut off after its last document has left the credit unused.
  if (stateOf(store, period) === 'closed')
    return request.dryRun === true ? ok(standing(store, period, [], [])) : await settled(service, clock, period, [], [])
  const allowed = mayClose(store, period, clock.wallMs(), request)
  if (!allowed.ok) return allowed
  const rated = await untilRated(service, progress)
  if (!rated.ok) return rated
  // Nothing runs between here and the commit: what is received from now on is rated with the period barred.
  const books = new BillingBooks(store, service.inForce ?? inForce)
  const barred = barPeriod(service, books, period, request, clock.wallMs())
  if (!barred.ok) return barred
  const blocked = await relationsBefore(service, books, period, clock.wallMs())
  if (!blocked.ok) return blocked
  const rules = { nowMs: clock.wallMs(), force: request.force === true, blocked: blocked.value }
  const plan = service.attempt(() => closingPlan(books, period, rules))
  if (!plan.ok) return plan
  return await closeWith(service, clock, period, plan.value, { request, progress })
}

/** Whether a period may be closed now, by its time. */
function mayClose(store: TenantStore, period: Period, nowMs: number, { force }: ClosingRequest): Result<null> {
  if (period.startMs > nowMs) {
    return failed(
      fault('period_future', `Period ${period.key} begins at ${formatInstant(period.startMs)}, not before.`),
    )
  }
  const mayRun = force === true || stateOf(store, period) !== 'open'
  if (period.endMs > nowMs && !mayRun) {
    const text =
      `Period ${period.key} runs until ${formatInstant(period.endMs)}; usage of it that comes after the close stands on ` +
      'the next documents. Close it after that, or say --force to close it now.'
    return failed(fault('period_running', text))
  }
  return ok(null)
}

/** Marks a period as being closed, unless it is already or this is a dry run. */
function barPeriod(
  service: TenantService,
  books: BillingBooks,
  period: Period,
  { dryRun }: ClosingRequest,
  nowMs: number,
): Result<null> {
  const { store } = service
  const open = openBefore(store, period)
  if (open !== undefined) {
    const text =
      `Period ${open} comes before ${period.key} and is not closed, although something was charged in it. Close it first: ` +
      'documents are issued in the order of their periods.'
    return failed(fault('period_order', text, { period: open }))
  }
  if (dryRun === true || stateOf(store, period) !== 'open') return ok(null)
  const committed = service.attempt(() =>
    store.commitClosing(period.key, books.version, nowMs, { logSize: store.log.size }),
  )
  return committed.ok ? ok(null) : committed
}

/** An open period before one, of the same cycle, that something was charged in. */
function openBefore(store: TenantStore, { key }: Period): string | undefined {
  const { cycle } = periodKeyParts(key)
  const isBefore = (other: string): boolean => other < key && periodKeyParts(other).cycle === cycle
  return store.segments.periodKeys().find((other) => isBefore(other) && !store.documents.isBarred(other))
}

/**
 * Keys of the relations whose bill of an earlier period waits. Refused when such a bill could be issued now: it comes first.
 */
async function relationsBefore(
  service: TenantService,
  books: BillingBooks,
  { key }: Period,
  nowMs: number,
): Promise<Result<ReadonlySet<string>>> {
  const { cycle } = periodKeyParts(key)
  const waiting = new Set<string>()
  for (const earlier of books.store.documents.periods()) {
    if (earlier.state === 'closed' || earlier.key >= key || periodKeyParts(earlier.key).cycle !== cycle) continue
    const period = books.period(earlier.key)
    if (!period.ok) return period
    const plan = service.attempt(() => closingPlan(books, period.value, { nowMs, force: false, blocked: waiting }))
    if (!plan.ok) return plan
    const trial = await tryBills(service, plan.value)
    if (!trial.ok) return trial
    const ready = trial.value.bills.find((bill) => !books.catalogue.profile(bill.seller).approval)
    if (ready !== undefined) {
      const text = `The closing of ${earlier.key} is not finished: ask for it again before ${key}.`
      return failed(fault('period_order', text, { period: earlier.key }))
    }
    for (const each of [...trial.value.waiting, ...trial.value.bills]) waiting.add(relationKey(each))
  }
  return ok(waiting)
}

interface ClosingRules {
  readonly nowMs: number
  /** Grace is not waited for. */
  readonly force: boolean
  /** Keys of relations whose bill of an earlier period is not out. */
  readonly blocked: ReadonlySet<string>
}

function closingPlan(books: BillingBooks, period: Period, { nowMs, force, blocked }: ClosingRules): BillPlan {
  const hasDocument = ({ seller: entity, buyer, currency }: Relation): boolean =>
    books.store.documents.ordinaryNumber({ period: period.key, entity, buyer, currency }) !== null
  return {
    books,
    relations: relationsToBill(books, period).filter((relation) => !hasDocument(relation)),
    // Looked at again, because another closing of the same period may have gone on during a pause.
    billOf: (relation) => (hasDocument(relation) ? null : closingBill(books, relation, period)),
    waitsFor: (relation) => {
      const { seller, buyer, currency, kind } = relation
      if (kind === 'cost') return null
      const isBlocked = blocked.has(relationKey(relation))
      if (isBlocked) return { seller, buyer, currency, reason: 'earlier-period', untilMs: null }
      const untilMs = period.endMs + books.catalogue.profile(buyer).graceMs
      return force || nowMs >= untilMs ? null : { seller, buyer, currency, reason: 'grace', untilMs }
    },
  }
}

async function closeWith(
  service: TenantService,
  clock: Clock,
  period: Period,
  plan: BillPlan,
  { request, progress }: { readonly request: ClosingRequest; readonly progress: (message: string) => void },
): Promise<Result<ClosedPeriod>> {
  const { store } = service
  const run = await runBills(service, clock, plan, request, progress)
  if (!run.ok) return run
  const { waiting, bills } = run.value
  if (request.dryRun === true) return service.attempt(() => standing(store, period, waiting, bills))
  // Two closings of the same period may have run side by side; one of them ends it.
  if (waiting.length === 0 && stateOf(store, period) === 'closing') {
    const closed = service.attempt(() =>
      store.commitClosed({ period: period.key, closedMs: clock.wallMs() }, { logSize: store.log.size }),
    )
    if (!closed.ok) return closed
  }
  return await settled(service, clock, period, waiting, bills)
}

/** What comes after the documents: credit settles those it can, and the log is sealed. */
async function settled(
  service: TenantService,
  clock: Clock,
  period: Period,
  waiting: readonly WaitingBill[],
  bills: readonly BillSummary[],
): Promise<Result<ClosedPeriod>> {
  const credited = await applyCredits(service, clock)
  if (!credited.ok) return credited
  service.sealCheckpoint()
  return service.attempt(() => standing(service.store, period, waiting, bills))
}

function standing(
  store: TenantStore,
  period: Period,
  waiting: readonly WaitingBill[],
  bills: readonly BillSummary[],
): ClosedPeriod {
  return {
    period: period.key,
    state: stateOf(store, period),
    documents: store.documents.list(period.key).map(documentSummary),
    waiting,
    bills,
    digest: bills.length === 0 ? null : digestOfBills(bills),
  }
}

function stateOf(store: TenantStore, period: Period): 'open' | 'closing' | 'closed' {
  return store.documents.periods().find(({ key }) => key === period.key)?.state ?? 'open'
}
