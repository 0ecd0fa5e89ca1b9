import { failed, fault, ok, type Result } from '@meterline/shared/base/errors.ts'
import { toHex } from '@meterline/shared/integrity/hash.ts'
import { agingOf, daysOverdue, type AgedClaim, type AgedCredit, type AgingRow } from '../domain/receivables/aging.ts'
import { openMicros, type ClaimParties } from '../domain/receivables/claim.ts'
import type { DecisionContent } from '../domain/receivables/decision-content.ts'
import { creditableMicros } from '../domain/receivables/note.ts'
import { statementOf, type StatementEvent } from '../domain/receivables/statement.ts'
import type { DisputeRow } from '../store/dispute-table.ts'
import type { ClaimRow } from '../store/receivable-rows.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import { keepClaimsInStep } from './claims-in-step.ts'
import { decisionAt } from './money-decisions.ts'
import { issuedInvoice, linesOf, notedDocument } from './noted-documents.ts'
import { partiesNamed, type NamedParties } from './receivable-parties.ts'
import type { TenantService } from './tenant-service.ts'

/** Amounts of answers are decimal texts of micros; times are epoch milliseconds. */
type Shown<Row> = { readonly [Key in keyof Row]: Row[Key] extends bigint ? string : Row[Key] }

/** A document as something to be paid. */
export type ReceivableItem = Shown<Omit<ClaimRow, 'logIndex'>> & {
  readonly openMicros: string
  readonly daysOverdue: number
}

export interface AgingAnswer {
  readonly asOfMs: number
  readonly rows: readonly Shown<AgingRow>[]
}

export interface StatementAnswer extends ClaimParties {
  readonly fromMs: number
  readonly toMs: number
  readonly openingMicros: string
  readonly closingMicros: string
  readonly rows: readonly (Shown<StatementEvent> & { readonly balanceMicros: string })[]
}

/** A line of a document with what can still be given back of it. */
export interface ReceivableLine {
  readonly key: string
  readonly description: string
  readonly amount: string
  readonly creditableMicros: string
  readonly disputedMicros: string
}

export type DisputeItem = Shown<DisputeRow>

/** A dispute with what was said, and the charges of its line: block by block with the batch that they came with. */
export interface ShownDispute extends DisputeItem {
  readonly opened: DecisionContent
  readonly resolved: DecisionContent | null
  readonly charges: readonly { readonly batchIndex: number; readonly leaf: string; readonly amountMicros: string }[]
  /** Whether the list of charges ends before their end. */
  readonly more: boolean
}

/** A decision about money in the list of them. */
export interface DecisionItem {
  readonly logIndex: number
  readonly decision: DecisionContent
}

/** More charge blocks of a disputed line than this are not listed in one answer. */
const mostShownBlocks = 10_000

/** Documents that are not settled, or all of them, in the order of issue; of one buyer or of everybody. */
export async function listReceivables(
  service: TenantService,
  request: {
    readonly parties: NamedParties | null
    readonly all: boolean
    readonly limit: number
    readonly nowMs: number
  },
): Promise<Result<readonly ReceivableItem[]>> {
  const inStep = await keepClaimsInStep(service)
  if (!inStep.ok) return inStep
  const { parties, all, limit, nowMs } = request
  const { receivables } = service.store
  if (parties === null) {
    const items: ReceivableItem[] = []
    for (const claim of receivables.all(all ? 'every' : 'open')) {
      if (items.length === limit) break
      items.push(itemOf(claim, nowMs))
    }
    return ok(items)
  }
  const found = partiesNamed(service, parties)
  if (!found.ok) return found
  const claims = all ? receivables.ofParties(found.value) : receivables.openOf(found.value)
  return ok(claims.slice(0, limit).map((claim) => itemOf(claim, nowMs)))
}

