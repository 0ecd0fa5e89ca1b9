import { totalMicros } from './price.ts'
import type { PlannedPrice } from './tenant-plan.ts'

/**
 * What a charge has to be when the log is replayed in its order (I15): the difference that its quantity makes to the
 * rounded total of its segment at the position where the charges before it left off, whichever batch they came in. The sums
 * of a segment can be right (I9) while single charges are not, and an invoice is traced back to single charges.
 */
export function replayedMicros(price: PlannedPrice, position: bigint, quantity: bigint): bigint {
  return totalMicros(price, position + quantity) - totalMicros(price, position)
}
