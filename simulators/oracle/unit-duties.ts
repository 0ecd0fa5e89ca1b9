import { periodOf } from './calendar.ts'
import { isTimedByReceipt } from './matching.ts'
import type { StoredUnit } from './stored-batch.ts'
import type { TenantPlan } from './tenant-plan.ts'
import { owedFor } from './who-owes-whom.ts'
import type { Debt } from './who-owes-whom.ts'

/** A charge of a unit as it is stored: the segment it lies in. */
export interface StoredCharge {
  readonly segment: string
  readonly quantity: bigint
}

/**
 * Whether a later unit says what the first one under its identity said. An event that states no time gets the time of its
 * receipt, another one each time it is sent; then the time is not part of what it says.
 */
export function saysTheSame(first: StoredUnit, later: StoredUnit): boolean {
  return first.content === later.content && (first.timeMs === later.timeMs || isTimedByReceipt(first))
}

/** Why a unit cannot be charged: the reason of its first record that has one; null when all of it can. */
export function suspenseReason(plan: TenantPlan, unit: StoredUnit): string | null {
  for (const { meter } of unit.records) {
    const { reason } = owedFor(plan, unit.subject, meter, unit.timeMs)
    if (reason !== null) return reason
  }
  return null
}

/** Whether the charges of a unit are exactly its debts under a plan: one each, in the right period. */
export function chargesFit(plan: TenantPlan, unit: StoredUnit, charges: ReadonlyMap<string, StoredCharge>): boolean {
  const owed = unit.records.map(({ meter }) => owedFor(plan, unit.subject, meter, unit.timeMs))
  const debts: { readonly record: number; readonly debt: Debt }[] = []
  for (const [record, { debts: ofRecord }] of owed.entries()) {
    if (ofRecord === null) return false
    debts.push(...ofRecord.map((debt) => ({ record, debt })))
  }
  const prefix = `${periodOf(unit.timeMs)}/`
  return (
    debts.length === charges.size &&
    debts.every(
      ({ record, debt }) => charges.get(`${record} ${debt.subscription}`)?.segment.startsWith(prefix) === true,
    )
  )
}
