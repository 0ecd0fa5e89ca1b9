import type { DocumentLogEntry, LedgerEntry } from '@meterline/shared/model/log-entry.ts'
import { ledgerAccounts, netEntries } from '../domain/ledger/entry.ts'
import { invoiceIssued, taxInvoiced, usageSold } from '../domain/ledger/templates.ts'
import type { Invoice } from '../documents/invoice.ts'
import { saidTaxOf } from './verify-taxes.ts'

/**
 * Whether the entries posted with a document are those that its lines make in the books of its seller and of a buyer that
 * keeps books: what no charge has posted becomes unbilled, all of it receivable, and its tax is owed (I10).
 */
export function areEntriesOfInvoice(
  invoice: Invoice,
  { entries }: Pick<DocumentLogEntry, 'entries'>,
  buyerKeepsBooks: boolean,
): boolean {
  const { seller, buyer, currency, sections, total } = invoice
  const relation = { seller: seller.id, buyer: buyer.id, kind: 'sale', currency, buyerKeepsBooks } as const
  const openingMicros = sections
    .flatMap(({ lines }) => lines)
    .reduce((sum, line) => sum + BigInt(line.openingMicros), 0n)
  const { taxMicros, inclusive } = saidTaxOf(invoice)
  const due = [
    ...usageSold(relation, openingMicros),
    ...invoiceIssued(relation, BigInt(total.amountMicros), BigInt(total.invoicedMicros)),
    ...taxInvoiced(relation, taxMicros, inclusive),
  ]
  return areSameEntries(entries, due)
}

/** Whether entries come to the same on every account. */
export function areSameEntries(left: readonly LedgerEntry[], right: readonly LedgerEntry[]): boolean {
  return entriesText(left) === entriesText(right)
}

/**
 * What is wrong with the entries a document names, for the end of a sentence: they are those of the log, and they make the
 * buyer owe exactly what it says is to be paid (I10).
 */
export function ledgerFault(invoice: Invoice, { entries }: DocumentLogEntry): string | undefined {
  const named = invoice.ledger.map(({ entity, asset, account, debitMicros, creditMicros }) => [
    entity,
    asset,
    account,
    debitMicros,
    creditMicros,
  ])
  const logged = entries.map(({ entity, asset, account, debitMicros, creditMicros }) => [
    entity,
    asset,
    account,
    debitMicros.toString(),
    creditMicros.toString(),
  ])
  if (JSON.stringify(named) !== JSON.stringify(logged)) return 'it names other ledger entries than the log'
  const receivable = ledgerAccounts.receivable(invoice.buyer.id)
  const owed = entries
    .filter(({ entity, account }) => entity === invoice.seller.id && account === receivable)
    .reduce((sum, { debitMicros, creditMicros }) => sum + debitMicros - creditMicros, 0n)
  const { grossMicros } = saidTaxOf(invoice)
  return owed === grossMicros ? undefined : `its entries make ${owed} micros receivable, it says ${grossMicros}`
}

function entriesText(entries: readonly LedgerEntry[]): string {
  return JSON.stringify(
    netEntries(entries).map((entry) => ({
      ...entry,
      debitMicros: entry.debitMicros.toString(),
      creditMicros: entry.creditMicros.toString(),
    })),
  )
}
