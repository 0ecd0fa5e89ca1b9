import { assertThat } from '@meterline/shared/base/errors.ts'
import type { LedgerEntry } from '@meterline/shared/model/log-entry.ts'

export type { LedgerEntry } from '@meterline/shared/model/log-entry.ts'

/** The accounts every legal entity's books have. Those about somebody name him, so that each relation has its own balance. */
export const ledgerAccounts = {
  /** Delivered to a buyer and not yet invoiced. */
  unbilled: (buyer: string): string => `unbilled:${buyer}`,
  /** Invoiced to a buyer and not yet paid. */
  receivable: (buyer: string): string => `receivable:${buyer}`,
  revenue: 'revenue',
  costOfSales: 'cost_of_sales',
  /** Received from a seller and not yet invoiced by him. */
  accruedPayable: (seller: string): string => `accrued_payable:${seller}`,
  /** Invoiced by a seller and not yet paid. */
  payable: (seller: string): string => `payable:${seller}`,
  /** Tax on what was invoiced, owed to an authority. */
  taxPayable: 'tax_payable',
  /** Tax on what sellers invoiced, to be set off against what is owed. */
  inputTax: 'input_tax',
  /** What rounding lines to the minor unit took or gave. */
  roundingResidue: 'rounding_residue',
  /** Memorandum: what usage was pre-rated below the bound of record at the edge, less what it was above … */
  preratingDrift: 'prerating:drift',
  /** … and its other side: neither says what anybody owes. */
  preratingDriftContra: 'prerating:drift-contra',
} as const

/** A debit of an amount above zero. */
export function debit(entity: string, asset: string, account: string, micros: bigint): LedgerEntry {
  return { entity, asset, account, debitMicros: micros, creditMicros: 0n }
}

/** A credit of an amount above zero. */
export function credit(entity: string, asset: string, account: string, micros: bigint): LedgerEntry {
  return { entity, asset, account, debitMicros: 0n, creditMicros: micros }
}

/** The most that one entry of a log can say (docs/formats.md, "Log entries"): 64 bits. */
const largestEntryMicros = 2n ** 64n - 1n

/**
 * A debit of a positive amount, a credit of a negative one, and no entry for zero. Sums over many segments may leave 64
 * bits: such an amount is several entries on the account.
 */
export function side(entity: string, asset: string, account: string, micros: bigint): readonly LedgerEntry[] {
  const post = micros > 0n ? debit : credit
  const entries: LedgerEntry[] = []
  for (let left = micros > 0n ? micros : -micros; left > 0n; left -= largestEntryMicros) {
    entries.push(post(entity, asset, account, left > largestEntryMicros ? largestEntryMicros : left))
  }
  return entries
}

/** The net of all entries per entity, asset and account, sorted by them; what comes to zero is left out. */
export function netEntries(entries: readonly LedgerEntry[]): readonly LedgerEntry[] {
  const nets = new Map<string, { first: LedgerEntry; netMicros: bigint }>()
  for (const entry of entries) {
    const key = JSON.stringify([entry.entity, entry.asset, entry.account])
    const micros = entry.debitMicros - entry.creditMicros
    const known = nets.get(key)
    if (known === undefined) nets.set(key, { first: entry, netMicros: micros })
    else known.netMicros += micros
  }
  return [...nets.values()]
    .flatMap(({ first: { entity, asset, account }, netMicros }) => side(entity, asset, account, netMicros))
    .toSorted(byBooks)
}

/** States that in every entity's books debits and credits of each asset come to the same (I1). Throws when they do not. */
export function assertBalanced(entries: readonly LedgerEntry[]): void {
  const sums = new Map<string, bigint>()
  for (const { entity, asset, account, debitMicros, creditMicros } of entries) {
    const oneSided = debitMicros >= 0n && creditMicros >= 0n && (debitMicros === 0n) !== (creditMicros === 0n)
    assertThat(oneSided, `the entry on ${entity} ${account} has exactly one side above zero`)
    const books = `${entity} ${asset}`
    sums.set(books, (sums.get(books) ?? 0n) + debitMicros - creditMicros)
  }
  for (const [books, micros] of sums) assertThat(micros === 0n, `the entries of ${books} are off by ${micros} micros`)
}

function byBooks(left: LedgerEntry, right: LedgerEntry): number {
  return (
    compared(left.entity, right.entity) || compared(left.asset, right.asset) || compared(left.account, right.account)
  )
}

function compared(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0
}
