import { totalMicros } from './dispatch.ts'
import type { CompiledPrice } from './price.ts'

/** What one tier of a price contributes to a total. */
export interface TierShare {
  /** The tier holds the units above this cumulative quantity, base units … */
  readonly fromUnits: bigint
  /** … up to this one, inclusive; null: no end. */
  readonly upToUnits: bigint | null
  /** How many of the units lie in the tier. */
  readonly quantity: bigint
  /** What they cost in it, with its flat fee once it is entered. */
  readonly amountMicros: bigint
}

/**
 * Divides R(Q) among the tiers of the price, all of them in their order, also those that Q does not reach; a per-unit
 * price is one tier without end. Each tier gets the rounded total up to its end less the one up to its start, so that the
 * shares add up to R(Q) to the micro.
 */
export function tierShares(price: CompiledPrice, quantity: bigint): readonly TierShare[] {
  const ends = price.model === 'per-unit' ? [null] : price.tiers.map(({ upTo }) => upTo)
  let fromUnits = 0n
  let charged = 0n
  return ends.map((upToUnits): TierShare => {
    const reached = upToUnits === null || quantity < upToUnits ? quantity : upToUnits
    // A tier that nothing lies in costs nothing, but for the first, whose flat fee is due before any usage.
    const isEntered = fromUnits === 0n || reached > fromUnits
    const total = isEntered ? totalMicros(price, reached) : charged
    const share = {
      fromUnits,
      upToUnits,
      quantity: isEntered ? reached - fromUnits : 0n,
      amountMicros: total - charged,
    }
    charged = total
    fromUnits = upToUnits ?? quantity
    return share
  })
}
