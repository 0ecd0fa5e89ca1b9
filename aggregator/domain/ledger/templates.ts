import { ledgerAccounts, side, type LedgerEntry } from './entry.ts'

/** Who sells to whom in which currency, and whose books are kept here. */
export interface Relation {
  readonly seller: string
  readonly buyer: string
  /** `cost`: a partner sells to the operator, and keeps his books elsewhere. */
  readonly kind: 'sale' | 'cost'
  readonly currency: string
  readonly buyerKeepsBooks: boolean
}

/**
 * Usage was delivered and charged, before any invoice: the seller has earned it and the buyer, when it keeps books, owes
 * it. Negative micros reverse that, as when a volume price falls into a cheaper tier; nothing is posted for zero.
 */
export function usageSold(relation: Relation, micros: bigint): readonly LedgerEntry[] {
  const { seller, buyer, currency } = relation
  if (relation.kind === 'cost') return partnerCost(relation, micros)
  return [
    ...side(seller, currency, ledgerAccounts.unbilled(buyer), micros),
    ...side(seller, currency, ledgerAccounts.revenue, -micros),
    ...(relation.buyerKeepsBooks ? partnerCost(relation, micros) : []),
  ]
}

/** A partner delivered what the operator sold on: cost of sales against what will be payable; negative micros reverse it. */
export function partnerCost({ seller, buyer, currency }: Relation, micros: bigint): readonly LedgerEntry[] {
  return [
    ...side(buyer, currency, ledgerAccounts.costOfSales, micros),
    ...side(buyer, currency, ledgerAccounts.accruedPayable(seller), -micros),
  ]
}

/**
 * Usage was pre-rated at the edge with another snapshot than that of the version of record, `micros` below the bound that
 * it has there; negative micros above it. Two memorandum accounts of the seller, which concern nobody else.
 */
export function preratingDrift(seller: string, currency: string, micros: bigint): readonly LedgerEntry[] {
  return [
    ...side(seller, currency, ledgerAccounts.preratingDrift, micros),
    ...side(seller, currency, ledgerAccounts.preratingDriftContra, -micros),
  ]
}

/**
 * An invoice was issued: what was unbilled at its exact amount becomes receivable at the amount of the invoice, and what
 * rounding took away stands in an account of its own; in the buyer's books the same on the payable side.
 */
export function invoiceIssued(relation: Relation, exactMicros: bigint, invoicedMicros: bigint): readonly LedgerEntry[] {
  const { seller, buyer, currency, buyerKeepsBooks } = relation
  const residueMicros = exactMicros - invoicedMicros
  return [
    ...side(seller, currency, ledgerAccounts.receivable(buyer), invoicedMicros),
    ...side(seller, currency, ledgerAccounts.roundingResidue, residueMicros),
    ...side(seller, currency, ledgerAccounts.unbilled(buyer), -exactMicros),
    ...(buyerKeepsBooks
      ? [
          ...side(buyer, currency, ledgerAccounts.accruedPayable(seller), exactMicros),
          ...side(buyer, currency, ledgerAccounts.roundingResidue, -residueMicros),
          ...side(buyer, currency, ledgerAccounts.payable(seller), -invoicedMicros),
        ]
      : []),
  ]
}

/**
 * The tax of a document, in whole minor units; below zero on a credit note. On top of the lines it is receivable; included in
 * them it was earned with them and is taken out of revenue. In the books of a buyer who keeps some it is input tax, added to
 * what is payable or taken out of the cost of sales.
 */
export function taxInvoiced(relation: Relation, taxMicros: bigint, inclusive: boolean): readonly LedgerEntry[] {
  const { seller, buyer, currency, buyerKeepsBooks } = relation
  const { taxPayable, inputTax, revenue, costOfSales, receivable, payable } = ledgerAccounts
  return [
    ...side(seller, currency, inclusive ? revenue : receivable(buyer), taxMicros),
    ...side(seller, currency, taxPayable, -taxMicros),
    ...(buyerKeepsBooks
      ? [
          ...side(buyer, currency, inputTax, taxMicros),
          ...side(buyer, currency, inclusive ? costOfSales : payable(seller), -taxMicros),
        ]
      : []),
  ]
}
