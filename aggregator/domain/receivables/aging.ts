import { dayMs } from '@meterline/shared/units/civil.ts'
import type { ClaimParties } from './claim.ts'

/** A claim as it stood at some time. */
export interface AgedClaim extends ClaimParties {
  readonly dueMs: number
  /** Below zero on a credit note that was not settled. */
  readonly openMicros: bigint
  readonly disputedMicros: bigint
}

/** What a buyer had paid or was given by some time, and no document had used. */
export interface AgedCredit extends ClaimParties {
  readonly creditMicros: bigint
}

/** What one buyer owes one seller in one currency, by how many days it is overdue. */
export interface AgingRow extends ClaimParties {
  readonly currentMicros: bigint
  readonly days30Micros: bigint
  readonly days60Micros: bigint
  readonly days90Micros: bigint
  readonly olderMicros: bigint
  /** Open, in dispute, and in none of the buckets before. */
  readonly disputedMicros: bigint
  /** Credit balance and credit notes that are not settled. */
  readonly creditMicros: bigint
  /** All that is open, less the credit. */
  readonly balanceMicros: bigint
}

const buckets = ['currentMicros', 'days30Micros', 'days60Micros', 'days90Micros', 'olderMicros'] as const
type Bucket = (typeof buckets)[number]
/** The last day overdue of each bucket; what is later is in the one behind them. */
const bucketEnds = [0, 30, 60, 90]

/** Days after the day on which something was due, by the calendar in UTC; zero or less: it is not overdue. */
export function daysOverdue(dueMs: number, asOfMs: number): number {
  return Math.floor(asOfMs / dayMs) - Math.floor(dueMs / dayMs)
}

/**
 * Who owes what at an instant and for how long, sorted by seller, buyer and currency: not yet due, 1 to 30, 31 to 60, 61 to
 * 90 and more than 90 days overdue. What is disputed stands apart, since nobody is reminded of it.
 */
export function agingOf(
  claims: readonly AgedClaim[],
  credits: readonly AgedCredit[],
  asOfMs: number,
): readonly AgingRow[] {
  const rows = new Map<string, Record<Bucket | 'disputedMicros' | 'creditMicros', bigint> & ClaimParties>()
  const rowOf = ({
    seller,
    buyer,
    currency,
  }: ClaimParties): Record<Bucket | 'disputedMicros' | 'creditMicros', bigint> => {
    const key = `${seller} ${buyer} ${currency}`
    const row = rows.get(key) ?? { seller, buyer, currency, ...emptyRow }
    rows.set(key, row)
    return row
  }
  for (const claim of claims) {
    const row = rowOf(claim)
    if (claim.openMicros <= 0n) {
      row.creditMicros -= claim.openMicros
      continue
    }
    const disputed = claim.disputedMicros < claim.openMicros ? claim.disputedMicros : claim.openMicros
    row.disputedMicros += disputed
    row[bucketOf(daysOverdue(claim.dueMs, asOfMs))] += claim.openMicros - disputed
  }
  for (const credit of credits) rowOf(credit).creditMicros += credit.creditMicros
  return [...rows.entries()]
    .toSorted(([left], [right]) => (left < right ? -1 : 1))
    .map(([, row]) => ({ ...row, balanceMicros: owed(row) - row.creditMicros }))
    .filter((row) => owed(row) !== 0n || row.creditMicros !== 0n)
}

const emptyRow = {
  currentMicros: 0n,
  days30Micros: 0n,
  days60Micros: 0n,
  days90Micros: 0n,
  olderMicros: 0n,
  disputedMicros: 0n,
  creditMicros: 0n,
}

function bucketOf(days: number): Bucket {
  const place = bucketEnds.findIndex((end) => days <= end)
  return buckets[place === -1 ? buckets.length - 1 : place] ?? 'olderMicros'
}

function owed(row: Readonly<Record<Bucket | 'disputedMicros', bigint>>): bigint {
  return buckets.reduce((sum, bucket) => sum + row[bucket], row.disputedMicros)
}
