import { commonEvenDenominator, exactMicros, exactMicrosPerUnit, numeratorOver } from './exact-rate.ts'
import { compileLimits, limitAmounts } from './limits.ts'
import type { TieredTerms } from './terms.ts'
import type { CompiledTier, CompiledTiered } from './tiers.ts'

/** Each unit costs what the tier it lies in asks for, whatever is used beyond. Splittable. */
export interface GraduatedPrice extends TieredTerms {
  readonly model: 'graduated'
}

/** Turns a price into integers once, so that charging needs no decimals. Blocks of a tier are counted from where it begins. */
export function compileGraduated(price: Omit<GraduatedPrice, 'model'>): CompiledTiered {
  const exact = price.tiers.map(({ amount, flat, block }) => ({
    rate: exactMicrosPerUnit(amount, block ?? price.per),
    flat: exactMicros(flat ?? '0'),
  }))
  const amounts = exact.flatMap(({ rate, flat }) => [rate, flat])
  const denominator = commonEvenDenominator([...amounts, ...limitAmounts(price)])
  const tiers: CompiledTier[] = []
  let bound = 0n
  let reached = 0n
  let dearestFirst = true
  price.tiers.forEach(({ upTo, block = null }, index) => {
    const rate = numeratorOver(exact[index]?.rate ?? nothing, denominator)
    const flat = numeratorOver(exact[index]?.flat ?? nothing, denominator)
    const before = tiers.at(-1)
    if (block !== null || (before !== undefined && (rate > before.rate || flat > 0n))) dearestFirst = false
    const offset = reached + flat - bound * rate
    tiers.push({ upTo, rate, offset, roundingOffset: offset + denominator / 2n, block, blocksFrom: bound })
    if (upTo !== null) {
      const units = block === null ? upTo - bound : ((upTo - bound + block - 1n) / block) * block
      reached += flat + units * rate
      bound = upTo
    }
  })
  const limits = compileLimits(price, denominator)
  const isFreeAtZero = price.flatAtZero === false
  const isPlain = limits === null && !isFreeAtZero && tiers.every(({ block }) => block === null)
  return { model: 'graduated', tiers, denominator, limits, isFreeAtZero, isPlain, dearestFirst }
}

const nothing = { numerator: 0n, denominator: 1n }
