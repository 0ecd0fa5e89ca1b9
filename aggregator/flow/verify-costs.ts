import type { LedgerLogEntry } from '@meterline/shared/model/log-entry.ts'
import { ledgerAccounts } from '../domain/ledger/entry.ts'
import { relationKey, type RelationParts } from '../domain/billing/billed-relation.ts'
import type { BooksReader } from '../store/books-reader.ts'
import type { BooksAudit } from './books-audit.ts'

/** Account names about a seller begin so. */
const payablePrefix = ledgerAccounts.accruedPayable('')

/**
 * What partners are owed without usage: it stands on no document of ours, so what is kept of it line by line is held against
 * what the ledger transactions without postings have booked (I10).
 */
export class CostCheck {
  /** Micros owed, by relation. */
  readonly #booked = new Map<string, bigint>()

  /** A ledger transaction without postings. */
  take({ entries }: LedgerLogEntry): void {
    for (const { entity, asset, account, debitMicros, creditMicros } of entries) {
      if (!account.startsWith(payablePrefix)) continue
      const parts = { seller: account.slice(payablePrefix.length), buyer: entity, currency: asset }
      this.#add(this.#booked, parts, creditMicros - debitMicros)
    }
  }

  /** Nothing is said of books with periods that were closed before lines were kept. */
  finish(reader: BooksReader, audit: BooksAudit): void {
    const tables = reader.documents.billingTables()
    if (tables.documents.periods().some(({ key }) => !tables.documents.keepsLines(key))) return
    const kept = new Map<string, bigint>()
    for (const line of reader.documents.billedLines()) {
      if (line.document === '') this.#add(kept, line, line.amountMicros - line.chargesMicros)
    }
    for (const relation of new Set([...kept.keys(), ...this.#booked.keys()])) {
      const [lines, booked] = [kept.get(relation) ?? 0n, this.#booked.get(relation) ?? 0n]
      if (lines !== booked)
        audit.report(`I10: ${booked} micros are booked as due without usage in ${relation}, its lines make ${lines}`)
    }
  }

  #add(sums: Map<string, bigint>, parts: RelationParts, micros: bigint): void {
    const key = relationKey(parts)
    sums.set(key, (sums.get(key) ?? 0n) + micros)
  }
}
