import { assertThat } from '../base/errors.ts'
import { commonEvenDenominator, exactMicros, exactMicrosPerUnit, numeratorOver } from './exact-rate.ts'

/** One tier: each unit in it costs its own price, whatever is used beyond. */
export interface GraduatedTier {
  /** The last base unit of the tier, inclusive; null: no end. */
  readonly upTo: bigint | null
  /** Decimal text in currency units for `per` base units. */
  readonly amount: string
  /** Decimal text, charged once when the tier is entered; the first tier is entered at zero usage. */
  readonly flat?: string
}

export interface GraduatedPrice {
  readonly model: 'graduated'
  /** Base units the tiers' amounts are for. */
  readonly per: bigint
  /** Bounds increase and only the last tier is open. */
  readonly tiers: readonly GraduatedTier[]
}

/** Inside one tier R(Q) = (Q × rate + offset) / denominator micros. */
export interface CompiledTier {
  readonly upTo: bigint | null
  readonly rate: bigint
  /** What the tiers below and the flat fees so far add, less what `Q × rate` counts too much; may be negative. */
  readonly offset: bigint
  /** `offset` and half a micro, so that rounding needs no addition of its own. */
  readonly roundingOffset: bigint
}

export interface CompiledGraduated {
  readonly model: 'graduated'
  readonly tiers: readonly CompiledTier[]
  /** Even. */
  readonly denominator: bigint
  /** Whether no unit costs more than one before it and no flat fee follows the first tier: zero is then the dearest start. */
  readonly dearestFirst: boolean
}

/** Turns a price into integers once, so that charging needs no decimals. */
export function compileGraduated(price: GraduatedPrice): CompiledGraduated {
  const rates = price.tiers.map((tier) => exactMicrosPerUnit(tier.amount, price.per))
  const flats = price.tiers.map((tier) => exactMicros(tier.flat ?? '0'))
  const denominator = commonEvenDenominator([...rates, ...flats])
  const tiers: CompiledTier[] = []
  let bound = 0n
  let reached = 0n
  let dearestFirst = true
  price.tiers.forEach((tier, index) => {
    const rate = numeratorOver(rates[index] ?? { numerator: 0n, denominator: 1n }, denominator)
    const flat = numeratorOver(flats[index] ?? { numerator: 0n, denominator: 1n }, denominator)
    const before = tiers.at(-1)
    if (before !== undefined && (rate > before.rate || flat > 0n)) dearestFirst = false
    const offset = reached + flat - bound * rate
    tiers.push({ upTo: tier.upTo, rate, offset, roundingOffset: offset + denominator / 2n })
    if (tier.upTo !== null) {
      bound = tier.upTo
      reached = bound * rate + offset
    }
  })
  return { model: 'graduated', tiers, denominator, dearestFirst }
}

/** R(Q) in micros, rounded half away from zero. */
export function graduatedTotalMicros(price: CompiledGraduated, quantity: bigint): bigint {
  const tier = tierOf(price, quantity)
  return (quantity * tier.rate + tier.roundingOffset) / price.denominator
}

/**
 * The most R(Q + q) − R(Q) can be over all Q. The difference is linear in Q except where Q or Q + q passes a tier's bound,
 * so its largest value stands at zero or on one side of such a place; rounding can lift it to the next whole micro.
 */
export function graduatedBoundMicros(price: CompiledGraduated, quantity: bigint): bigint {
  let most = exactDifference(price, 0n, quantity)
  if (!price.dearestFirst) {
    for (const { upTo } of price.tiers) {
      if (upTo === null) continue
      for (const start of [upTo, upTo + 1n, upTo - quantity, upTo - quantity + 1n]) {
        if (start < 0n) continue
        const difference = exactDifference(price, start, quantity)
        if (difference > most) most = difference
      }
    }
  }
  return (most + price.denominator - 1n) / price.denominator
}

/** R(Q + q) − R(Q) as a numerator over the price's denominator. */
function exactDifference(price: CompiledGraduated, start: bigint, quantity: bigint): bigint {
  const end = start + quantity
  const first = tierOf(price, start)
  const last = tierOf(price, end)
  return end * last.rate + last.offset - (start * first.rate + first.offset)
}

/** The tier a cumulative quantity lies in. Prices have few tiers, so looking from the first is faster than halving. */
function tierOf(price: CompiledGraduated, quantity: bigint): CompiledTier {
  const tiers = price.tiers
  for (let index = 0; index < tiers.length; index++) {
    const tier = tiers[index]
    if (tier !== undefined && (tier.upTo === null || quantity <= tier.upTo)) return tier
  }
  assertThat(false, 'the last tier of a parsed graduated price is open')
}
