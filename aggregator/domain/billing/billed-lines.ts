import { assertThat } from '@meterline/shared/base/errors.ts'
import { sumRoot } from '@meterline/shared/integrity/merkle-sum.ts'
import { formatMinorUnits, roundToMinorUnit } from '@meterline/shared/units/money.ts'
import { lineRounding, type BillLine, type BillTotal, type Correction } from './bill.ts'
import type { RelationParts } from './billed-relation.ts'
import type { BilledLine, DueLine } from './due-line.ts'

/** How one key is billed: what is due of it now, what documents say of it, and how the difference is to be shown. */
export interface LineDifference {
  /** Null: nothing any more. */
  readonly due: DueLine | null
  /** Null: no document has it. */
  readonly billed: BilledLine | null
  /** Hash of the Merkle-sum root over its blocks behind the billed ones; null: it has none. */
  readonly chargesRoot: Uint8Array | null
  readonly minorDigits: number
  readonly corrects: Correction | null
}

/** A line of a document, and what documents say of its key with it (`document` is left empty, `tax` as it was). */
export interface BilledDifference {
  readonly line: BillLine
  readonly billed: BilledLine
}

/**
 * What a document has to say of a key: due less billed, figure by figure. What has to be invoiced is the rounded total less
 * what was invoiced, so that all documents of the key together are its total, rounded once. Null where nothing changes.
 */
export function billedDifference(relation: RelationParts, difference: LineDifference): BilledDifference | null {
  const { due, billed, minorDigits } = difference
  const after = billedWith(relation, due, billed, minorDigits)
  const before = billed ?? nothing
  const amountMicros = after.amountMicros - before.amountMicros
  const invoicedMicros = after.invoicedMicros - before.invoicedMicros
  const quantity = after.quantity - before.quantity
  const events = after.events - before.events
  const chargeBlocks = after.chargeBlocks - before.chargeBlocks
  const changes = amountMicros !== 0n || invoicedMicros !== 0n || quantity !== 0n || events !== 0 || chargeBlocks !== 0
  if (!changes) return null
  assertThat(chargeBlocks >= 0, `the charges of ${after.key} that stand on documents are still there`)
  const isFirst = billed === null && difference.corrects === null
  const line: BillLine = {
    ...describedAs(due, after),
    segment: after.key,
    kind: after.kind,
    periodKey: after.periodKey,
    quantity,
    events,
    openingMicros: amountMicros - (after.chargesMicros - before.chargesMicros),
    ...rounded(amountMicros, invoicedMicros, minorDigits),
    fromBlock: before.chargeBlocks,
    chargeBlocks,
    chargesRoot: (chargeBlocks === 0 ? null : difference.chargesRoot) ?? sumRoot([]).hash,
    days: isFirst ? (due?.days ?? []) : [],
    tiers: isFirst ? (due?.tiers ?? []) : [],
    limit: isFirst ? (due?.limit ?? null) : null,
    taxCode: after.taxCode,
    billedTax: billed?.tax,
    fee: due?.fee ?? null,
    corrects: difference.corrects,
  }
  return { line, billed: after }
}

/** An amount in micros and what of it is invoiced, whole minor units. */
export function rounded(amountMicros: bigint, invoicedMicros: bigint, minorDigits: number): BillTotal {
  const { minorUnits, residueMicros } = roundToMinorUnit(invoicedMicros, minorDigits, lineRounding)
  assertThat(residueMicros === 0n, 'lines are invoiced in whole minor units')
  return {
    amountMicros,
    invoicedMicros,
    residueMicros: amountMicros - invoicedMicros,
    amount: formatMinorUnits(minorUnits, minorDigits),
  }
}

const nothing = {
  quantity: 0n,
  events: 0,
  chargeBlocks: 0,
  amountMicros: 0n,
  chargesMicros: 0n,
  invoicedMicros: 0n,
} as const

/** What documents say of a key once all that is due of it stands on them. */
function billedWith(
  { seller, buyer, currency }: RelationParts,
  due: DueLine | null,
  billed: BilledLine | null,
  minorDigits: number,
): BilledLine {
  if (due === null) {
    assertThat(billed !== null, 'a line is due or was billed')
    assertThat(billed.chargeBlocks === 0, `the charges of ${billed.key} are due as long as there are any`)
    return { ...billed, ...nothing, document: '' }
  }
  const { key, kind, periodKey, account, description, unit, quantity, events, chargeBlocks } = due
  const { amountMicros, chargesMicros } = due
  const invoicedMicros = roundToMinorUnit(amountMicros, minorDigits, lineRounding).roundedMicros
  return {
    key,
    kind,
    periodKey,
    seller,
    buyer,
    currency,
    account,
    description,
    // What is taken back has to bear the tax that was charged, whatever code the price names by now.
    taxCode: billed === null ? due.taxCode : billed.taxCode,
    unit,
    quantity,
    events,
    chargeBlocks,
    amountMicros,
    chargesMicros,
    invoicedMicros,
    tax: billed?.tax ?? null,
    document: '',
  }
}

/** What a line that is due no more was called; the rest of its words is on the document that billed it. */
function describedAs(
  due: DueLine | null,
  { key, kind, description, unit }: BilledLine,
): Pick<BillLine, 'description' | 'subscription' | 'offering' | 'price' | 'terms' | 'meter' | 'unit'> {
  if (due !== null) {
    const { subscription, offering, price, terms, meter } = due
    return { description: due.description, subscription, offering, price, terms, meter, unit: due.unit }
  }
  const [, owner = '', meter = kind] = key.split('/')
  const isOfSubscription = kind === 'usage' || kind === 'fee' || kind === 'allowance'
  return {
    description,
    subscription: isOfSubscription ? owner : '',
    offering: '',
    price: '',
    terms: 'not due any more',
    meter: kind === 'usage' ? meter : kind,
    unit,
  }
}
