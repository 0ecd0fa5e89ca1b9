import { exactMicros } from '@meterline/shared/rating/exact-rate.ts'
import { divideRounded } from '@meterline/shared/units/money.ts'

/** What is spent towards a committed amount, in micros, none of them below zero. */
export interface CommitmentSpending {
  /** What is promised for the period or term. */
  readonly promisedMicros: bigint
  /** In earlier periods of the term. */
  readonly earlierMicros: bigint
  /** In this period. */
  readonly spentMicros: bigint
  /** Whether the period is the first and the last of the term; both where something is promised for every period. */
  readonly isFirst: boolean
  readonly isLast: boolean
}

/** What a committed amount adds to what was spent in one period of its term, in micros. */
export interface CommitmentAmounts {
  /** All of an amount in advance, in the first period. */
  readonly inAdvanceMicros: bigint
  /** What of an amount in advance is used up by what was spent; above zero. */
  readonly drawnMicros: bigint
  /** What was not spent of an amount that is billed afterwards, in the last period. */
  readonly missingMicros: bigint
  /** What spending beyond the amount costs more than itself; below zero where it costs less. */
  readonly overageMicros: bigint
}

/**
 * What a committed amount adds to a period. Over a term the parts add up: it does not matter in which of its periods
 * something was spent. `overageFactor` (decimal text) is what a currency unit spent beyond the amount costs; null: itself.
 * What that adds is rounded half away from zero to a micro, cumulated over the term.
 */
export function commitmentAmounts(
  { promisedMicros, earlierMicros, spentMicros, isFirst, isLast }: CommitmentSpending,
  { inAdvance, overageFactor }: { readonly inAdvance: boolean; readonly overageFactor: string | null },
): CommitmentAmounts {
  const allMicros = earlierMicros + spentMicros
  const missingMicros = allMicros < promisedMicros ? promisedMicros - allMicros : 0n
  return {
    inAdvanceMicros: inAdvance && isFirst ? promisedMicros : 0n,
    drawnMicros: inAdvance ? smaller(allMicros, promisedMicros) - smaller(earlierMicros, promisedMicros) : 0n,
    missingMicros: !inAdvance && isLast ? missingMicros : 0n,
    overageMicros:
      overageFactor === null
        ? 0n
        : dearerMicros(allMicros - promisedMicros, overageFactor) -
          dearerMicros(earlierMicros - promisedMicros, overageFactor),
  }
}

/** What spending beyond the amount costs more than itself. */
function dearerMicros(beyondMicros: bigint, factor: string): bigint {
  if (beyondMicros <= 0n) return 0n
  const { numerator, denominator } = exactMicros(factor)
  const one = denominator * 1_000_000n
  return divideRounded(beyondMicros * (numerator - one), one, 'half-away')
}

function smaller(left: bigint, right: bigint): bigint {
  return left < right ? left : right
}
