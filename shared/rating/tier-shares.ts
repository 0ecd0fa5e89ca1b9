import { unlimitedMicros } from './dispatch.ts'
import type { CompiledModel } from './model.ts'
import { positionAt, type Position } from './position.ts'
import type { CompiledTiered } from './tiers.ts'

/** What one tier of a price contributes to a total. */
export interface TierShare {
  /** The tier holds the units above this cumulative quantity, base units … */
  readonly fromUnits: bigint
  /** … up to this one, inclusive; null: no end. */
  readonly upToUnits: bigint | null
  /** How many of the units are charged in the tier. */
  readonly quantity: bigint
  /** What they cost in it, with its flat fee. */
  readonly amountMicros: bigint
}

/**
 * Divides what a segment costs among the tiers of the model, all of them in their order, also those it does not reach; a
 * model without tiers is one tier without end. The shares add up to `unlimitedMicros`, to the micro: what a minimum adds
 * and a maximum takes off belongs to no tier.
 */
export function tierShares(model: CompiledModel, position: Position): readonly TierShare[] {
  switch (model.model) {
    case 'graduated':
      return sharesOfEntered(model, position.quantity)
    case 'volume':
      return sharesOfOne(model, position.quantity)
    default: {
      const amountMicros = unlimitedMicros(model, position)
      return [{ fromUnits: 0n, upToUnits: null, quantity: position.quantity, amountMicros }]
    }
  }
}

/** Each tier gets the rounded total up to its end less the one up to its start. */
function sharesOfEntered(model: CompiledTiered, quantity: bigint): readonly TierShare[] {
  let fromUnits = 0n
  let charged = 0n
  return model.tiers.map(({ upTo: upToUnits }): TierShare => {
    const reached = upToUnits === null || quantity < upToUnits ? quantity : upToUnits
    // A tier that nothing lies in costs nothing, but for the first, whose flat fee may be due before any usage.
    const isEntered = fromUnits === 0n || reached > fromUnits
    const total = isEntered ? unlimitedMicros(model, positionAt(reached)) : charged
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

/** All units are charged in the tier that their total lies in. */
function sharesOfOne(model: CompiledTiered, quantity: bigint): readonly TierShare[] {
  let fromUnits = 0n
  return model.tiers.map(({ upTo: upToUnits }): TierShare => {
    const isAbove = quantity > fromUnits || fromUnits === 0n
    const isIn = isAbove && (upToUnits === null || quantity <= upToUnits)
    const amountMicros = isIn ? unlimitedMicros(model, positionAt(quantity)) : 0n
    const share = { fromUnits, upToUnits, quantity: isIn ? quantity : 0n, amountMicros }
    fromUnits = upToUnits ?? quantity
    return share
  })
}
