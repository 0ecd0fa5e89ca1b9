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

/** The correlation that a unit is for control of, `mixed` when only some of its meters are; null when none is. */
export function controlDuty(plan: TenantPlan, unit: StoredUnit): string | null {
  const rules = unit.records.map(({ meter }) =>
    plan.correlations.find(
      (rule) =>
        rule.meter === meter &&
        (rule.control.endsWith('*') ? unit.source.startsWith(rule.control.slice(0, -1)) : unit.source === rule.control),
    ),
  )
  const [first] = rules.filter((rule) => rule !== undefined)
  if (first === undefined) return null
  return rules.every((rule) => rule !== undefined) ? first.id : 'mixed'
}

/** Why a unit cannot be charged: the reason of its first record that has one; null when all of it can. */
export function suspenseReason(plan: TenantPlan, unit: StoredUnit): string | null {
  if (controlDuty(plan, unit) === 'mixed') return 'control_mixed'
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
