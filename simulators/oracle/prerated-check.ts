import type { PlannedModel, PlannedTerms } from './planned-price.ts'
import { partsOf } from './price-route.ts'
import { SegmentUsage } from './segment-usage.ts'
import type { StoredUnit } from './stored-batch.ts'
import type { TenantPlan } from './tenant-plan.ts'
import { sameTerms } from './terms-in-force.ts'
import type { StoredCharge } from './unit-duties.ts'
import { owedFor, type Debt } from './who-owes-whom.ts'

/**
 * What is wrong with the amounts that an agent worked out for a unit beforehand (I4); null when nothing is. Under some
 * version of the plan that it may have known they cover what the record can cost wherever it comes, tried out around every
 * bound of its price; and where no version says anything else, they cover what it did cost. Where the agent knew no price,
 * or there is no limit, it sets nothing aside.
 */
export function preratedFault(
  plans: readonly TenantPlan[],
  unit: StoredUnit,
  charges: readonly StoredCharge[],
): string | null {
  for (const [record, { meter, quantity, preratedMicros }] of unit.records.entries()) {
    if (preratedMicros === null) continue
    const known = retailDebts(plans, unit, meter)
    const told = `set ${preratedMicros} micros aside for ${quantity} of ${meter}`
    const covers = ({ terms }: Debt): boolean => mostRise(terms, unit, quantity) <= preratedMicros
    if (!known.some(covers)) {
      if (!retailDebts(withBindingsOfOthers(plans), unit, meter).some(covers))
        return `${told}, which no version of its price would ask for`
      continue
    }
    const [first] = known
    const isAlone = known.every(({ subscription, terms }) => {
      return first !== undefined && subscription === first.subscription && sameTerms(terms, first.terms)
    })
    if (!isAlone || first === undefined) continue
    const amount = charges
      .filter((charge) => charge.record === record && charge.subscription === first.subscription)
      .reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
    if (amount > preratedMicros) return `${told} and is charged ${amount}`
  }
  return null
}

/** What the end customer owes for a record under each of the plans. */
function retailDebts(plans: readonly TenantPlan[], unit: StoredUnit, meter: string): readonly Debt[] {
  return plans.flatMap((plan) => {
    const [retail] = owedFor(plan, unit, meter, unit.timeMs).debts ?? []
    return retail === undefined ? [] : [retail]
  })
}

/** An agent knows who bought what from an earlier day than what things cost, until it has asked again. */
function withBindingsOfOthers(plans: readonly TenantPlan[]): readonly TenantPlan[] {
  return plans.flatMap((plan, index) => plans.slice(0, index).map(({ subscriptions }) => ({ ...plan, subscriptions })))
}

/** The most that a record raises the total of its segments by, of all the places that are tried. */
export function mostRise(terms: PlannedTerms, unit: StoredUnit, quantity: bigint): bigint {
  const parts = partsOf(terms, unit, quantity) ?? []
  return parts.reduce((sum, part) => sum + mostRiseOf(part.model, part.quantity), 0n)
}

function mostRiseOf(model: PlannedModel, quantity: bigint): bigint {
  let most: bigint | null = null
  for (const before of placesToTry(model, quantity)) {
    // What was used before may have come later in time, so that this record takes the free place of it.
    for (const timeMs of before === 0n ? [0] : [0, 2]) {
      const usage = new SegmentUsage(model)
      if (before > 0n) usage.add({ timeMs, source: '', id: null, quantity: before })
      const rise = usage.add({ timeMs: 1, source: '', id: null, quantity })
      if (most === null || rise > most) most = rise
    }
  }
  return most ?? 0n
}

/** Quantities that may have been used before: around where tiers and packages begin and end, or where the record does. */
function placesToTry(model: PlannedModel, quantity: bigint): readonly bigint[] {
  const bounds = [0n]
  if ('tiers' in model) for (const { upTo } of model.tiers) if (upTo !== null) bounds.push(upTo)
  if (model.model === 'percentage') bounds.push(quantity, 1000n * quantity)
  if (model.model === 'package') bounds.push(model.free ?? 0n, (model.free ?? 0n) + model.size, model.size)
  const near = bounds.flatMap((bound) => [bound - 1n, bound, bound + 1n])
  const places = near.flatMap((place) => [place, place - quantity])
  return [...new Set(places)].filter((place) => place >= 0n)
}
