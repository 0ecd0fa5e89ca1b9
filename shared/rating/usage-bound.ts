import { largestQuantity } from '../units/quantity.ts'
import { boundMicros } from './dispatch.ts'
import type { CompiledPrice } from './price.ts'
import { partsOf, routeOf, type RoutedUsage } from './route.ts'

/**
 * The most the charge of a record can be, in micros of the price's currency: what it is pre-rated at. Null where the price
 * has no model for such usage, where its model has no bound, and where a record could not hold the amount (2^63 − 1).
 */
export function usageBoundMicros(price: CompiledPrice, usage: RoutedUsage, quantity: bigint): bigint | null {
  const micros = price.divides ? boundOfParts(price, usage, quantity) : boundOfModel(price, usage, quantity)
  return micros !== null && micros <= largestQuantity ? micros : null
}

function boundOfModel(price: CompiledPrice, usage: RoutedUsage, quantity: bigint): bigint | null {
  const model = price.models[price.router === null ? 0 : routeOf(price, usage)]
  return model === undefined ? null : boundMicros(model, quantity)
}

/** The parts of a record are charged each in a segment of its own, so its charge is at most the sum of their bounds. */
function boundOfParts(price: CompiledPrice, usage: RoutedUsage, quantity: bigint): bigint | null {
  const parts = partsOf(price, usage, quantity)
  let total = 0n
  for (const part of parts) {
    const model = price.models[part.model]
    const micros = model === undefined ? null : boundMicros(model, part.quantity)
    if (micros === null) return null
    total += micros
  }
  return parts.length > 0 ? total : null
}
