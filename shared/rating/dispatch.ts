import { graduatedBoundMicros, graduatedTotalMicros } from './graduated.ts'
import { perUnitBoundMicros, perUnitTotalMicros } from './per-unit.ts'
import type { CompiledPrice } from './price.ts'

/** Names these rules. It goes into every batch and ledger entry, and changes whenever a rule gives another amount. */
export const ratingVersion = 'm1'

/** R(Q): what a cumulative quantity (base units) costs, in micros of the price's currency, rounded half away from zero. */
export function totalMicros(price: CompiledPrice, quantity: bigint): bigint {
  return price.model === 'per-unit' ? perUnitTotalMicros(price, quantity) : graduatedTotalMicros(price, quantity)
}

/**
 * R(0): what is due before any usage, such as the flat fee of the first tier. It belongs to no record and is charged once
 * per segment and period: openingMicros + Σ chargeMicros of a segment = totalMicros of its quantity.
 */
export function openingMicros(price: CompiledPrice): bigint {
  return totalMicros(price, 0n)
}

/**
 * The charge of `quantity` base units that come after `positionBefore`: rounded R(Q + q) less rounded R(Q), in micros.
 * Charges of one segment therefore add up to the rounded total, however usage is split.
 */
export function chargeMicros(price: CompiledPrice, positionBefore: bigint, quantity: bigint): bigint {
  return totalMicros(price, positionBefore + quantity) - totalMicros(price, positionBefore)
}

/**
 * The most `chargeMicros` can be for `quantity` base units wherever they come, in whole micros with rounding included:
 * what an edge that does not know the centre's position has to set aside.
 */
export function boundMicros(price: CompiledPrice, quantity: bigint): bigint {
  return price.model === 'per-unit' ? perUnitBoundMicros(price, quantity) : graduatedBoundMicros(price, quantity)
}
