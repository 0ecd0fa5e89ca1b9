import type { RoundingRule } from '@meterline/shared/units/money.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { Party } from '../accounts/account-tree.ts'
import type { LedgerEntry } from '../ledger/entry.ts'
import type { Relation } from '../ledger/templates.ts'
import type { BillDay, BillLimit, BillTier } from './bill-parts.ts'
import type { DocumentParty } from './document-party.ts'
import type { BilledLine, BillFee, LineKind, LineTax } from './due-line.ts'
import type { BillTaxes } from './taxes.ts'

/** How lines are rounded to the minor unit: commercially, half a cent away from zero. */
export const lineRounding: RoundingRule = 'half-away'

/** What a line of an earlier period changes. */
export interface Correction {
  /** Number of the document that the line stands on last; null: the buyer got none for the period. */
  readonly document: string | null
  /** Key of the period. */
  readonly period: string
}

/** Sums over lines, without tax that is added to them. */
export interface BillTotal {
  readonly amountMicros: bigint
  readonly invoicedMicros: bigint
  /** amountMicros − invoicedMicros. */
  readonly residueMicros: bigint
  /** `invoicedMicros` in currency units with the digits of the minor unit. */
  readonly amount: string
}

/**
 * One line of a document: what is due of its key less what earlier documents say of it. Every figure is such a difference
 * and may be below zero.
 */
export interface BillLine extends BillTotal {
  /** The key of the line, which is that of its segment where it is usage. */
  readonly segment: string
  readonly kind: LineKind
  /** Key of the period it belongs to, which is not the bill's own for fees in advance and corrections. */
  readonly periodKey: string
  readonly description: string
  readonly subscription: string
  readonly offering: string
  /** What the tenant file calls the price, fee, allowance, minimum, commitment or discount. */
  readonly price: string
  /** In words. */
  readonly terms: string
  /** Of usage and allowances the meter; otherwise the kind. */
  readonly meter: string
  readonly unit: string
  /** Base units; of a fee, how many of what it counts. */
  readonly quantity: bigint
  /** Charged records. */
  readonly events: number
  /** What no charge has posted: fees, what is due before usage, allowances, minimums, discounts; part of `amountMicros`. */
  readonly openingMicros: bigint
  /** How many blocks of its segment stand on earlier documents: its own begin behind them. */
  readonly fromBlock: number
  readonly chargeBlocks: number
  /** Hash of the Merkle-sum root over its own charge blocks in log order, 32 bytes. */
  readonly chargesRoot: Uint8Array
  /** The days with usage, in their order; none on a line that was billed before or corrects. */
  readonly days: readonly BillDay[]
  /** What each tier of the price contributes, in their order; with `limit` they add up to the line. None where there are no days. */
  readonly tiers: readonly BillTier[]
  /** What the minimum or maximum of the price did to the line; null: nothing, or the line was billed before. */
  readonly limit: BillLimit | null
  /** Null when it names none. */
  readonly taxCode: string | null
  /** How documents tax it already (null: not at all); undefined where none has it yet. */
  readonly billedTax: LineTax | null | undefined
  /** Null for everything but fees. */
  readonly fee: BillFee | null
  /** Null for a line of the bill's own period and for fees in advance that no document had. */
  readonly corrects: Correction | null
}

export interface BillSection {
  readonly account: Party
  readonly depth: number
  readonly lines: readonly BillLine[]
  readonly total: BillTotal
}

/**
 * What a bill is: the ordinary one of a period, one in the middle of it, or one that only corrects. Below zero in total
 * it is a credit note whatever it is for.
 */
export type BillKind = 'invoice' | 'credit-note' | 'progressive'

/** What one seller bills one buyer in one currency with one document. */
export interface Bill {
  readonly kind: BillKind
  /** Of a test tenant: nobody owes it. */
  readonly isTest: boolean
  readonly relation: Relation
  readonly seller: DocumentParty
  readonly buyer: DocumentParty
  /** Days after issue until it is due; null: it does not say. */
  readonly paymentDays: number | null
  readonly minorDigits: number
  readonly rounding: RoundingRule
  readonly period: Period
  readonly sections: readonly BillSection[]
  /** Sums over all lines (I10). */
  readonly total: BillTotal
  readonly taxes: BillTaxes
  /** Posts what no charge has posted. */
  readonly openingEntries: readonly LedgerEntry[]
  /** Moves the exact total from unbilled to receivable, and the tax; empty for costs, whose documents partners issue. */
  readonly issueEntries: readonly LedgerEntry[]
  /** What documents say of its lines with this one; `document` is empty until it has a number. */
  readonly billed: readonly BilledLine[]
}
