import { sha256 } from '@meterline/shared/integrity/hash.ts'
import { encodeLogEntry } from '@meterline/shared/model/log-entry-codec.ts'
import { ratingVersion } from '@meterline/shared/rating/dispatch.ts'
import type { Bill } from '../domain/billing/bill.ts'
import type { BilledLine } from '../domain/billing/due-line.ts'
import type { LedgerEntry } from '../domain/ledger/entry.ts'
import { encodeInvoice, invoiceName, issueInvoice } from '../documents/invoice.ts'
import type { DocumentRow } from '../store/document-table.ts'
import type { LateMark } from '../store/late-table.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import type { DocumentWrites, LedgerWrite } from '../store/writes.ts'
import { payableText } from './bill-digest.ts'
import type { PlannedBill } from './relation-bills.ts'

/** What becomes of bills in one commit, in the order they are taken. */
export class DocumentDraft {
  readonly logSize: number
  readonly #store: TenantStore
  readonly #issue: { readonly tenant: string; readonly catalogue: number; readonly nowMs: number }
  readonly #entries: Uint8Array[] = []
  readonly #documents: DocumentRow[] = []
  readonly #ledger: LedgerWrite[] = []
  readonly #billed: BilledLine[] = []
  readonly #cleared: LateMark[] = []
  readonly #late: LateMark[] = []
  readonly #lastNumbers = new Map<string, number>()

  constructor(
    store: TenantStore,
    issue: { readonly tenant: string; readonly catalogue: number; readonly nowMs: number },
  ) {
    this.#store = store
    this.#issue = issue
    this.logSize = store.log.size
  }

  take({ bill, purpose, relation, cleared, late }: PlannedBill): void {
    const marked = this.#store.lateMarks.periodsOf(relation)
    this.#cleared.push(...cleared.filter(({ period }) => marked.includes(period)))
    this.#late.push(...late)
    if (bill === null) return
    if (relation.kind === 'cost') this.#owePartner(bill)
    else this.#document(bill, purpose)
  }

  writes(): DocumentWrites {
    return {
      entries: this.#entries,
      documents: this.#documents,
      ledger: this.#ledger,
      billed: this.#billed,
      cleared: this.#cleared,
      late: this.#late,
    }
  }

  #document(bill: Bill, purpose: PlannedBill['purpose']): void {
    const { tenant, catalogue, nowMs } = this.#issue
    const { seller, buyer, currency } = bill.relation
    const series = seriesOf(bill)
    const number = this.#nextNumber(seller, series)
    const issue = { tenant, series, number, issuedAtMs: nowMs, ratingVersion, catalogue }
    const bytes = encodeInvoice(issueInvoice(bill, issue))
    const documentHash = sha256(bytes)
    const entries = [...bill.openingEntries, ...bill.issueEntries]
    const name = invoiceName({ series, number })
    const logIndex = this.#append(
      encodeLogEntry({ kind: 'document', entity: seller, series, number, documentHash, entries }),
      entries,
    )
    this.#documents.push({
      period: bill.period.key,
      entity: seller,
      buyer,
      currency,
      series,
      sequence: number,
      number: name,
      total: payableText(bill),
      purpose,
      logIndex,
      documentHash,
      bytes,
    })
    this.#billed.push(...bill.billed.map((line) => ({ ...line, document: name })))
  }

  /** Partners issue their own documents: what is due to them without usage is posted, and kept line by line. */
  #owePartner({ relation, openingEntries, billed }: Bill): void {
    this.#billed.push(...billed)
    if (openingEntries.length === 0) return
    const partition = `partner:${relation.seller}`
    const batchIndex = Math.max(0, this.#store.ratingCursor())
    const entry = {
      kind: 'ledger',
      ratingVersion,
      catalogueIndex: this.#issue.catalogue,
      batchIndex,
      partition,
    } as const
    this.#append(encodeLogEntry({ ...entry, postings: [], entries: openingEntries }), openingEntries)
  }

  #append(entry: Uint8Array, entries: readonly LedgerEntry[]): number {
    const logIndex = this.logSize + this.#entries.length
    this.#entries.push(entry)
    this.#ledger.push({ logIndex, entries })
    return logIndex
  }

  #nextNumber(entity: string, series: string): number {
    const number = (this.#lastNumbers.get(series) ?? this.#store.documents.lastSequence(entity, series)) + 1
    this.#lastNumbers.set(series, number)
    return number
  }
}

/**
 * Each legal entity numbers its invoices in one series and its credit notes in another, which carry its id, so that numbers
 * are unique in the tenant.
 */
export function seriesOf({ kind, relation }: Bill): string {
  return kind === 'credit-note' ? `${relation.seller}-cn` : relation.seller
}
