import { assertThat } from '@meterline/shared/base/errors.ts'
import { sumRoot } from '@meterline/shared/integrity/merkle-sum.ts'
import { emptyAccumulator, type Accumulator } from '@meterline/shared/rating/accumulate.ts'
import { openingMicros, positionMicros } from '@meterline/shared/rating/dispatch.ts'
import { formatMinorUnits, roundToMinorUnit, type RoundingRule } from '@meterline/shared/units/money.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { Party } from '../accounts/account-tree.ts'
import { assertBalanced, type LedgerEntry } from '../ledger/entry.ts'
import { invoiceIssued, usageSold, type Relation } from '../ledger/templates.ts'
import {
  billDays,
  billLimit,
  billTiers,
  type BillDay,
  type BillLimit,
  type BillTier,
  type SegmentDay,
} from './bill-parts.ts'
import {
  billingContracts,
  type BillingContract,
  type ContractItem,
  type ContractSources,
  type FeeItem,
  type UsageItem,
} from './billing-contract.ts'
import { feeTerms, feeUnit } from './fee-terms.ts'
import { feeSegmentMeter, type FeeDue } from './fees-due.ts'
import { modelTerms } from './model-terms.ts'
import { placeWords } from './place-words.ts'

/** How lines are rounded to the minor unit: commercially, half a cent away from zero. */
export const lineRounding: RoundingRule = 'half-away'

/** What a segment has come to, and what commits to its charges. */
export interface SegmentState {
  readonly accumulator: Accumulator
  /** Hash of the Merkle-sum root over all charge blocks of the segment in log order, 32 bytes. */
  readonly chargesRoot: Uint8Array
  readonly chargeBlocks: number
  /** What was used per UTC day, in their order. */
  readonly days: readonly SegmentDay[]
}

/** One line: a meter of a subscription at one model of one price, or a fee. */
export interface BillLine {
  readonly description: string
  readonly subscription: string
  readonly offering: string
  /** What the tenant file calls the price. */
  readonly price: string
  /** The price in words. */
  readonly terms: string
  /** `fee` where the line is one. */
  readonly meter: string
  readonly unit: string
  /** Base units; of a fee, how many of what it counts. */
  readonly quantity: bigint
  /** Charged records. */
  readonly events: number
  /** Due before any usage, or a fee; part of `amountMicros`. */
  readonly openingMicros: bigint
  /** Exact: what is due before usage and the sum of all charges (I9). */
  readonly amountMicros: bigint
  readonly invoicedMicros: bigint
  /** amountMicros − invoicedMicros. */
  readonly residueMicros: bigint
  /** `invoicedMicros` in currency units with the digits of the minor unit. */
  readonly amount: string
  readonly segment: string
  readonly chargesRoot: Uint8Array
  readonly chargeBlocks: number
  /** The days with usage, in their order. */
  readonly days: readonly BillDay[]
  /** What each tier of the price contributes, in their order; with `limit` they add up to the line. */
  readonly tiers: readonly BillTier[]
  /** What the minimum or maximum of the price did to the line; null: nothing. */
  readonly limit: BillLimit | null
  /** The tax code of the price or fee; null when it names none. */
  readonly taxCode: string | null
  /** Null for usage. */
  readonly fee: BillFee | null
}

/** What makes a line a fee. */
export interface BillFee {
  readonly due: FeeDue
  /** Key of the period it is for, which is not the bill's own for fees in advance. */
  readonly period: string
}

/** Sums over lines. */
export interface BillTotal {
  readonly amountMicros: bigint
  readonly invoicedMicros: bigint
  readonly residueMicros: bigint
  readonly amount: string
}

export interface BillSection {
  readonly account: Party
  readonly depth: number
  readonly lines: readonly BillLine[]
  readonly total: BillTotal
}

/** What one seller bills one buyer for one period in one currency. */
export interface Bill {
  readonly relation: Relation
  readonly seller: Party
  readonly buyer: Party
  readonly minorDigits: number
  readonly rounding: RoundingRule
  readonly period: Period
  readonly sections: readonly BillSection[]
  /** Sums over all lines (I10). */
  readonly total: BillTotal
  /** Posts what is due before usage, which no charge has posted. */
  readonly openingEntries: readonly LedgerEntry[]
  /** Moves the exact total from unbilled to receivable; empty for costs, whose documents partners issue. */
  readonly issueEntries: readonly LedgerEntry[]
}

/** The bills of all sellers for a period, sorted by seller, buyer and currency; `segments` by segment key. */
export function periodBills(
  sources: Omit<ContractSources, 'segmentKeys'>,
  segments: ReadonlyMap<string, SegmentState>,
): readonly Bill[] {
  return billingContracts({ ...sources, segmentKeys: segments.keys() }).map((contract) =>
    periodBill(contract, segments),
  )
}