/** Who owes what at an instant, by how long it is overdue: documents, money and disputes as they stood then. */
export async function agingReport(
  service: TenantService,
  { asOfMs, buyer }: { readonly asOfMs: number; readonly buyer: string | null },
): Promise<Result<AgingAnswer>> {
  const inStep = await keepClaimsInStep(service)
  if (!inStep.ok) return inStep
  const { store } = service
  const settled = new Map<string, bigint>()
  const credits = new Map<string, { parties: ClaimParties; micros: bigint }>()
  for (const { parties, document, micros, atMs } of store.receivables.moves(null)) {
    if (atMs > asOfMs || (buyer !== null && parties.buyer !== buyer)) continue
    const key = `${parties.seller} ${parties.buyer} ${parties.currency}`
    const credit = credits.get(key) ?? { parties, micros: 0n }
    credits.set(key, { parties, micros: credit.micros + (document === null ? micros : -micros) })
    if (document !== null) settled.set(document, (settled.get(document) ?? 0n) + micros)
  }
  const disputed = disputedAt(store, asOfMs)
  const claims: AgedClaim[] = []
  for (const claim of store.receivables.all('every')) {
    // Money that came before a document was issued was credit until then.
    if (claim.issuedMs > asOfMs || (buyer !== null && claim.buyer !== buyer)) {
      const early = settled.get(claim.document)
      const key = `${claim.seller} ${claim.buyer} ${claim.currency}`
      const credit = credits.get(key)
      if (early !== undefined && credit !== undefined) {
        credits.set(key, { ...credit, micros: credit.micros + early })
      }
      continue
    }
    const { seller, buyer: owing, currency, dueMs, grossMicros, document } = claim
    const open = openMicros({ grossMicros, settledMicros: settled.get(document) ?? 0n })
    const own = disputed.get(document) ?? 0n
    claims.push({ seller, buyer: owing, currency, dueMs, openMicros: open, disputedMicros: own })
  }
  const aged: AgedCredit[] = [...credits.values()].map(({ parties, micros }) => ({ ...parties, creditMicros: micros }))
  return ok({ asOfMs, rows: agingOf(claims, aged, asOfMs).map(shown) })
}

/** The account of one buyer with his seller, from an instant until before another. */
export async function accountStatement(
  service: TenantService,
  { parties, fromMs, toMs }: { readonly parties: NamedParties; readonly fromMs: number; readonly toMs: number },
): Promise<Result<StatementAnswer>> {
  const inStep = await keepClaimsInStep(service)
  if (!inStep.ok) return inStep
  const found = partiesNamed(service, parties)
  if (!found.ok) return found
  const { store } = service
  const documents = store.receivables.ofParties(found.value).map((claim): StatementEvent => {
    const { document, issuedMs, logIndex, grossMicros } = claim
    return { atMs: issuedMs, logIndex, kind: documentKind(store, document), reference: document, micros: grossMicros }
  })
  const money: StatementEvent[] = []
  for (const { document, decisionIndex, micros, atMs } of store.receivables.moves(found.value)) {
    if (document !== null) continue
    const decision = decisionAt(store, decisionIndex)
    const reference = 'reference' in decision ? decision.reference : decision.key
    const back = decision.name === 'payment-reversal' ? 'reversal' : 'refund'
    money.push({ atMs, logIndex: decisionIndex, kind: micros < 0n ? back : 'payment', reference, micros: -micros })
  }
  const { openingMicros, rows, closingMicros } = statementOf([...documents, ...money], fromMs, toMs)
  return ok({
    ...found.value,
    fromMs,
    toMs,
    openingMicros: openingMicros.toString(),
    closingMicros: closingMicros.toString(),
    rows: rows.map(shown),
  })
}

