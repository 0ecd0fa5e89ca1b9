import { assertThat } from '@meterline/shared/base/errors.ts'
import { emptyAccumulator, type Accumulator } from '@meterline/shared/rating/accumulate.ts'
import { openingMicros, positionMicros } from '@meterline/shared/rating/dispatch.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import { billDays, billLimit, billTiers, type SegmentDay } from './bill-parts.ts'
import type { BillingContract } from './billing-contract.ts'
import type { ContractItem, FeeItem, UsageItem } from './contract-item.ts'
import type { BillHistory, BillSoFar, DueLine } from './due-line.ts'
import { feePartTerms, feeTerms, feeUnit } from './fee-terms.ts'
import { feeSegmentMeter } from './fees-due.ts'
import { modelTerms } from './model-terms.ts'
import { placeWords } from './place-words.ts'
import { allowanceLines } from './steps/allowance-lines.ts'
import { commitmentLines } from './steps/commitment-lines.ts'
import { discountLines } from './steps/discount-lines.ts'
import { minimumLines } from './steps/minimum-lines.ts'

/** What a segment has come to, and what commits to those of its charges that stand on no document. */
export interface SegmentState {
  readonly accumulator: Accumulator
  /** All charge blocks so far. */
  readonly chargeBlocks: number
  /** Hash of the Merkle-sum root over the blocks behind those that stand on documents, in log order; 32 bytes. */
  readonly chargesRoot: Uint8Array
  /** What was used per UTC day, in their order. */
  readonly days: readonly SegmentDay[]
}

/** What a contract's lines are made of beside it. */
export interface DueSources {
  /** By segment key; a segment without an entry has come to nothing. */
  readonly segments: ReadonlyMap<string, SegmentState>
  readonly history: BillHistory
  /** The one in force. */
  readonly catalogue: Catalogue
}

/** For periods before which there is nothing. */
export const noHistory: BillHistory = { quantityOf: () => 0n, linesOf: () => [] }

/**
 * All that is due between a seller and a buyer for a period under what is known now, but for what they share with others
 * (`splitLines`): charges, allowances, commitments, minimums, discounts, in this order. With those of the period come the
 * fees and sums in advance of the next one, told by their `periodKey`.
 */
export function dueLines(contract: BillingContract, sources: DueSources): readonly DueLine[] {
  const steps = [commitmentLines, minimumLines, discountLines]
  return steps.reduce(
    (lines, step) => [...lines, ...step(soFar(contract, sources, lines))],
    chargedLines(contract, sources),
  )
}

/** Charges and allowances only: what rules over several periods add up. */
export function chargedLines(contract: BillingContract, sources: DueSources): readonly DueLine[] {
  const charges = contract.items.map((item) => chargeLine(item, sources))
  return [...charges, ...allowanceLines(soFar(contract, sources, charges))]
}

function soFar(
  { relation, period }: BillingContract,
  { catalogue, history }: DueSources,
  lines: readonly DueLine[],
): BillSoFar {
  return { relation, period, catalogue, lines, history }
}

function chargeLine(item: ContractItem, { segments }: DueSources): DueLine {
  return item.kind === 'fee' ? feeLine(item) : usageLine(item, segments.get(item.segmentKey))
}

function usageLine(item: UsageItem, state: SegmentState | undefined): DueLine {
  const { leg, price, model, placed, isOpen, offering, unit } = item
  const position = state?.accumulator ?? emptyAccumulator
  const chargesMicros = position.amountMicros
  const opening = openingMicros(model)
  assertThat(
    opening + chargesMicros === positionMicros(model, position),
    `the charges of segment ${item.segmentKey} do not add up to its total (I9)`,
  )
  const words = placeWords(placed)
  return {
    key: item.segmentKey,
    kind: 'usage',
    periodKey: periodKeyOf(item.segmentKey),
    account: item.account,
    description: `${offering.name}: ${leg.meter}${words === '' ? '' : ` (${words})`}`,
    subscription: item.subscription,
    offering: offering.id,
    price: price.name,
    terms: modelTerms(placed.terms, leg.currency, unit),
    meter: leg.meter,
    unit,
    quantity: position.quantity,
    events: position.events,
    chargesMicros,
    amountMicros: isOpen ? opening + chargesMicros : chargesMicros,
    chargeBlocks: state?.chargeBlocks ?? 0,
    days: billDays(model, position, state?.days ?? []),
    tiers: isOpen ? billTiers(placed.terms, model, leg.currency, unit, position) : [],
    limit: isOpen ? billLimit(placed.terms, model, leg.currency, position) : null,
    taxCode: price.taxCode,
    fee: null,
    usage: { model, position },
  }
}

/** A fee is due without charges, as an opening is; its tiers are the parts of the time it is for. */
function feeLine({ due: owed, offering, segmentKey, subscription, account }: FeeItem): DueLine {
  const { fee, due, period, quantity, amountMicros } = owed
  return {
    key: segmentKey,
    kind: 'fee',
    periodKey: period.key,
    account,
    description: `${offering.name}: ${fee.name}`,
    subscription,
    offering: offering.id,
    price: fee.name,
    terms: feeTerms(owed),
    meter: feeSegmentMeter,
    unit: feeUnit(fee.terms),
    quantity,
    events: 0,
    chargesMicros: 0n,
    amountMicros,
    chargeBlocks: 0,
    days: [],
    tiers: owed.parts.map((part) => ({
      fromUnits: 0n,
      upToUnits: null,
      quantity: part.quantity,
      amountMicros: part.amountMicros,
      terms: feePartTerms(owed, part),
    })),
    limit: null,
    taxCode: fee.taxCode,
    fee: { due, period: period.key },
    usage: null,
  }
}

/** Every key begins with the one of its period. */
function periodKeyOf(key: string): string {
  return key.slice(0, key.indexOf('/'))
}
