import type { Clock } from '@meterline/shared/base/clock.ts'
import { failed, fault, ok, type Fault, type Result } from '@meterline/shared/base/errors.ts'
import { formatMicros } from '@meterline/shared/units/money.ts'
import { creditableMicros, makeNote } from '../domain/receivables/note.ts'
import type { DisputeRow } from '../store/dispute-table.ts'
import { nothingElse } from '../store/money-decision-writes.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import { decidedNote } from './issue-note.ts'
import { decideOnce, noMoves, type Decided, type MoneyDecision } from './money-decisions.ts'
import { issuedInvoice, linesOf, notedDocument } from './noted-documents.ts'
import { amountMicros } from './receivable-parties.ts'
import type { Deciding } from './record-payment.ts'
import type { TenantService } from './tenant-service.ts'

/** A line that a buyer disputes, or an amount of it. */
export interface DisputeOrder extends Deciding {
  readonly document: string
  readonly line: string
  /** As the lines of the document count; null: all that is left of the line. */
  readonly amount: string | null
  readonly reason: string
}

/** How a dispute ends: a credit note over an amount (null: what was disputed), or a rejection. */
export interface ResolutionOrder extends Deciding {
  /** Log index of the decision that opened it. */
  readonly dispute: number
  readonly outcome: 'credited' | 'rejected'
  readonly amount: string | null
  readonly reason: string
}

export type DisputeFault = Fault<'dispute_too_large' | 'dispute_unknown' | 'dispute_resolved'>

/**
 * Holds a line of a document as disputed, with the charges that it commits to as evidence: until it is resolved the amount
 * is overdue in no report, and no payment goes to it that does not name its document.
 */
export async function openDispute(
  service: TenantService,
  clock: Clock,
  { key, by, document, line, amount, reason }: DisputeOrder,
): Promise<Result<MoneyDecision>> {
  const request = { document, line, amount, reason }
  return await decideOnce(
    service,
    clock,
    { name: 'dispute', key, derivedKey: null, request, by },
    (logIndex, nowMs) => {
      const { store } = service
      const issued = issuedInvoice(store, document)
      if (!issued.ok) return issued
      const { claim, invoice } = issued.value
      const asked = amount === null ? ok(null) : amountMicros(amount, invoice.currency)
      if (!asked.ok) return asked
      const noted = notedDocument(store, issued.value)
      const known = noted.lines.find((each) => each.key === line)
      const left = known === undefined ? 0n : creditableMicros(known) - openDisputes(store, document, line)
      const note = makeNote(noted, { kind: 'credit-note', lines: [{ key: line, micros: asked.value ?? left }] })
      if (!note.ok) return note
      const lineMicros = asked.value ?? left
      if (lineMicros > left) return failed(tooLarge(document, line, left))
      const disputedMicros = note.value.grossMicros
      const evidence = evidenceOf(linesOf(invoice).find(({ segment }) => segment === line))
      return ok({
        parties: { seller: claim.seller, buyer: claim.buyer, currency: claim.currency },
        moves: noMoves,
        cashAtMs: null,
        content: {
          name: 'dispute' as const,
          document,
          line,
          lineMicros: lineMicros.toString(),
          disputedMicros: disputedMicros.toString(),
          reason,
          evidence,
        },
        issued: null,
        writes: {
          ...nothingElse,
          dispute: {
            kind: 'opened' as const,
            row: { logIndex, document, line, lineMicros, micros: disputedMicros, openedMs: nowMs },
          },
        },
      })
    },
  )
}

/** Ends a dispute, by a credit note or by rejecting it; what is left of the line is owed as before. */
export async function resolveDispute(
  service: TenantService,
  clock: Clock,
  { key, by, dispute, outcome, amount, reason }: ResolutionOrder,
): Promise<Result<MoneyDecision>> {
  const derivedKey = (): string => `dispute-resolution:${dispute}`
  const asked = {
    name: 'dispute-resolution' as const,
    key,
    derivedKey,
    request: { dispute, outcome, amount, reason },
    by,
  }
  return await decideOnce(service, clock, asked, (logIndex, nowMs) => {
    const { store } = service
    const row = store.disputes.find(dispute)
    if (row === undefined) {
      return failed(fault('dispute_unknown', `There is no dispute ${dispute}; "dispute list" shows those there are.`))
    }
    if (row.resolution !== null) {
      const text = `Dispute ${dispute} was ${row.resolution.outcome} already (log entry ${row.resolution.logIndex}).`
      return failed(fault('dispute_resolved', text))
    }
    const made = resolution(service, { row, amount, outcome, reason, logIndex, nowMs })
    if (!made.ok) return made
    const { decided, note } = made.value
    return ok({
      ...decided,
      content: { name: 'dispute-resolution' as const, dispute, outcome, note, reason },
      writes: {
        ...decided.writes,
        dispute: { kind: 'resolved' as const, dispute: row, end: { logIndex, resolvedMs: nowMs, outcome } },
      },
    })
  })
}

interface Resolving extends Pick<ResolutionOrder, 'amount' | 'outcome' | 'reason'> {
  readonly row: DisputeRow
  readonly logIndex: number
  readonly nowMs: number
}

function resolution(
  service: TenantService,
  { row, amount, outcome, reason, logIndex, nowMs }: Resolving,
): Result<{ readonly decided: Omit<Decided, 'content'>; readonly note: string | null }> {
  const issued = issuedInvoice(service.store, row.document)
  if (!issued.ok) return issued
  const { claim, invoice } = issued.value
  if (outcome === 'rejected') {
    const parties = { seller: claim.seller, buyer: claim.buyer, currency: claim.currency }
    return ok({ decided: { parties, moves: noMoves, cashAtMs: null, issued: null, writes: nothingElse }, note: null })
  }
  const asked = amount === null ? ok(row.lineMicros) : amountMicros(amount, invoice.currency)
  if (!asked.ok) return asked
  if (asked.value > row.lineMicros) return failed(tooLarge(row.document, row.line, row.lineMicros))
  const lines = [{ key: row.line, micros: asked.value }]
  const note = makeNote(notedDocument(service.store, issued.value), { kind: 'credit-note', lines })
  if (!note.ok) return note
  const made = decidedNote(service, { logIndex, nowMs, reason }, issued.value, note.value)
  return ok({ decided: made.decided, note: made.number })
}

/** What of a line is disputed already, as the lines of the document count. */
function openDisputes(store: TenantStore, document: string, line: string): bigint {
  return store.disputes
    .ofDocument(document)
    .filter((dispute) => dispute.line === line && dispute.resolution === null)
    .reduce((sum, { lineMicros }) => sum + lineMicros, 0n)
}

function evidenceOf(
  line: ReturnType<typeof linesOf>[number] | undefined,
): Extract<Decided['content'], { name: 'dispute' }>['evidence'] {
  return {
    segment: line?.segment ?? '',
    fromBlock: line?.fromBlock ?? 0,
    chargeBlocks: line?.chargeBlocks ?? 0,
    chargesRoot: line?.chargesRoot ?? '',
    amountMicros: line?.amountMicros ?? '0',
  }
}

function tooLarge(document: string, line: string, left: bigint): DisputeFault {
  const text = `${formatMicros(left > 0n ? left : 0n)} of the line ${line} of ${document} can be disputed, no more.`
  return fault('dispute_too_large', text)
}