/** The lines of a document, with what notes and disputes leave of them. */
export async function receivableLines(
  service: TenantService,
  document: string,
): Promise<Result<readonly ReceivableLine[]>> {
  const inStep = await keepClaimsInStep(service)
  if (!inStep.ok) return inStep
  const issued = issuedInvoice(service.store, document)
  if (!issued.ok) return issued
  const noted = notedDocument(service.store, issued.value)
  const disputes = service.store.disputes.ofDocument(document).filter(({ resolution }) => resolution === null)
  return ok(
    linesOf(issued.value.invoice).map(({ segment, description, amount }, index) => {
      const line = noted.lines[index]
      const left = line === undefined ? 0n : creditableMicros(line)
      const held = disputes.filter((dispute) => dispute.line === segment)
      return {
        key: segment,
        description,
        amount,
        creditableMicros: (left > 0n ? left : 0n).toString(),
        disputedMicros: held.reduce((sum, { lineMicros }) => sum + lineMicros, 0n).toString(),
      }
    }),
  )
}

/** The newest disputes first. */
export function listDisputes(
  { store }: TenantService,
  { all, limit }: { readonly all: boolean; readonly limit: number },
): readonly DisputeItem[] {
  return store.disputes.list(all, limit).map(shown)
}

/** A dispute with its evidence. */
export function showDispute({ store }: TenantService, logIndex: number): Result<ShownDispute> {
  const dispute = store.disputes.find(logIndex)
  if (dispute === undefined) {
    return failed(fault('dispute_unknown', `There is no dispute ${logIndex}; "dispute list" shows those there are.`))
  }
  const opened = decisionAt(store, logIndex)
  const evidence = opened.name === 'dispute' ? opened.evidence : null
  const blocks = Math.min(evidence?.chargeBlocks ?? 0, mostShownBlocks)
  const charges = store.disputes.chargesOf(evidence?.segment ?? '', evidence?.fromBlock ?? 0, blocks)
  return ok({
    ...shown(dispute),
    opened,
    resolved: dispute.resolution === null ? null : decisionAt(store, dispute.resolution.logIndex),
    charges: charges.map(({ batchIndex, leaf, amountMicros }) => ({
      batchIndex,
      leaf: toHex(leaf),
      amountMicros: amountMicros.toString(),
    })),
    more: (evidence?.chargeBlocks ?? 0) > charges.length,
  })
}

/** What was decided between two parties, the newest first. */
export function listDecisions(
  service: TenantService,
  { parties, limit }: { readonly parties: NamedParties; readonly limit: number },
): Result<readonly DecisionItem[]> {
  const found = partiesNamed(service, parties)
  if (!found.ok) return found
  const rows = service.store.decisions.ofParties(found.value, limit)
  return ok(rows.map(({ logIndex }) => ({ logIndex, decision: decisionAt(service.store, logIndex) })))
}

function itemOf({ logIndex: _place, ...claim }: ClaimRow, nowMs: number): ReceivableItem {
  const overdue = daysOverdue(claim.dueMs, nowMs)
  return { ...shown(claim), openMicros: openMicros(claim).toString(), daysOverdue: overdue > 0 ? overdue : 0 }
}

/** What of each document was disputed at an instant. */
function disputedAt(store: TenantStore, asOfMs: number): ReadonlyMap<string, bigint> {
  const disputed = new Map<string, bigint>()
  for (const { document, micros, openedMs, resolution } of store.disputes.all()) {
    if (openedMs > asOfMs || (resolution !== null && resolution.resolvedMs <= asOfMs)) continue
    disputed.set(document, (disputed.get(document) ?? 0n) + micros)
  }
  return disputed
}

function documentKind(store: TenantStore, document: string): 'invoice' | 'credit-note' | 'debit-note' {
  const series = store.documents.find(document)?.series ?? ''
  if (series.endsWith('-cn')) return 'credit-note'
  return series.endsWith('-dn') ? 'debit-note' : 'invoice'
}

function shown<Row extends object>(row: Row): Shown<Row> {
  const entries = Object.entries(row).map(([key, value]: [string, unknown]): [string, unknown] => [
    key,
    typeof value === 'bigint' ? value.toString() : value,
  ])
  return Object.fromEntries(entries) as Shown<Row>
}
