import { isLess, per, plus, ratioOf, times, zero, type Ratio } from './ratio.ts'
import type { PackagePrice } from '../package.ts'
import type { PerUnitPrice } from '../per-unit.ts'
import type { GraduatedPrice } from '../graduated.ts'
import type { StairStepPrice } from '../stair-step.ts'
import type { CommonTerms, RoundingDirection, TierTerms } from '../terms.ts'
import type { VolumePrice } from '../volume.ts'

/** The prices that this oracle knows. */
export type OraclePrice = PerUnitPrice | GraduatedPrice | VolumePrice | StairStepPrice | PackagePrice

/**
 * What events of these quantities cost together in currency units, exactly and before limits: unit by unit, from the words
 * of the rules. Only for quantities that can be counted.
 */
export function costOf(price: OraclePrice, events: readonly bigint[]): Ratio {
  const total = events.reduce((sum, quantity) => sum + quantity, 0n)
  switch (price.model) {
    case 'per-unit':
      return unitByUnit(total, () => per(ratioOf(price.amount), price.per))
    case 'graduated':
      return graduatedCost(price, total)
    case 'volume':
      return volumeCost(price, total)
    case 'stair-step':
      return total === 0n && price.flatAtZero === false ? zero : ratioOf(tierAt(price.tiers, total).flat)
    case 'package':
      return price.each === 'period' ? packageCost(price, total) : sumOf(events.map((own) => packageCost(price, own)))
    default:
      throw new Error(`no such price: ${String(price satisfies never)}`)
  }
}

/** What a segment is charged in micros: held between minimum and maximum, then rounded. */
export function settledMicros(exact: Ratio, { minimum, maximum, rounding }: CommonTerms): bigint {
  const least = minimum === undefined ? exact : larger(exact, ratioOf(minimum))
  const most = maximum === undefined ? least : smaller(least, ratioOf(maximum))
  const digits = rounding?.digits ?? 6
  const steps = roundedTo(times(most, 10n ** BigInt(digits)), rounding?.rule ?? 'half-away')
  return steps * 10n ** BigInt(6 - digits)
}

/** The nearest whole number, as the rule says. */
export function roundedTo({ top, bottom }: Ratio, rule: RoundingDirection): bigint {
  const below = top / bottom
  const above = below * bottom === top ? below : below + 1n
  if (rule === 'up') return above
  if (rule === 'down' || above === below) return below
  const toBelow = top - below * bottom
  const toAbove = above * bottom - top
  if (toBelow === toAbove) return rule === 'half-even' && below % 2n === 0n ? below : above
  return toBelow < toAbove ? below : above
}

function graduatedCost(price: GraduatedPrice, total: bigint): Ratio {
  const isFeeDue = total > 0n || price.flatAtZero !== false
  let cost = isFeeDue ? ratioOf(price.tiers[0]?.flat ?? '0') : zero
  let from = 0n
  for (const [index, tier] of price.tiers.entries()) {
    if (index > 0 && total > from) cost = plus(cost, ratioOf(tier.flat ?? '0'))
    const start = from
    const end = tier.upTo === null || tier.upTo > total ? total : tier.upTo
    for (let unit = start; unit < end; unit++) cost = plus(cost, costOfUnit(tier, price.per, unit - start))
    if (tier.upTo === null) break
    from = tier.upTo
  }
  return cost
}

function volumeCost(price: VolumePrice, total: bigint): Ratio {
  if (total === 0n && price.flatAtZero === false) return zero
  const tier = tierAt(price.tiers, total)
  return plus(
    ratioOf(tier.flat ?? '0'),
    unitByUnit(total, (unit) => costOfUnit(tier, price.per, unit)),
  )
}

/** The first unit of a block pays all of it. */
function costOfUnit(tier: TierTerms, base: bigint, unitOfTier: bigint): Ratio {
  if (tier.block === undefined) return per(ratioOf(tier.amount), base)
  return unitOfTier % tier.block === 0n ? ratioOf(tier.amount) : zero
}

function packageCost(price: PackagePrice, quantity: bigint): Ratio {
  let left = quantity - (price.free ?? 0n)
  let packages = 0n
  while (left > 0n) {
    packages++
    left -= price.size
  }
  const least = price.least ?? 0n
  return times(ratioOf(price.amount), packages < least ? least : packages)
}

function tierAt<Tier extends { readonly upTo: bigint | null }>(tiers: readonly Tier[], total: bigint): Tier {
  const tier = tiers.find(({ upTo }) => upTo === null || total <= upTo)
  if (tier === undefined) throw new Error('the last tier is open')
  return tier
}

function unitByUnit(total: bigint, costAt: (unit: bigint) => Ratio): Ratio {
  let sum = zero
  for (let unit = 0n; unit < total; unit++) sum = plus(sum, costAt(unit))
  return sum
}

function sumOf(costs: readonly Ratio[]): Ratio {
  return costs.reduce(plus, zero)
}

function larger(left: Ratio, right: Ratio): Ratio {
  return isLess(left, right) ? right : left
}

function smaller(left: Ratio, right: Ratio): Ratio {
  return isLess(right, left) ? right : left
}
