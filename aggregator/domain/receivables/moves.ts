import { assertThat } from '@meterline/shared/base/errors.ts'
import { ledgerAccounts, netEntries, side, type LedgerEntry } from '../ledger/entry.ts'
import type { ClaimParties } from './claim.ts'

/** What becomes settled of a document: above zero of what a buyer owes, below zero of a credit note. */
export interface Settlement {
  readonly document: string
  readonly micros: bigint
}

/**
 * What one decision moves between two parties. Money that comes in settles documents or becomes credit of the buyer; credit
 * settles documents or is paid back. So the settlements and what the credit rises by are what came in.
 */
export interface Moves {
  readonly settlements: readonly Settlement[]
  /** What the buyer's credit balance rises by; below zero where it is used. */
  readonly creditMicros: bigint
  /** What the seller received; below zero where he paid back. */
  readonly cashMicros: bigint
}

/** The accounts of what is paid, beside those of `ledgerAccounts`. */
export const paymentAccounts = {
  /** What was received and paid, wherever it lies. */
  cash: 'cash',
  /** In the seller's books: what a buyer paid, or was given, and no document has used yet. */
  creditBalance: (buyer: string): string => `credit_balance:${buyer}`,
  /** The same in the books of a buyer that keeps them. */
  advance: (seller: string): string => `advance:${seller}`,
} as const

/** What all settlements come to together. */
export function settledMicros(settlements: readonly Settlement[]): bigint {
  return settlements.reduce((sum, { micros }) => sum + micros, 0n)
}

/**
 * The entries of moves: in the seller's books what was receivable is cash or was credit; the same from the other side in the
 * books of a buyer that keeps them. Throws where the moves do not add up.
 */
export function moveEntries(
  { seller, buyer, currency }: ClaimParties,
  { settlements, creditMicros, cashMicros }: Moves,
  buyerKeepsBooks: boolean,
): readonly LedgerEntry[] {
  const settled = settledMicros(settlements)
  assertThat(
    settled + creditMicros === cashMicros,
    `${settled} settled and ${creditMicros} of credit are not ${cashMicros} received from ${buyer}`,
  )
  return netEntries([
    ...side(seller, currency, paymentAccounts.cash, cashMicros),
    ...side(seller, currency, ledgerAccounts.receivable(buyer), -settled),
    ...side(seller, currency, paymentAccounts.creditBalance(buyer), -creditMicros),
    ...(buyerKeepsBooks
      ? [
          ...side(buyer, currency, paymentAccounts.cash, -cashMicros),
          ...side(buyer, currency, ledgerAccounts.payable(seller), settled),
          ...side(buyer, currency, paymentAccounts.advance(seller), creditMicros),
        ]
      : []),
  ])
}
