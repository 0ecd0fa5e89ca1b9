import { exactMicros } from '@meterline/shared/rating/exact-rate.ts'
import { divideRounded } from '@meterline/shared/units/money.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { BillingCycle } from '../periods/billing-cycle.ts'
import { activeSpan, wholeMicros } from './commitment-span.ts'
import type { ContractDefinition } from './contract-definition.ts'
import type { Discount, DiscountTerms, DiscountTier } from './discount-definition.ts'
import { countedSpans } from './proration.ts'

/** An exact amount of micros: a numerator over a denominator above zero. */
interface ExactAmount {
  readonly numerator: bigint
  readonly denominator: bigint
}

/**
 * What a discount takes off what was spent in a period (micros, not below zero): at most all of it and at most its limit,
 * rounded once, half away from zero to a micro. Zero in periods in which it is not in force; where it is in force for a
 * part of one, by its proration.
 */
export function discountMicros(
  discount: Discount,
  contract: ContractDefinition,
  spentMicros: bigint,
  period: Period,
  cycle: BillingCycle,
): bigint {
  const span = discountSpan(discount, contract, period)
  if (span === null || spentMicros <= 0n) return 0n
  const { numerator, denominator } = exactDiscount(discount.terms, spentMicros)
  const { counts, whole } =
    discount.prorate === 'none' ? { counts: [1], whole: 1 } : countedSpans([span], period, cycle, discount.prorate)
  const micros = divideRounded(numerator * BigInt(counts[0] ?? 0), denominator * BigInt(whole), 'half-away')
  const most = discount.atMost === null ? spentMicros : wholeMicros(discount.atMost)
  return [micros, most].reduce((least, each) => (each < least ? each : least), spentMicros)
}

/** When both the contract and the discount are in force in a period. */
export function discountSpan(
  { fromMs, toMs }: Discount,
  contract: ContractDefinition,
  period: Period,
): ReturnType<typeof activeSpan> {
  const inContract = activeSpan(contract, period)
  if (inContract === null) return null
  return activeSpan({ fromMs: fromMs ?? -Infinity, toMs }, { startMs: inContract.fromMs, endMs: inContract.toMs })
}

function exactDiscount(terms: DiscountTerms, spentMicros: bigint): ExactAmount {
  if (terms.kind === 'amount') return exactMicros(terms.amount)
  if (terms.kind === 'percent') return percentOf(terms.percent, spentMicros)
  return terms.tiered === 'volume' ? ofReached(terms.tiers, spentMicros) : ofEach(terms.tiers, spentMicros)
}

/** All of the spend at the percentage of the tier it ends in. */
function ofReached(tiers: readonly DiscountTier[], spentMicros: bigint): ExactAmount {
  const reached = tiers.find(({ upTo }) => upTo === null || spentMicros <= wholeMicros(upTo))
  return percentOf(reached?.percent ?? '0', spentMicros)
}

/** Each part of the spend at the percentage of the tier it lies in. */
function ofEach(tiers: readonly DiscountTier[], spentMicros: bigint): ExactAmount {
  let from = 0n
  let sum: ExactAmount = { numerator: 0n, denominator: 1n }
  for (const { upTo, percent } of tiers) {
    const limit = upTo === null ? spentMicros : wholeMicros(upTo)
    const to = limit < spentMicros ? limit : spentMicros
    if (to <= from) continue
    const part = percentOf(percent, to - from)
    sum = {
      numerator: sum.numerator * part.denominator + part.numerator * sum.denominator,
      denominator: sum.denominator * part.denominator,
    }
    from = to
  }
  return sum
}

function percentOf(percent: string, micros: bigint): ExactAmount {
  const { numerator, denominator } = exactMicros(percent)
  return { numerator: numerator * micros, denominator: denominator * 100_000_000n }
}
