import type { Period } from '@meterline/shared/units/period.ts'
import type { Bill } from '../domain/billing/bill.ts'
import { relationKey, type RelationParts } from '../domain/billing/billed-relation.ts'
import { relationOfParts } from '../domain/billing/buyer-index.ts'
import { makeBill, type DuePart } from '../domain/billing/period-bill.ts'
import { splitPayer, splitSources } from '../domain/billing/split-lines.ts'
import { contractRelations, duePeriodsDepend } from '../domain/billing/steps/contract-relations.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import type { Relation } from '../domain/ledger/templates.ts'
import { periodKeyParts } from '../domain/periods/billing-cycle.ts'
import type { DocumentPurpose } from '../store/document-table.ts'
import type { LateMark } from '../store/late-table.ts'
import type { BillingBooks } from './billing-books.ts'

/** A bill as it would be issued now, with what is done with its commit. */
export interface PlannedBill {
  readonly relation: Relation
  readonly purpose: Exclude<DocumentPurpose, 'note'>
  /** Null: nothing changes, and there is only something to be cleared. */
  readonly bill: Bill | null
  readonly cleared: readonly LateMark[]
  readonly late: readonly LateMark[]
}

/** The ordinary bill of a relation for a period: what the period comes to, and what earlier ones changed by since. */
export function closingBill(books: BillingBooks, relation: Relation, period: Period): PlannedBill {
  const earlier = periodsBehind(books, relation, period.key)
  const parts = [books.part(relation, period, 'own'), ...correctionParts(books, relation, earlier)]
  const cleared = [period, ...earlier]
  // Whoever pays a share may have had his bill before this usage came.
  const isLate = books.store.lateMarks.periodsOf(relation).includes(period.key)
  return planned(books, { relation, purpose: 'period', period, parts, cleared, passedOn: isLate ? cleared : earlier })
}

/** A bill that only corrects: what periods of a relation that are billed changed by; null when none is marked. */
export function correctingBill(books: BillingBooks, relation: Relation): PlannedBill | null {
  const marked = periodsBehind(books, relation, null)
  const period = marked.at(-1)
  if (period === undefined) return null
  const parts = correctionParts(books, relation, marked)
  return planned(books, { relation, purpose: 'correction', period, parts, cleared: marked, passedOn: marked })
}

/** What can be billed of a period that still runs. */
export function progressiveBill(books: BillingBooks, relation: Relation, period: Period): PlannedBill {
  const parts = [books.part(relation, period, 'progressive')]
  return planned(books, { relation, purpose: 'progressive', period, parts, cleared: [], passedOn: [] })
}

/**
 * Every relation that may owe something on the bill of a period: who used something or has fees, whom a contract asks for
 * something, who pays a share of others, of whom documents or late marks say something. By seller, buyer and currency. `buyers`: whose usage and fees
 * are looked for.
 */
export function relationsToBill(
  books: BillingBooks,
  period: Period,
  buyers: Iterable<string> = books.buyers(),
): readonly Relation[] {
  const { catalogue, store } = books
  const found = new Map<string, Relation>()
  const take = (relation: Relation): void => {
    for (let each: Relation | null = relation; each !== null; each = splitPayer(each, catalogue, period)) {
      const key = relationKey(each)
      if (found.has(key)) return
      found.set(key, each)
    }
  }
  const { cycle } = periodKeyParts(period.key)
  for (const buyer of buyers) {
    if (cycleOf(books, buyer, period) !== cycle) continue
    for (const relation of books.relationsOf(buyer, period)) take(relation)
  }
  for (const relation of contractRelations(catalogue, period)) take(relation)
  for (const parts of store.billedLines.relations(period.key)) take(relationOfParts(parts, catalogue))
  for (const mark of store.lateMarks.list()) {
    const isEarlier = periodKeyParts(mark.period).cycle === cycle && mark.period < period.key
    if (isEarlier && cycleOf(books, mark.buyer, period) === cycle) take(relationOfParts(mark, catalogue))
  }
  return [...found].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, relation]) => relation)
}

