import { buyersPeriod } from './billing-cycles.ts'
import { isTimedByReceipt } from './matching.ts'
import { partsOf } from './price-route.ts'
import type { StoredUnit } from './stored-batch.ts'
import type { TenantPlan } from './tenant-plan.ts'
import { owedFor } from './who-owes-whom.ts'

/** A charge of a unit as it is stored. */
export interface StoredCharge {
  readonly record: number
  readonly period: string
  readonly subscription: string
  /** The number of the price's model; null where it has only one. */
  readonly model: number | null
  readonly quantity: bigint
  readonly amountMicros: bigint
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
  for (const { meter, quantity } of unit.records) {
    const { reason, debts } = owedFor(plan, unit, meter, unit.timeMs)
    if (reason !== null) return reason
    if (debts.some(({ terms }) => partsOf(terms, unit, quantity) === null)) return 'no_price_row'
  }
  return null
}

/**
 * Whether the charges of a unit are exactly its debts under a plan: all parts of each of its records on each leg, in the
 * period of its buyer. How much a record of readings comes to is a matter of the readings before, so only its parts are known.
 */
export function chargesFit(plan: TenantPlan, unit: StoredUnit, charges: readonly StoredCharge[]): boolean {
  const owed: string[] = []
  for (const [record, { meter, quantity: reported }] of unit.records.entries()) {
    const isAmount = plan.meters.find(({ id }) => id === meter)?.kind === undefined
    const { debts } = owedFor(plan, unit, meter, unit.timeMs)
    if (debts === null) return false
    for (const { subscription, buyer, terms } of debts) {
      const period = buyersPeriod(plan, buyer, unit.timeMs)
      const own = charges.filter((charge) => charge.record === record && charge.subscription === subscription)
      const charged = isAmount ? reported : own.reduce((sum, { quantity }) => sum + quantity, 0n)
      for (const { number, quantity } of partsOf(terms, unit, charged) ?? [])
        owed.push(chargeText({ record, period, subscription, model: number, quantity }))
    }
  }
  return owed.toSorted().join('\n') === charges.map(chargeText).toSorted().join('\n')
}

/** Charges in words. */
export function chargesText(charges: readonly StoredCharge[]): string {
  return charges.map(chargeText).join(', ')
}

function chargeText({ record, period, subscription, model, quantity }: Omit<StoredCharge, 'amountMicros'>): string {
  const part = model === null ? '' : ` by model ${model}`
  return `record ${record} in ${period} under ${subscription}${part} ${quantity}`
}
