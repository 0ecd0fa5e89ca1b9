import type { PlannedDiscount } from './planned-contract.ts'
import {
  compare,
  dividedBy,
  least,
  minus,
  most,
  plus,
  rationalOf,
  roundHalfAway,
  times,
  whole,
  zero,
} from './rational.ts'
import type { Rational } from './rational.ts'

const microsPerUnit = 1_000_000n
const hundred = 100n

/** What a discount takes off an amount in micros: never more than all of it. */
export function discountOf(
  { percent, amount, tiers, tiered = 'volume', atMost }: PlannedDiscount,
  micros: bigint,
): bigint {
  const base = dividedBy(whole(micros), microsPerUnit)
  let off: Rational = zero
  if (percent !== undefined) off = percentOf(base, percent)
  else if (amount !== undefined) off = micros === 0n ? zero : rationalOf(amount)
  else if (tiered === 'volume') {
    const reached = (tiers ?? []).find(({ upTo }) => upTo === undefined || compare(base, rationalOf(upTo)) <= 0)
    off = percentOf(base, reached?.percent ?? '0')
  } else {
    let from: Rational = zero
    for (const tier of tiers ?? []) {
      const to = tier.upTo === undefined ? base : least(base, rationalOf(tier.upTo))
      off = plus(off, percentOf(most(minus(to, from), zero), tier.percent))
      from = most(from, to)
    }
  }
  const limited = atMost === undefined ? microsOf(off) : smaller(microsOf(off), microsOf(rationalOf(atMost)))
  return smaller(limited, micros)
}

function percentOf(base: Rational, percent: string): Rational {
  return dividedBy(times(base, rationalOf(percent)), hundred)
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function microsOf(amount: Rational): bigint {
  return roundHalfAway(times(amount, whole(microsPerUnit)))
}
