import { assertThat } from '../base/errors.ts'
import { limitedMicros, type LimitedModel } from './limits.ts'

/**
 * Inside one tier R(Q) = (Q × rate + offset) / denominator micros. Where units are charged in started blocks, Q is first
 * rounded up to the end of its block.
 */
export interface CompiledTier {
  readonly upTo: bigint | null
  /** For one base unit. */
  readonly rate: bigint
  /** What Q = 0 would cost by this tier's line; may be negative. */
  readonly offset: bigint
  /** `offset` and half a micro, so that rounding needs no addition of its own. */
  readonly roundingOffset: bigint
  /** Base units charged together; null where units are charged in proportion. */
  readonly block: bigint | null
  /** Where the first block begins. */
  readonly blocksFrom: bigint
}

/** A price whose exact total is a line in each tier: `graduated` adds tiers up, `volume` jumps from line to line. */
export interface CompiledTiered extends LimitedModel {
  readonly model: 'graduated' | 'volume'
  readonly tiers: readonly CompiledTier[]
  /** R(0) is zero whatever the first tier's line says. */
  readonly isFreeAtZero: boolean
  /** Whether there are neither blocks nor limits nor `isFreeAtZero`: the tier's line is then all there is. */
  readonly isPlain: boolean
  /** Whether no stretch of usage costs more than one of the same length from zero on. */
  readonly dearestFirst: boolean
}

/** R(Q) in micros, limited and rounded as the price says. */
export function tieredTotalMicros(price: CompiledTiered, quantity: bigint): bigint {
  if (!price.isPlain) return limitedMicros(tieredExact(price, quantity), price)
  const tier = tierOf(price, quantity)
  return (quantity * tier.rate + tier.roundingOffset) / price.denominator
}

/** R(Q) before limits and rounding, a numerator over the price's denominator. */
export function tieredExact(price: CompiledTiered, quantity: bigint): bigint {
  if (quantity === 0n && price.isFreeAtZero) return 0n
  const tier = tierOf(price, quantity)
  return endOfBlock(tier, quantity) * tier.rate + tier.offset
}

/**
 * The most R(Q + q) − R(Q) can be over all Q, a numerator. The difference is linear in Q except where Q or Q + q passes a
 * tier's bound, so its largest value stands at zero or on one side of such a place. Where a tier has blocks it is at most
 * the difference of the lines above and below their steps, and inside one tier as many blocks as `quantity` can start.
 */
export function tieredMostRise(price: CompiledTiered, quantity: bigint): bigint {
  if (quantity === 0n) return 0n
  let most = riseFrom(price, 0n, quantity)
  if (price.dearestFirst) return most
  if (price.isFreeAtZero) most = larger(most, riseFrom(price, 1n, quantity))
  for (const { upTo } of price.tiers) {
    if (upTo === null) continue
    most = larger(most, riseFrom(price, upTo, quantity))
    most = larger(most, riseFrom(price, upTo + 1n, quantity))
    if (quantity <= upTo) most = larger(most, riseFrom(price, upTo - quantity, quantity))
    if (quantity <= upTo + 1n) most = larger(most, riseFrom(price, upTo - quantity + 1n, quantity))
  }
  return most
}

/** The tier a cumulative quantity lies in. Prices have few tiers, so looking from the first is faster than halving. */
export function tierOf(price: CompiledTiered, quantity: bigint): CompiledTier {
  const tiers = price.tiers
  for (let index = 0; index < tiers.length; index++) {
    const tier = tiers[index]
    if (tier !== undefined && (tier.upTo === null || quantity <= tier.upTo)) return tier
  }
  assertThat(false, 'the last tier of a parsed price is open')
}

/** At least R(start + q) − R(start), and no more than that where the tiers have no blocks. */
function riseFrom(price: CompiledTiered, start: bigint, quantity: bigint): bigint {
  const end = start + quantity
  const first = tierOf(price, start)
  const last = tierOf(price, end)
  if (start === 0n && price.isFreeAtZero) return endOfBlock(last, end) * last.rate + last.offset
  if (first === last) return wholeBlocks(first, quantity) * first.rate
  const aboveSteps = last.block === null ? end : end + last.block - 1n
  return aboveSteps * last.rate + last.offset - (start * first.rate + first.offset)
}

function endOfBlock({ block, blocksFrom }: CompiledTier, quantity: bigint): bigint {
  return block === null ? quantity : blocksFrom + ((quantity - blocksFrom + block - 1n) / block) * block
}

function wholeBlocks({ block }: CompiledTier, quantity: bigint): bigint {
  return block === null ? quantity : ((quantity + block - 1n) / block) * block
}

function larger(left: bigint, right: bigint): bigint {
  return left > right ? left : right
}
