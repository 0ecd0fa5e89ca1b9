import { assertThat } from '@meterline/shared/base/errors.ts'
import { minorDigitsOf } from '@meterline/shared/units/currency.ts'
import { formatMinorUnits, roundToMinorUnit } from '@meterline/shared/units/money.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import { isWithin } from '../domain/accounts/account-tree.ts'
import { lineRounding, type Bill } from '../domain/billing/bill.ts'
import { relationKey, type RelationParts } from '../domain/billing/billed-relation.ts'
import { compareBills, type ComparedLine, type ComparedSide } from '../domain/billing/compare-bills.ts'
import type { BilledLine } from '../domain/billing/due-line.ts'
import { makeBill } from '../domain/billing/period-bill.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import type { Relation } from '../domain/ledger/templates.ts'
import type { BillingBooks } from './billing-books.ts'
import { relationsToBill } from './relation-bills.ts'
import type { SimulatedBill, SimulatedLine, SimulatedSide, SimulatedTotal } from './simulation-answers.ts'

/** What a period comes to in one relation, as if no document said anything of it, and what documents say. */
export interface WholeBill {
  readonly parts: RelationParts
  /** Null: nothing is due. */
  readonly bill: Bill | null
  readonly billed: ReadonlyMap<string, BilledLine>
}

/** By relation, in the order of their keys. */
export type WholeBills = ReadonlyMap<string, WholeBill>

/** Everything that a buyer owes for a period, and nothing in advance for the next. */
export function wholeBills(books: BillingBooks, account: string, period: Period): WholeBills {
  const relations = relationsToBill(books, period, buyersBehind(books.catalogue, account, period))
  return new Map(
    relations
      .filter(({ buyer }) => buyer === account)
      .map((relation) => [relationKey(relation), wholeBill(books, relation, period)]),
  )
}

/** Who stands on the bills of an account: itself, and whoever shares a bill with it. */
function buyersBehind({ tree, file }: Catalogue, account: string, { startMs }: Period): readonly string[] {
  const sharing = file.accounts.filter(({ id, parentPays }) => {
    const place = (parentPays?.share ?? null) === null ? undefined : tree.accountAt(id, startMs)
    return place !== undefined && isWithin(place, account)
  })
  return [...new Set([account, ...sharing.map(({ id }) => id)])]
}

function wholeBill(books: BillingBooks, relation: Relation, period: Period): WholeBill {
  const { seller, buyer, currency } = relation
  const hasDocument = books.store.documents.ordinaryNumber({ period: period.key, entity: seller, buyer, currency })
  // How many subjects a period that is billed counts is what its document counted.
  const part = books.part(relation, period, hasDocument === null ? 'own' : 'correction')
  const lines = part.lines.filter(({ periodKey }) => periodKey === period.key)
  const bill = makeBill({ relation, period, catalogues: books.catalogues }, [
    { ...part, role: 'own', lines, billed: new Map() },
  ])
  return { parts: relation, bill, billed: books.store.billedLines.of(relation, period.key) }
}

/** Two sides of the same bills, in the order of seller and currency. `suspendedMicros` by `seller currency`. */
export function comparedBills(
  { now, tried }: { readonly now: WholeBills; readonly tried: WholeBills },
  suspendedMicros: ReadonlyMap<string, bigint>,
): readonly SimulatedBill[] {
  const keys = [...new Set([...now.keys(), ...tried.keys()])].toSorted()
  return keys.flatMap((key) => {
    const before = now.get(key)
    const after = tried.get(key)
    const parts = before?.parts ?? after?.parts
    assertThat(parts !== undefined, 'a relation of one side is there')
    const billed = before?.billed ?? after?.billed ?? new Map<string, BilledLine>()
    const suspended = suspendedMicros.get(`${parts.seller} ${parts.currency}`) ?? 0n
    const bill = comparedBill(parts, before?.bill ?? null, after?.bill ?? null, billed, suspended)
    return bill.lines.length === 0 && suspended === 0n ? [] : [bill]
  })
}

function comparedBill(
  { seller, buyer, currency }: RelationParts,
  now: Bill | null,
  tried: Bill | null,
  billed: ReadonlyMap<string, BilledLine>,
  suspendedMicros: bigint,
): SimulatedBill {
  const minorDigits = minorDigitsOf(currency)
  assertThat(minorDigits !== undefined, `${currency} is a currency of a checked tenant file`)
  const text = (micros: bigint): string =>
    formatMinorUnits(roundToMinorUnit(micros, minorDigits, lineRounding).minorUnits, minorDigits)
  const [before, after] = [totalMicros(now), totalMicros(tried)]
  const billedMicros = [...billed.values()].reduce((sum, { invoicedMicros }) => sum + invoicedMicros, 0n)
  return {
    seller,
    buyer,
    currency,
    lines: compareBills(now, tried, billed).map((line) => simulatedLine(line, text)),
    now: totalText(before, text),
    tried: totalText(after, text),
    billed: text(billedMicros),
    difference: totalText(
      { lines: after.lines - before.lines, tax: after.tax - before.tax, toPay: after.toPay - before.toPay },
      text,
    ),
    sinceBilled: text(after.lines - billedMicros),
    suspendedMicros: suspendedMicros.toString(),
  }
}

function simulatedLine(line: ComparedLine, text: (micros: bigint) => string): SimulatedLine {
  const { account, kind, subscription, description, unit, now, tried, billedMicros } = line
  const thenMicros = tried?.invoicedMicros ?? 0n
  return {
    account,
    kind,
    subscription,
    description,
    unit,
    now: sideOf(now, text),
    tried: sideOf(tried, text),
    billed: text(billedMicros),
    difference: text(thenMicros - (now?.invoicedMicros ?? 0n)),
    sinceBilled: text(thenMicros - billedMicros),
  }
}

function sideOf(side: ComparedSide | null, text: (micros: bigint) => string): SimulatedSide | null {
  if (side === null) return null
  const { terms, quantity, amountMicros, invoicedMicros } = side
  return { terms, quantity: quantity.toString(), amountMicros: amountMicros.toString(), amount: text(invoicedMicros) }
}

/** Micros, in whole minor units. */
type TotalMicros = Readonly<Record<keyof SimulatedTotal, bigint>>

function totalMicros(bill: Bill | null): TotalMicros {
  if (bill === null) return { lines: 0n, tax: 0n, toPay: 0n }
  return { lines: bill.total.invoicedMicros, tax: bill.taxes.taxMicros, toPay: bill.taxes.grossMicros }
}

function totalText({ lines, tax, toPay }: TotalMicros, text: (micros: bigint) => string): SimulatedTotal {
  return { lines: text(lines), tax: text(tax), toPay: text(toPay) }
}