/** The relations of which a period that is billed has changed since, by seller, buyer and currency. */
export function relationsBehind(books: BillingBooks): readonly Relation[] {
  const found = new Map<string, Relation>()
  for (const mark of books.store.lateMarks.list()) {
    found.set(relationKey(mark), relationOfParts(mark, books.catalogue))
  }
  return [...found.values()]
}

/** Id of the cycle that a buyer's documents follow in a period; empty for calendar months. */
function cycleOf({ catalogue }: BillingBooks, buyer: string, { startMs }: Period): string {
  return catalogue.tree.accountAt(buyer, startMs)?.cycle.id ?? ''
}

/**
 * The periods before one (null: all) that are marked late for a relation or for one it pays a share of, and have their
 * documents; with them all billed ones after, where what is due for a period depends on earlier ones. In their order.
 */
function periodsBehind(books: BillingBooks, relation: Relation, before: string | null): readonly Period[] {
  const { store, catalogue } = books
  const marked = new Set(store.lateMarks.periodsOf(relation))
  const [latest] = [...marked].toReversed()
  const at = before ?? latest
  const period = at === undefined ? undefined : books.period(at)
  if (period?.ok === true) {
    for (const source of splitSources(relation, catalogue, period.value)) {
      for (const key of store.lateMarks.periodsOf(source)) marked.add(key)
    }
  }
  const [earliest] = [...marked].toSorted()
  if (earliest === undefined) return []
  const { cycle } = periodKeyParts(at ?? earliest)
  const depends = duePeriodsDepend(catalogue, relation)
  const isBehind = (key: string): boolean => marked.has(key) || (depends && key > earliest)
  return store.documents
    .periods()
    .filter(({ key }) => periodKeyParts(key).cycle === cycle && (before === null || key < before) && isBehind(key))
    .filter(({ key, state }) => state === 'closed' || isIssued(books, relation, key))
    .map(({ key }) => books.period(key))
    .filter((found) => found.ok)
    .map(({ value }) => value)
}

function isIssued({ store }: BillingBooks, { seller, buyer, currency, kind }: Relation, period: string): boolean {
  // Costs have no documents: what partners are owed is posted with every run.
  if (kind === 'cost') return true
  return store.documents.ordinaryNumber({ period, entity: seller, buyer, currency }) !== null
}

function correctionParts(books: BillingBooks, relation: Relation, periods: readonly Period[]): readonly DuePart[] {
  return periods
    .filter(({ key }) => relation.kind === 'sale' || books.store.documents.keepsLines(key))
    .map((period) => books.part(relation, period, 'correction'))
}

interface Plan {
  readonly relation: Relation
  readonly purpose: PlannedBill['purpose']
  readonly period: Period
  readonly parts: readonly DuePart[]
  /** Periods whose marks are dealt with. */
  readonly cleared: readonly Period[]
  /** Those of them that change something for whoever pays a share. */
  readonly passedOn: readonly Period[]
}

function planned(books: BillingBooks, plan: Plan): PlannedBill {
  const { relation, purpose, period, parts } = plan
  const { catalogue, catalogues } = books
  const bill = makeBill({ relation, period, catalogues, progressive: purpose === 'progressive' }, parts)
  return {
    relation,
    purpose,
    bill,
    cleared: marksOf(relation, plan.cleared),
    late: bill === null ? [] : plan.passedOn.flatMap((each) => markOfPayer(relation, catalogue, each)),
  }
}

/** Who pays a share is told for each period, since accounts move. */
function markOfPayer(relation: Relation, catalogue: Catalogue, period: Period): readonly LateMark[] {
  const payer = splitPayer(relation, catalogue, period)
  return payer === null ? [] : marksOf(payer, [period])
}

function marksOf({ seller, buyer, currency }: RelationParts, periods: readonly Period[]): readonly LateMark[] {
  return periods.map(({ key }) => ({ period: key, seller, buyer, currency }))
}
