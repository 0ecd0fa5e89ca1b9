import type { PlannedPrice } from './tenant-plan.ts'
import { dividedBy, plus, rationalOf, roundHalfAway, times, whole } from './rational.ts'
import type { Rational } from './rational.ts'

const microsPerUnit = whole(1_000_000n)

/**
 * R(Q), the exact price of a total quantity in currency units. Graduated tiers are walked from the first one: each
 * takes what lies between its lower and its upper (inclusive) limit, and its flat amount once when anything lies in it.
 * The first tier is entered before any usage, so its flat amount is R(0) and belongs to no record.
 */
export function exactTotal(price: PlannedPrice, quantity: bigint): Rational {
  if (price.model === 'per-unit') return dividedBy(times(rationalOf(price.amount), whole(quantity)), price.per)
  let total = whole(0n)
  let lower = 0n
  for (const [index, tier] of price.tiers.entries()) {
    if (index > 0 && quantity <= lower) break
    const upper = tier.upTo === null || quantity < tier.upTo ? quantity : tier.upTo
    total = plus(total, dividedBy(times(rationalOf(tier.amount), whole(upper - lower)), price.per))
    if (tier.flat !== undefined) total = plus(total, rationalOf(tier.flat))
    lower = upper
    if (tier.upTo === null) break
  }
  return total
}

/** R(Q) in whole micros, halves away from zero: what all charges of a segment have to add up to. */
export function totalMicros(price: PlannedPrice, quantity: bigint): bigint {
  return roundHalfAway(times(exactTotal(price, quantity), microsPerUnit))
}

/** What the records of a segment have to add up to: everything but what was due before the first of them. */
export function chargedMicros(price: PlannedPrice, quantity: bigint): bigint {
  return totalMicros(price, quantity) - totalMicros(price, 0n)
}
