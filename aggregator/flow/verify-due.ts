import { relationKey, type RelationParts } from '../domain/billing/billed-relation.ts'
import { makeBill } from '../domain/billing/period-bill.ts'
import { splitSources } from '../domain/billing/split-lines.ts'
import type { Relation } from '../domain/ledger/templates.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { BooksReader } from '../store/books-reader.ts'
import { BillingBooks } from './billing-books.ts'
import type { BooksAudit } from './books-audit.ts'
import { relationsToBill } from './relation-bills.ts'
import { KnownCatalogues } from './verify-catalogues.ts'

/**
 * Reports where documents are behind what is due without a mark that says so (I10): what a period comes to between two by
 * the catalogue in force and everything that was charged, line by line, is what documents say of it. Looked at are periods
 * that were closed since lines are kept, and of one that is being closed those whose document is out.
 */
export function checkDue(reader: BooksReader, audit: BooksAudit): void {
  const tables = reader.documents.billingTables()
  const newest = tables.catalogues.inForceAt(Number.MAX_SAFE_INTEGER)
  const catalogue = newest === undefined ? null : new KnownCatalogues(reader).at(newest.logIndex)
  if (newest === undefined || catalogue === null) return
  const books = new BillingBooks(tables, { version: newest.logIndex, catalogue })
  const marks = new Map<string, string[]>()
  for (const mark of tables.lateMarks.list()) {
    const periods = marks.get(relationKey(mark)) ?? []
    marks.set(relationKey(mark), [...periods, mark.period])
  }
  for (const { key, state } of tables.documents.periods()) {
    const period = books.period(key)
    if (!tables.documents.keepsLines(key)) continue
    if (!period.ok) {
      audit.report(`I10: the catalogue in force has no cycle for the period ${key}`)
      continue
    }
    for (const relation of relationsToBill(books, period.value)) {
      if (state === 'closing' && !isIssued(books, relation, key)) continue
      // A share of somebody's bill is behind as long as that bill is.
      const parties = [relation, ...splitSources(relation, catalogue, period.value)]
      if (parties.some((each) => isBehind(marks, each, key))) continue
      audit.count('relations of closed periods')
      const wrong = firstDifference(books, relation, period.value)
      if (wrong !== null)
        audit.report(`I10: what ${relation.buyer} owes ${relation.seller} for ${key} is not what was billed: ${wrong}`)
    }
  }
}

/** The first line of which something else is due than was billed; null: there is none. */
function firstDifference(books: BillingBooks, relation: Relation, period: Period): string | null {
  const part = books.part(relation, period, 'correction')
  const bill = makeBill({ relation, period, catalogues: books.catalogues }, [part])
  const line = bill?.sections[0]?.lines[0]
  return line === undefined ? null : `${line.segment} differs by ${line.amountMicros} micros`
}

function isIssued({ store }: BillingBooks, { seller, buyer, currency, kind }: Relation, period: string): boolean {
  return kind === 'sale' && store.documents.ordinaryNumber({ period, entity: seller, buyer, currency }) !== null
}

/** Whether a period, or an earlier one that it may depend on, is marked for a relation. */
function isBehind(marks: ReadonlyMap<string, readonly string[]>, relation: RelationParts, period: string): boolean {
  return marks.get(relationKey(relation))?.some((marked) => marked <= period) === true
}
