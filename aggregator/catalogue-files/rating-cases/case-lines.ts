import { unlimitedMicros } from '@meterline/shared/rating/dispatch.ts'
import { startPosition } from '@meterline/shared/rating/position.ts'
import type { CompiledPrice } from '@meterline/shared/rating/price.ts'
import { tierShares } from '@meterline/shared/rating/tier-shares.ts'
import type { WrittenPrice } from './mapped-case.ts'
import { compiledPrice, type Positions } from './segments.ts'

/**
 * The ways in which an invoice may divide what usage came to, in micros: a line for each tier, or one for its units and one
 * for its flat fee, in either order. `before` is null where nothing was used before; the opening is then part of it.
 */
export function waysToDivide(
  written: WrittenPrice,
  price: CompiledPrice,
  before: Positions | null,
  after: Positions,
): readonly (readonly bigint[])[] {
  const shares = sharesBetween(price, before, after)
  const units = unitShares(written, before, after)
  if (units === null) return [shares]
  const pairs = shares.map((share, index): readonly [bigint, bigint] => [
    units[index] ?? 0n,
    share - (units[index] ?? 0n),
  ])
  return [shares, pairs.flat(), pairs.flatMap(([unit, flat]) => [flat, unit])]
}

/** What each tier adds between two positions; of a routed price, what each of its models does. */
function sharesBetween(price: CompiledPrice, before: Positions | null, after: Positions): readonly bigint[] {
  const [model] = price.models
  if (price.router !== null || model === undefined) {
    return [...after].map(([index, position]) => {
      const part = price.models[index]
      return part === undefined ? 0n : unlimitedMicros(part, position)
    })
  }
  const earlier = before === null ? [] : tierShares(model, before.get(0) ?? startPosition)
  return tierShares(model, after.get(0) ?? startPosition).map(
    ({ amountMicros }, index) => amountMicros - (earlier[index]?.amountMicros ?? 0n),
  )
}

/** The same of the price without its flat fees; null for a price without tiers. */
function unitShares(written: WrittenPrice, before: Positions | null, after: Positions): readonly bigint[] | null {
  const tiers = written['tiers']
  if (!Array.isArray(tiers)) return null
  const withoutFlats = (tiers as readonly Readonly<Record<string, unknown>>[]).map((tier) =>
    Object.fromEntries(Object.entries({ amount: '0', ...tier }).filter(([name]) => name !== 'flat')),
  )
  const price = compiledPrice({ ...written, tiers: withoutFlats })
  return price.ok ? sharesBetween(price.value, before, after) : null
}
