import { commonEvenDenominator, exactMicros, exactMicrosPerUnit, numeratorOver } from './exact-rate.ts'
import { compileLimits, limitAmounts } from './limits.ts'
import type { TieredTerms } from './terms.ts'
import type { CompiledTiered } from './tiers.ts'

/** All units of the period cost what the tier asks for that their total lies in. Splittable; may fall where a tier begins. */
export interface VolumePrice extends TieredTerms {
  readonly model: 'volume'
}

/** Turns a price into integers once, so that charging needs no decimals. Blocks are counted from the first unit of the period. */
export function compileVolume(price: Omit<VolumePrice, 'model'>): CompiledTiered {
  const exact = price.tiers.map(({ upTo, amount, flat, block = null }) => ({
    upTo,
    block,
    rate: exactMicrosPerUnit(amount, block ?? price.per),
    flat: exactMicros(flat ?? '0'),
  }))
  const amounts = exact.flatMap(({ rate, flat }) => [rate, flat])
  const denominator = commonEvenDenominator([...amounts, ...limitAmounts(price)])
  const tiers = exact.map(({ upTo, block, rate, flat }) => {
    const offset = numeratorOver(flat, denominator)
    return {
      upTo,
      rate: numeratorOver(rate, denominator),
      offset,
      roundingOffset: offset + denominator / 2n,
      block,
      blocksFrom: 0n,
    }
  })
  const limits = compileLimits(price, denominator)
  const isFreeAtZero = price.flatAtZero === false
  const isPlain = limits === null && !isFreeAtZero && tiers.every(({ block }) => block === null)
  return { model: 'volume', tiers, denominator, limits, isFreeAtZero, isPlain, dearestFirst: false }
}
