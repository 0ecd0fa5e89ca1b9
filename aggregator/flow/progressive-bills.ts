import { assertThat } from '@meterline/shared/base/errors.ts'
import { parseDecimal } from '@meterline/shared/units/decimal.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import { relationKey, type RelationParts } from '../domain/billing/billed-relation.ts'
import { relationOfParts } from '../domain/billing/buyer-index.ts'
import { ledgerAccounts } from '../domain/ledger/entry.ts'
import type { Relation } from '../domain/ledger/templates.ts'
import { periodAt } from '../domain/periods/billing-cycle.ts'
import type { TenantStore } from '../store/tenant-store.ts'
import { needsApproval } from './approved-bills.ts'
import { BillingBooks } from './billing-books.ts'
import type { CatalogueInForce } from './catalogue-in-force.ts'
import { DocumentDraft } from './document-draft.ts'
import { progressiveBill, type PlannedBill } from './relation-bills.ts'

const microsPerUnit = 1_000_000n

/**
 * Issues an invoice to every buyer whom what was just charged took to his amount, as one commit. Returns how many. What
 * somebody has to approve first waits for "bill progressive".
 */
export function issueProgressive(
  store: TenantStore,
  inForce: CatalogueInForce,
  charged: readonly RelationParts[],
  nowMs: number,
): number {
  const { progressiveBuyers, catalogue, version } = inForce
  if (progressiveBuyers.size === 0) return 0
  const concerned = charged.filter(({ buyer }) => progressiveBuyers.has(buyer))
  if (concerned.length === 0) return 0
  const books = new BillingBooks(store, inForce)
  const draft = new DocumentDraft(store, { tenant: catalogue.file.tenant, catalogue: version, nowMs })
  const relations = new Map(concerned.map((parts) => [relationKey(parts), relationOfParts(parts, catalogue)]))
  for (const relation of relations.values()) {
    const planned = needsApproval(books, relation) ? null : progressiveBillOf(store, books, relation, nowMs)
    if (planned !== null) draft.take(planned)
  }
  const writes = draft.writes()
  if (writes.documents.length > 0) store.commitDocuments(writes, { logSize: draft.logSize })
  return writes.documents.length
}

/** The relations of buyers who get invoices in the middle of a period. */
export function progressiveRelations(books: BillingBooks, nowMs: number): readonly Relation[] {
  const { tree, file } = books.catalogue
  return file.billingProfiles.flatMap(({ id, progressiveAmount }) => {
    const buyer = progressiveAmount === null ? undefined : tree.accountAt(id, nowMs)
    return buyer === undefined ? [] : books.relationsOf(id, periodAt(buyer.cycle, nowMs))
  })
}

/** The bill in the middle of the period that runs now; null while less is unbilled than the buyer's profile says. */
export function progressiveBillOf(
  store: TenantStore,
  books: BillingBooks,
  relation: Relation,
  nowMs: number,
): PlannedBill | null {
  const { catalogue } = books
  const { seller, buyer, currency, kind } = relation
  const { progressiveAmount } = catalogue.profile(buyer)
  const account = catalogue.tree.accountAt(buyer, nowMs)
  if (progressiveAmount === null || account === undefined || kind !== 'sale') return null
  const period = periodAt(account.cycle, nowMs)
  if (store.documents.isBarred(period.key)) return null
  const least = microsOf(progressiveAmount)
  // As much has to be charged and not billed, which the ledger knows at once, and as much has to be left on the bill.
  const { debitMicros, creditMicros } = store.ledger.balance(seller, currency, ledgerAccounts.unbilled(buyer))
  if (debitMicros - creditMicros < least || comesToLess(books, relation, period, least)) return null
  const planned = progressiveBill(books, relation, period)
  return planned.bill !== null && planned.bill.total.invoicedMicros >= least ? planned : null
}

/**
 * Whether a bill would come to less than an amount. It is asked with every batch of a buyer whose allowances or discounts
 * take off what makes the difference, and so is answered without reading all the charges of his period.
 */
function comesToLess(books: BillingBooks, relation: Relation, period: Period, leastMicros: bigint): boolean {
  const { lines, billed } = books.part(relation, period, 'progressive', 'sums')
  const dueMicros = lines.reduce(
    (sum, line) => sum + line.amountMicros - (billed.get(line.key)?.amountMicros ?? 0n),
    0n,
  )
  // Each line is rounded by itself, by less than one unit of the currency's.
  return dueMicros + BigInt(lines.length) * microsPerUnit < leastMicros
}

/** Decimal text of a checked tenant file as micros, rounded up. */
function microsOf(amount: string): bigint {
  const parsed = parseDecimal(amount)
  assertThat(parsed.ok, `the amount ${amount} of a checked profile is a decimal`)
  const { coefficient, scale } = parsed.value
  const divisor = 10n ** BigInt(scale)
  return (coefficient * microsPerUnit + divisor - 1n) / divisor
}
