import type { PlannedModel, PlannedPercentage, PlannedStepped } from './planned-price.ts'
import { dividedBy, minus, plus, rationalOf, roundHalfAway, times, whole, zero } from './rational.ts'
import { compare, least, most } from './rational.ts'
import type { Rational } from './rational.ts'

const percent = 100n

/** Whether a model charges what whole records cost, rather than what the quantity of the period does. */
export function isPerEvent(model: PlannedModel): boolean {
  return (
    model.model === 'percentage' || model.model === 'stepped' || (model.model === 'package' && model.each === 'event')
  )
}

/**
 * What the quantity of a period costs, exactly, in currency units, for models that look at nothing else. The first tier is
 * entered before any usage, so its flat amount belongs to no record, unless the price says that nothing is due at zero.
 */
export function costOfQuantity(price: PlannedModel, quantity: bigint): Rational {
  switch (price.model) {
    case 'per-unit':
      return dividedBy(times(rationalOf(price.amount), whole(quantity)), price.per)
    case 'package':
      return times(rationalOf(price.amount), whole(blocks(quantity - (price.free ?? 0n), price.size)))
    case 'stair-step': {
      if (quantity === 0n && price.flatAtZero === false) return zero
      return rationalOf(tierAt(price.tiers, quantity).flat)
    }
    case 'volume': {
      if (quantity === 0n && price.flatAtZero === false) return zero
      const tier = tierAt(price.tiers, quantity)
      return plus(inTier(tier, quantity, price.per), rationalOf(tier.flat ?? '0'))
    }
    case 'graduated':
      return walkTiers(price.tiers, quantity, price.flatAtZero !== false, (tier, part) => inTier(tier, part, price.per))
    case 'graduated-percentage':
      return walkTiers(price.tiers, quantity, price.flatAtZero !== false, (tier, part) =>
        shareOf(tier.rate, dividedBy(whole(part), price.per)),
      )
    default:
      throw new Error(`${price.model} does not go by the quantity of a period`)
  }
}

/** What one record costs by itself, exactly, in currency units, for models that charge whole records. */
export function costOfEvent(price: PlannedModel, quantity: bigint): Rational {
  if (price.model === 'percentage') return costOfTransaction(price, dividedBy(whole(quantity), price.per))
  if (price.model === 'stepped') return costOfCall(price, quantity)
  if (price.model !== 'package') throw new Error(`${price.model} does not go by events`)
  const packages = blocks(quantity - (price.free ?? 0n), price.size)
  const atLeast = price.least ?? 0n
  return times(rationalOf(price.amount), whole(packages > atLeast ? packages : atLeast))
}

/**
 * What the free events of a price take off: the earliest ones, up to their number, until their amounts reach the free
 * amount. The one that reaches it is charged for what is above, as if that were all of it. A free amount of nothing is
 * none. `records` are in order.
 */
export function freeOf(price: PlannedPercentage, records: readonly { readonly quantity: bigint }[]): Rational {
  const freeAmount = rationalOf(price.freeAmount ?? '0')
  const hasAmount = compare(freeAmount, zero) > 0
  if (price.freeEvents === undefined && !hasAmount) return zero
  let [taken, used] = [zero, zero]
  for (const { quantity } of records.slice(0, price.freeEvents ?? records.length)) {
    const amount = dividedBy(whole(quantity), price.per)
    taken = plus(taken, costOfTransaction(price, amount))
    used = plus(used, amount)
    if (hasAmount && compare(used, freeAmount) >= 0)
      return minus(taken, costOfTransaction(price, minus(used, freeAmount)))
  }
  return taken
}

function costOfTransaction(price: PlannedPercentage, amount: Rational): Rational {
  const share = plus(shareOf(price.rate, amount), rationalOf(price.fixed ?? '0'))
  const raised = price.minimumEach === undefined ? share : most(share, rationalOf(price.minimumEach))
  return price.maximumEach === undefined ? raised : least(raised, rationalOf(price.maximumEach))
}

/** What it takes to be put through, and started increments: one that reaches into the next step pays for that part too. */
function costOfCall(price: PlannedStepped, quantity: bigint): Rational {
  let cost = rationalOf(price.connect ?? '0')
  let paidUpTo = 0n
  for (const [index, { amount, per, increment }] of price.steps.entries()) {
    const next = price.steps[index + 1]?.from
    const end = next === undefined || quantity < next ? quantity : next
    const started = blocks(end - paidUpTo, increment)
    const each = roundedTo(dividedBy(times(rationalOf(amount), whole(increment)), per), price.incrementDigits)
    cost = plus(cost, times(each, whole(started)))
    paidUpTo += started * increment
  }
  return cost
}

function walkTiers<Tier extends { readonly upTo: bigint | null; readonly flat?: string }>(
  tiers: readonly Tier[],
  quantity: bigint,
  entersAtZero: boolean,
  costOf: (tier: Tier, part: bigint) => Rational,
): Rational {
  let total = zero
  let lower = 0n
  for (const [index, tier] of tiers.entries()) {
    const isEntered = quantity > lower || (index === 0 && entersAtZero)
    if (!isEntered) break
    const upper = tier.upTo === null || quantity < tier.upTo ? quantity : tier.upTo
    total = plus(total, plus(costOf(tier, upper - lower), rationalOf(tier.flat ?? '0')))
    lower = upper
    if (tier.upTo === null) break
  }
  return total
}

function inTier(
  { amount, block }: { readonly amount: string; readonly block?: bigint },
  units: bigint,
  per: bigint,
): Rational {
  if (block !== undefined) return times(rationalOf(amount), whole(blocks(units, block)))
  return dividedBy(times(rationalOf(amount), whole(units)), per)
}

function tierAt<Tier extends { readonly upTo: bigint | null }>(tiers: readonly Tier[], quantity: bigint): Tier {
  const tier = tiers.find(({ upTo }) => upTo === null || quantity <= upTo)
  if (tier === undefined) throw new Error(`no tier holds ${quantity}`)
  return tier
}

function shareOf(rate: string, amount: Rational): Rational {
  return dividedBy(times(rationalOf(rate), amount), percent)
}

/** How many blocks of this size are started by so many units. */
function blocks(units: bigint, size: bigint): bigint {
  if (units <= 0n) return 0n
  const full = units / size
  return full * size === units ? full : full + 1n
}

function roundedTo(amount: Rational, digits: number | undefined): Rational {
  if (digits === undefined) return amount
  const scale = 10n ** BigInt(digits)
  return dividedBy(whole(roundHalfAway(times(amount, whole(scale)))), scale)
}
