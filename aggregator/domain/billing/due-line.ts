import type { CompiledModel } from '@meterline/shared/rating/model.ts'
import type { Position } from '@meterline/shared/rating/position.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Relation } from '../ledger/templates.ts'
import type { BillDay, BillLimit, BillTier } from './bill-parts.ts'
import type { FeeDue } from './fees-due.ts'

/**
 * What a line is for, in the order in which a bill is made: charges (usage, fees), what is included in them (allowance),
 * what was agreed on (commitment, minimum), discounts, and last who pays which share (split).
 */
export type LineKind = 'usage' | 'fee' | 'allowance' | 'commitment' | 'minimum' | 'discount' | 'split'

/** What makes a line a fee. */
export interface BillFee {
  readonly due: FeeDue
  /** Key of the period it is for, which is not the bill's own for fees in advance. */
  readonly period: string
}

/**
 * One thing that a buyer owes for a period under what is known now, in total: what stands on earlier documents is not taken
 * off yet. The same key means the same thing for ever, whatever becomes of its amount.
 */
export interface DueLine {
  /**
   * Segment key of usage and fees; otherwise `<period>/<owner>/<kind>/<id>` with the account and tax code behind it where
   * one rule makes several lines. Unique among all lines of a tenant.
   */
  readonly key: string
  readonly kind: LineKind
  /** Key of the period it belongs to. */
  readonly periodKey: string
  /** The account whose section it stands in. */
  readonly account: string
  readonly description: string
  /** What it comes from; empty where it is of a contract or account as a whole. */
  readonly subscription: string
  readonly offering: string
  /** What the tenant file calls the price, fee, allowance, minimum, commitment or discount. */
  readonly price: string
  /** In words. */
  readonly terms: string
  /** Of usage and allowances the meter; otherwise the kind. */
  readonly meter: string
  readonly unit: string
  readonly quantity: bigint
  /** Charged records; 0 but for usage. */
  readonly events: number
  /** What of it was posted as charges; 0 but for usage. */
  readonly chargesMicros: bigint
  /** All of it, exact; below zero where it lowers the bill. */
  readonly amountMicros: bigint
  /** Charge blocks of its segment so far; 0 but for usage. */
  readonly chargeBlocks: number
  readonly days: readonly BillDay[]
  readonly tiers: readonly BillTier[]
  readonly limit: BillLimit | null
  readonly taxCode: string | null
  readonly fee: BillFee | null
  /** Of usage: how it was priced and where its segment stands; null for everything else. */
  readonly usage: PricedUsage | null
}

/** What a usage line was made of. */
export interface PricedUsage {
  readonly model: CompiledModel
  readonly position: Position
}

/** How a line is taxed: once documents say it, for ever. */
export interface LineTax {
  readonly region: string
  /** Exact decimal text. */
  readonly percent: string
}

/** What stands on documents of a line so far. */
export interface BilledLine {
  readonly key: string
  readonly kind: LineKind
  readonly periodKey: string
  readonly seller: string
  readonly buyer: string
  readonly currency: string
  readonly account: string
  readonly description: string
  readonly taxCode: string | null
  readonly unit: string
  readonly quantity: bigint
  readonly events: number
  readonly chargeBlocks: number
  readonly amountMicros: bigint
  readonly chargesMicros: bigint
  readonly invoicedMicros: bigint
  /** Null: not taxed. */
  readonly tax: LineTax | null
  /** Number of the document it stands on last; empty for costs, whose documents partners issue. */
  readonly document: string
}

/** What the steps after the charges may look at. All pure; `lines` grows from step to step. */
export interface BillSoFar {
  readonly relation: Relation
  readonly period: Period
  readonly catalogue: Catalogue
  /** In the order of the document: sections from above to below. */
  readonly lines: readonly DueLine[]
  readonly history: BillHistory
}

/** What earlier periods came to, under what is known now. */
export interface BillHistory {
  /**
   * Base units of a meter that a subscription used in another period of the same cycle, by the period's key; 0 when none.
   */
  quantityOf(subscription: string, meter: string, periodKey: string): bigint
  /**
   * What the lines of the same relation came to in another period, by its key: charges and allowances, without what
   * contracts make of them; empty when there are none.
   */
  linesOf(periodKey: string): readonly DueLine[]
}
