import type { LedgerEntry, LedgerLogEntry, LegPosting } from '@meterline/shared/model/log-entry.ts'
import type { Catalogue } from '../domain/catalogue/catalogue.ts'
import { ledgerAccounts, netEntries } from '../domain/ledger/entry.ts'
import { usageSold } from '../domain/ledger/templates.ts'
import type { Drift } from '../domain/rating-of-record/drift.ts'
import { driftEntries } from '../domain/rating-of-record/rated-partitions.ts'

/**
 * Whether the entries of a ledger transaction are those its postings make in the books of everybody they concern, reversed
 * where a posting is negative, and what drifted in pre-rating them. Null drifts: they cannot be known any more, and what is
 * posted of them is left out of the comparison.
 */
export function areEntriesOf(
  { partition, postings, entries }: LedgerLogEntry,
  catalogue: Catalogue,
  drifts: readonly Drift[] | null,
): boolean {
  const own = (drifts ?? []).filter((drift) => drift.partition === partition)
  const due = netEntries([
    ...postings.flatMap((posting) => entriesOf(posting, catalogue)),
    ...own.flatMap(driftEntries),
  ])
  const posted = drifts === null ? entries.filter((entry) => !isMemorandum(entry)) : entries
  return posted.length === due.length && posted.every((entry, place) => areEqual(entry, due[place]))
}

function entriesOf({ seller, buyer, currency, amountMicros }: LegPosting, { tree }: Catalogue): readonly LedgerEntry[] {
  const kind = tree.accounts.get(buyer)?.kind
  const isCost = kind === 'operator'
  const buyerKeepsBooks = isCost || kind === 'reseller'
  return usageSold({ seller, buyer, currency, kind: isCost ? 'cost' : 'sale', buyerKeepsBooks }, amountMicros)
}

function isMemorandum({ account }: LedgerEntry): boolean {
  return account === ledgerAccounts.preratingDrift || account === ledgerAccounts.preratingDriftContra
}

function areEqual(one: LedgerEntry, other: LedgerEntry | undefined): boolean {
  return (
    one.entity === other?.entity &&
    one.asset === other.asset &&
    one.account === other.account &&
    one.debitMicros === other.debitMicros &&
    one.creditMicros === other.creditMicros
  )
}
