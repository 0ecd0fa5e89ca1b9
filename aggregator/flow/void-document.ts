import type { Clock } from '@meterline/shared/base/clock.ts'
import { assertThat, failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import type { LedgerEntry } from '@meterline/shared/model/log-entry.ts'
import { formatMicros } from '@meterline/shared/units/money.ts'
import type { BilledLine } from '../domain/billing/due-line.ts'
import { openMicros, type Claim } from '../domain/receivables/claim.ts'
import type { Moves } from '../domain/receivables/moves.ts'
import { decodeInvoice, type Invoice, type InvoiceLine } from '../documents/invoice.ts'
import { voidDocument, voidKindOf } from '../documents/note.ts'
import type { VoidedDocument } from '../store/money-decision-writes.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import { issuedDocument, nextNote } from './issue-note.ts'
import { decideOnce, type Decided, type MoneyDecision } from './money-decisions.ts'
import { issuedBill, linesOf, type IssuedInvoice } from './noted-documents.ts'
import type { Deciding } from './record-payment.ts'
import type { TenantService } from './tenant-service.ts'

/** A document to be taken back whole. */
export interface VoidOrder extends Deciding {
  readonly document: string
  readonly reason: string
  /** What was paid of it becomes credit of the buyer; without this a document that was paid is refused. */
  readonly toCredit: boolean
}

export type VoidFault = Fault<
  'document_paid' | 'document_has_notes' | 'document_disputed' | 'document_corrected' | 'document_lines_unknown'
>

/**
 * Takes a document back by a credit note of all of it, a credit note that a bill turned into by a debit note. Its lines are unbilled again, as if it had never been issued: the next
 * document of the two, or one that only corrects, bills what is due then.
 */
export async function voidIssued(
  service: TenantService,
  clock: Clock,
  { key, by, document, reason, toCredit }: VoidOrder,
): Promise<Result<MoneyDecision>> {
  const asked = {
    name: 'void' as const,
    key,
    derivedKey: (): string => `void:${document}`,
    request: { document, reason, toCredit },
    by,
  }
  return await decideOnce(service, clock, asked, (logIndex, nowMs) => {
    const { store } = service
    const issued = issuedBill(store, document)
    if (!issued.ok) return issued
    const wrong = voidFault(store, issued.value, toCredit)
    if (wrong !== null) return failed(wrong)
    const unbilled = unbilledLines(store, issued.value)
    if (!unbilled.ok) return unbilled
    return ok(decidedVoid(store, { logIndex, nowMs, reason }, issued.value, unbilled.value))
  })
}

function decidedVoid(
  store: TenantStore,
  { logIndex, nowMs, reason }: { readonly logIndex: number; readonly nowMs: number; readonly reason: string },
  { claim, invoice }: IssuedInvoice,
  unbilled: Pick<VoidedDocument, 'billed' | 'removed'>,
): Decided {
  const place = nextNote(store, invoice, voidKindOf(invoice))
  const entries = takenBack(invoice)
  const issue = { ...place, references: claim.document, issuedAtMs: nowMs, reason, entries }
  const issued = issuedDocument(voidDocument(invoice, issue), issue, logIndex + 1)
  const parties = { seller: claim.seller, buyer: claim.buyer, currency: claim.currency }
  const periods = new Set(linesOf(invoice).map((line) => periodKeyOf(invoice, line)))
  return {
    parties,
    moves: movesOfVoid(claim, place.name),
    cashAtMs: null,
    content: { name: 'void', document: claim.document, note: place.name, reason },
    issued: issued.log,
    writes: {
      note: { ...issued.rows, lines: [] },
      dispute: null,
      voided: {
        document: claim.document,
        by: place.name,
        ...unbilled,
        late: [...periods].map((period) => ({ period, ...parties })),
      },
    },
  }
}

/**
 * What was settled of an invoice becomes credit. What of a credit note became credit may be used by now, so that it is owed
 * again by the document that takes it back, which credit settles like any other.
 */
function movesOfVoid(claim: Claim, name: string): Moves {
  const openOfClaim = openMicros(claim)
  const isNote = claim.grossMicros < 0n
  const settlements = [
    { document: claim.document, micros: openOfClaim },
    { document: name, micros: isNote ? -openOfClaim : -claim.grossMicros },
  ].filter(({ micros }) => micros !== 0n)
  return { settlements, creditMicros: isNote ? 0n : claim.settledMicros, cashMicros: 0n }
}

function voidFault(store: TenantStore, { claim }: IssuedInvoice, toCredit: boolean): VoidFault | null {
  const { document, settledMicros } = claim
  if (store.disputes.notesOf(document).length > 0) {
    const text = `There are notes about ${document}: give back what is left of it by another credit note instead.`
    return fault('document_has_notes', text)
  }
  const open = store.disputes.ofDocument(document).find(({ resolution }) => resolution === null)
  if (open !== undefined) {
    const text = `A line of ${document} is disputed (dispute ${open.logIndex}): resolve that first.`
    return fault('document_disputed', text)
  }
  if (settledMicros > 0n && !toCredit) {
    const text =
      `${formatMicros(settledMicros)} of ${document} is paid. Say --to-credit to make that credit of the buyer, which the ` +
      'next document uses or "receivable refund" pays back.'
    return fault('document_paid', text)
  }
  return null
}

/** What documents say of the lines of a document once it is taken back. */
function unbilledLines(
  store: TenantStore,
  issued: IssuedInvoice,
): Result<Pick<VoidedDocument, 'billed' | 'removed'>, VoidFault> {
  const { claim, invoice } = issued
  const billed: BilledLine[] = []
  const removed: string[] = []
  const before = documentsBefore(store, issued)
  for (const line of linesOf(invoice)) {
    const known = store.billedLines.find(line.segment)
    if (known === null) {
      const text = `${claim.document} was issued by a version that did not keep what was billed of each line: write a credit note instead.`
      return failed(fault('document_lines_unknown', text))
    }
    if (known.document !== claim.document) {
      const text = `${known.document} corrects ${claim.document} (line ${line.segment}): take that back first, the last one first.`
      return failed(fault('document_corrected', text))
    }
    const earlier = before.get(line.segment)
    if (earlier === undefined) removed.push(line.segment)
    else billed.push(withoutLine(known, line, earlier))
  }
  return ok({ billed, removed })
}

/** On which document each line of this one stood last before, if it stood on any. */
function documentsBefore(store: TenantStore, { claim, invoice }: IssuedInvoice): ReadonlyMap<string, string> {
  const missing = new Set(linesOf(invoice).map(({ segment }) => segment))
  const found = new Map<string, string>()
  const earlier = store.receivables
    .ofParties(claim)
    .filter(({ logIndex, voidedBy }) => logIndex < claim.logIndex && voidedBy === null)
  for (const { document } of earlier.toReversed()) {
    if (missing.size === 0) break
    const decoded = decodeInvoice(store.documents.find(document)?.bytes ?? new Uint8Array(0))
    assertThat(decoded.ok, `the document ${document}, which was issued, can be read`)
    if (decoded.value.references !== undefined) continue
    for (const { segment } of linesOf(decoded.value)) if (missing.delete(segment)) found.set(segment, document)
  }
  return found
}

function withoutLine(known: BilledLine, line: InvoiceLine, document: string): BilledLine {
  const amountMicros = BigInt(line.amountMicros)
  return {
    ...known,
    quantity: known.quantity - BigInt(line.quantity),
    events: known.events - line.events,
    chargeBlocks: known.chargeBlocks - line.chargeBlocks,
    amountMicros: known.amountMicros - amountMicros,
    chargesMicros: known.chargesMicros - (amountMicros - BigInt(line.openingMicros)),
    invoicedMicros: known.invoicedMicros - BigInt(line.invoicedMicros),
    document,
  }
}

/** The key of the period that a line belongs to, with which every line key begins. */
function periodKeyOf({ period }: Invoice, { segment }: InvoiceLine): string {
  const at = segment.indexOf('/')
  return at === -1 ? period.key : segment.slice(0, at)
}

function takenBack({ ledger }: Invoice): readonly LedgerEntry[] {
  return ledger.map(({ entity, asset, account, debitMicros, creditMicros }) => ({
    entity,
    asset,
    account,
    debitMicros: BigInt(creditMicros),
    creditMicros: BigInt(debitMicros),
  }))
}
