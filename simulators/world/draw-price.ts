import type { Random } from '@meterline/shared/base/random.ts'
import type { PlannedPrice, PlannedTier } from '../oracle/tenant-plan.ts'

/** A price for about `expected` base units in a run: small and odd amounts, tiers that are crossed on the way. */
export function drawPrice(random: Random, id: string, meter: string, expected: number): PlannedPrice {
  const per = BigInt([1, 7, 100, 1000, 1_000_000][random.below(5)] ?? 1)
  const amount = (): string => decimal(random, Number(per) / expected)
  if (random.below(2) === 0) return { id, meter, model: 'per-unit', amount: amount(), per }
  const tiers: PlannedTier[] = []
  let upTo = 0
  for (let closed = 1 + random.below(3); closed > 0; closed--) {
    upTo += 1 + random.below(expected)
    tiers.push(tier(random, BigInt(upTo), amount()))
  }
  tiers.push(tier(random, null, amount()))
  return { id, meter, model: 'graduated', per, tiers }
}

function tier(random: Random, upTo: bigint | null, amount: string): PlannedTier {
  return random.below(4) === 0 ? { upTo, amount, flat: decimal(random, 0.5) } : { upTo, amount }
}

/** A decimal text with an awkward number of digits, somewhere around `about`. */
function decimal(random: Random, about: number): string {
  const digits = 4 + random.below(9)
  const scaled = Math.floor(about * 100 * random.fraction() * 10 ** digits)
  const text = String(Math.min(scaled, Number.MAX_SAFE_INTEGER)).padStart(digits + 1, '0')
  return `${text.slice(0, -digits)}.${text.slice(-digits)}`
}
