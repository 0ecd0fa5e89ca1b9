import type { Clock } from '@meterline/shared/base/clock.ts'
import { assertThat, failed, fault, ok } from '@meterline/shared/base/errors.ts'
import type { Result } from '@meterline/shared/base/errors.ts'
import { sha256 } from '@meterline/shared/integrity/hash.ts'
import { sumRoot } from '@meterline/shared/integrity/merkle-sum.ts'
import { encodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import { ratingVersion } from '@meterline/shared/rating/dispatch.ts'
import { parseSegmentKey, segmentKeyPrefix } from '@meterline/shared/rating/segment.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { parsePeriodKey } from '@meterline/shared/units/period.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import { periodBills } from '../domain/billing/period-bill.ts'
import type { Bill, SegmentState } from '../domain/billing/period-bill.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { catalogueFromBytes } from '../domain/catalogue/compile-catalogue.ts'
import { encodeInvoice, invoiceName, issueInvoice } from '../documents/invoice.ts'
import type { DocumentRow } from '../store/document-table.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import type { ClosedWrites, DocumentWrites, LedgerWrite } from '../store/writes.ts'
import type { DocumentSummary } from './commands.ts'
import { documentSummary } from './document-summary.ts'
import type { TenantService } from './tenant-service.ts'

/** Documents issued in one transaction; between two of them other work goes on. */
const documentsPerCommit = 50

/** What to close. */
export interface ClosingRequest {
  readonly tenant: string
  readonly period: string
  /** Close the period that still runs: its later usage goes to suspense. */
  readonly force?: boolean
}

/** A closed period with its documents in the order they were issued. */
export interface ClosedPeriod {
  readonly period: string
  readonly documents: readonly DocumentSummary[]
}

/**
 * Closes a period: waits until everything received is rated, bars the period against later usage, issues a document to
 * every buyer, marks it closed. Each step is its own commit, so a closing that was cut off goes on where it stopped when
 * it is asked for again; a closed period only answers with its documents.
 */
export async function closePeriod(
  service: TenantService,
  clock: Clock,
  request: ClosingRequest,
  progress: (message: string) => void = () => undefined,
): Promise<Result<ClosedPeriod>> {
  const period = parsePeriodKey(request.period)
  if (!period.ok) return period
  const { key } = period.value
  const begun = await beginClosing(service, clock, period.value, request.force === true, progress)
  if (!begun.ok) return begun
  if (begun.value === 'closing') {
    const issued = await issueDocuments(service, clock, period.value, progress)
    if (!issued.ok) return issued
    service.sealCheckpoint()
  }
  return ok({ period: key, documents: service.store.documents.list(key).map(documentSummary) })
}

async function beginClosing(
  service: TenantService,
  clock: Clock,
  period: Period,
  force: boolean,
  progress: (message: string) => void,
): Promise<Result<'closing' | 'closed'>> {
  const state = stateOf(service.store, period)
  if (state !== 'open') return ok(state)
  const nowMs = clock.wallMs()
  if (period.startMs > nowMs) {
    return failed(
      fault('period_future', `Period ${period.key} begins at ${formatInstant(period.startMs)}, not before.`),
    )
  }
  if (period.endMs > nowMs && !force) {
    const text =
      `Period ${period.key} runs until ${formatInstant(period.endMs)}; usage of it that comes after the close goes to ` +
      'suspense. Close it after that, or say --force to close it now.'
    return failed(fault('period_running', text))
  }
  if (service.hasUnrated) progress('waiting until everything received is rated')
  while (service.hasUnrated) {
    const caughtUp = await service.caughtUp()
    if (!caughtUp.ok) return caughtUp
  }
  // Nothing runs between this check and the commit: what is received from now on is rated with the period barred.
  const now = stateOf(service.store, period)
  const { inForce, store } = service
  if (now !== 'open') return ok(now)
  if (inForce === null)
    return failed(fault('catalogue_missing', `Tenant ${service.tenant} has no catalogue to bill with.`))
  const committed = service.attempt(() =>
    store.commitClosing(period.key, inForce.version, clock.wallMs(), { logSize: store.log.size }),
  )
  return committed.ok ? ok('closing') : committed
}

function stateOf(store: TenantStore, period: Period): 'open' | 'closing' | 'closed' {
  return store.documents.periods().find(({ key }) => key === period.key)?.state ?? 'open'
}

async function issueDocuments(
  service: TenantService,
  clock: Clock,
  period: Period,
  progress: (message: string) => void,
): Promise<Result<null>> {
  const { store, tenant } = service
  const bills = loadBills(store, period)
  const waiting = bills.filter((bill) => bill.relation.kind === 'sale' && !store.documents.isIssued(billKey(bill)))
  for (let at = 0; at < waiting.length; at += documentsPerCommit) {
    // Looked at again, because another closing of the same period may have gone on during the pause.
    const group = waiting.slice(at, at + documentsPerCommit).filter((bill) => !store.documents.isIssued(billKey(bill)))
    const logSize = store.log.size
    const writes = documentWrites(store, tenant, group, clock.wallMs())
    const committed = service.attempt(() => store.commitDocuments(writes, { logSize }))
    if (!committed.ok) return committed
    progress(`${Math.min(at + documentsPerCommit, waiting.length)} of ${waiting.length} documents issued`)
    const paused = await service.pause()
    if (!paused.ok) return paused
  }
  // Two closings of the same period may have run side by side; one of them ends it.
  if (stateOf(store, period) === 'closed') return ok(null)
  const logSize = store.log.size
  const writes = closedWrites(store, period, bills, clock.wallMs())
  const closed = service.attempt(() => store.commitClosed(writes, { logSize }))
  return closed.ok ? ok(null) : closed
}

/** Everything the period's bills are made of: what its segments have come to, and the catalogues they were rated with. */
function loadBills(store: TenantStore, period: Period): readonly Bill[] {
  const barred = store.documents.periods().find(({ key }) => key === period.key)
  assertThat(barred !== undefined, `bills are made of a period that is barred, and ${period.key} is not`)
  const segments = new Map<string, SegmentState>()
  const days = store.segmentDays.daysOf(segmentKeyPrefix(period.key))
  for (const [key, accumulator] of store.segments.accumulatorsOf(segmentKeyPrefix(period.key))) {
    const leaves = store.segments.leavesOf(key).map(({ leaf, amountMicros }) => ({ hash: leaf, sum: amountMicros }))
    const own = [...(days.get(key) ?? [])].map(([day, usage]) => ({ day, ...usage }))
    segments.set(key, { accumulator, chargesRoot: sumRoot(leaves).hash, chargeBlocks: leaves.length, days: own })
  }
  const catalogues = loadCatalogues(store, barred.catalogueIndex, [...segments.keys()])
  return periodBills({ catalogues, period }, segments)
}

/** The catalogue in force and, newest first, as many earlier ones as it takes to know every segment's price. */
function loadCatalogues(store: TenantStore, newest: number, segmentKeys: readonly string[]): readonly Catalogue[] {
  const catalogues: Catalogue[] = []
  let unknown = segmentKeys
  for (let at = newest; at >= 0;) {
    const row = store.catalogues.inForceAt(at)
    if (row === undefined) break
    const catalogue = catalogueFromBytes(row.content)
    assertThat(catalogue.ok, `catalogue ${row.logIndex}, which was applied, can be read`)
    catalogues.push(catalogue.value)
    unknown = unknown.filter((key) => {
      const { subscription, priceId } = parseSegmentKey(key)
      return catalogue.value.subscriptions.get(subscription)?.pricesById.has(priceId) !== true
    })
    if (unknown.length === 0) break
    at = row.logIndex - 1
  }
  return catalogues
}

function billKey(bill: Bill): Pick<DocumentRow, 'period' | 'entity' | 'buyer' | 'currency'> {
  const { seller, buyer, currency } = bill.relation
  return { period: bill.period.key, entity: seller, buyer, currency }
}

function documentWrites(store: TenantStore, tenant: string, bills: readonly Bill[], nowMs: number): DocumentWrites {
  const logSize = store.log.size
  const entries: Uint8Array[] = []
  const documents: DocumentRow[] = []
  const ledger: LedgerWrite[] = []
  const given = new Map<string, number>()
  for (const bill of bills) {
    const { seller } = bill.relation
    // Each legal entity numbers its invoices in one series that carries its id, so that numbers are unique in the tenant.
    const series = seller
    const number = (given.get(series) ?? store.documents.lastSequence(seller, series)) + 1
    given.set(series, number)
    const bytes = encodeInvoice(issueInvoice(bill, { tenant, series, number, issuedAtMs: nowMs, ratingVersion }))
    const documentHash = sha256(bytes)
    const logIndex = logSize + entries.length
    const posted = [...bill.openingEntries, ...bill.issueEntries]
    entries.push(encodeLogEntry({ kind: 'document', entity: seller, series, number, documentHash, entries: posted }))
    ledger.push({ logIndex, entries: posted })
    documents.push({
      ...billKey(bill),
      series,
      sequence: number,
      number: invoiceName({ series, number }),
      total: bill.total.amount,
      logIndex,
      documentHash,
      bytes,
    })
  }
  return { entries, documents, ledger }
}

/** Partners issue their own documents, so what is due to them without usage is posted when the period is closed. */
function closedWrites(store: TenantStore, period: Period, bills: readonly Bill[], nowMs: number): ClosedWrites {
  const logSize = store.log.size
  const entries: Uint8Array[] = []
  const ledger: LedgerWrite[] = []
  const catalogueIndex = store.documents.periods().find(({ key }) => key === period.key)?.catalogueIndex ?? 0
  const batchIndex = Math.max(0, store.ratingCursor())
  for (const bill of bills) {
    if (bill.relation.kind !== 'cost' || bill.openingEntries.length === 0) continue
    const partition = `partner:${bill.relation.seller}`
    ledger.push({ logIndex: logSize + entries.length, entries: bill.openingEntries })
    entries.push(
      encodeLogEntry({
        kind: 'ledger',
        ratingVersion,
        catalogueIndex,
        batchIndex,
        partition,
        postings: [],
        entries: bill.openingEntries,
      }),
    )
  }
  return { period: period.key, closedMs: nowMs, entries, ledger }
}