/**
 * The bill of a contract from what its segments have come to. Pure: the same for closing a period and for trying it out.
 */
export function periodBill(contract: BillingContract, segments: ReadonlyMap<string, SegmentState>): Bill {
  const { relation, seller, buyer, minorDigits, period } = contract
  const sections = contract.sections.map(({ account, depth, items }) => {
    const lines = items.map((item) => lineOf(item, minorDigits, segments.get(item.segmentKey)))
    return { account, depth, lines, total: totalOf(lines, minorDigits) }
  })
  const lines = sections.flatMap((section) => section.lines)
  const total = totalOf(lines, minorDigits)
  const opening = lines.reduce((sum, line) => sum + line.openingMicros, 0n)
  const openingEntries = usageSold(relation, opening)
  const issueEntries = relation.kind === 'sale' ? invoiceIssued(relation, total.amountMicros, total.invoicedMicros) : []
  assertBalanced(openingEntries)
  assertBalanced(issueEntries)
  return {
    relation,
    seller,
    buyer,
    minorDigits,
    rounding: lineRounding,
    period,
    sections,
    total,
    openingEntries,
    issueEntries,
  }
}

function lineOf(item: ContractItem, minorDigits: number, state: SegmentState | undefined): BillLine {
  return item.kind === 'fee' ? feeLine(item, minorDigits) : usageLine(item, minorDigits, state)
}

function usageLine(item: UsageItem, minorDigits: number, state: SegmentState | undefined): BillLine {
  const { leg, price, model, placed, offering, unit } = item
  const position = state?.accumulator ?? emptyAccumulator
  const opening = openingMicros(model)
  const amountMicros = opening + position.amountMicros
  assertThat(
    amountMicros === positionMicros(model, position),
    `the charges of segment ${item.segmentKey} do not add up to its total (I9)`,
  )
  const words = placeWords(placed)
  return {
    description: `${offering.name}: ${leg.meter}${words === '' ? '' : ` (${words})`}`,
    subscription: item.subscription,
    offering: offering.id,
    price: price.name,
    terms: modelTerms(placed.terms, leg.currency, unit),
    meter: leg.meter,
    unit,
    quantity: position.quantity,
    events: position.events,
    openingMicros: opening,
    ...invoiced(amountMicros, minorDigits),
    segment: item.segmentKey,
    chargesRoot: state?.chargesRoot ?? sumRoot([]).hash,
    chargeBlocks: state?.chargeBlocks ?? 0,
    days: billDays(model, position, state?.days ?? []),
    tiers: billTiers(placed.terms, model, leg.currency, unit, position),
    limit: billLimit(placed.terms, model, leg.currency, position),
    taxCode: price.taxCode,
    fee: null,
  }
}

/** A fee is due without charges, as an opening is, and has one tier: itself. */
function feeLine({ due: owed, offering, segmentKey, subscription }: FeeItem, minorDigits: number): BillLine {
  const { fee, due, period, quantity, amountMicros } = owed
  const terms = feeTerms(owed)
  return {
    description: `${offering.name}: ${fee.name}`,
    subscription,
    offering: offering.id,
    price: fee.name,
    terms,
    meter: feeSegmentMeter,
    unit: feeUnit(fee.terms),
    quantity,
    events: 0,
    openingMicros: amountMicros,
    ...invoiced(amountMicros, minorDigits),
    segment: segmentKey,
    chargesRoot: sumRoot([]).hash,
    chargeBlocks: 0,
    days: [],
    tiers: [{ fromUnits: 0n, upToUnits: null, quantity, amountMicros, terms }],
    limit: null,
    taxCode: fee.taxCode,
    fee: { due, period: period.key },
  }
}

/** An exact amount, and what becomes of it on an invoice. */
function invoiced(amountMicros: bigint, minorDigits: number): BillTotal {
  const { minorUnits, roundedMicros, residueMicros } = roundToMinorUnit(amountMicros, minorDigits, lineRounding)
  const amount = formatMinorUnits(minorUnits, minorDigits)
  return { amountMicros, invoicedMicros: roundedMicros, residueMicros, amount }
}

/** Invoiced amounts are whole minor units, so rounding their sum changes nothing and only formats it. */
function totalOf(lines: readonly BillLine[], minorDigits: number): BillTotal {
  const amountMicros = lines.reduce((sum, line) => sum + line.amountMicros, 0n)
  const invoicedMicros = lines.reduce((sum, line) => sum + line.invoicedMicros, 0n)
  const { minorUnits, residueMicros } = roundToMinorUnit(invoicedMicros, minorDigits, lineRounding)
  assertThat(residueMicros === 0n, 'lines are invoiced in whole minor units')
  return {
    amountMicros,
    invoicedMicros,
    residueMicros: amountMicros - invoicedMicros,
    amount: formatMinorUnits(minorUnits, minorDigits),
  }
}
