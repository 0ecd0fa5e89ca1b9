import { assertThat } from '@meterline/shared/base/errors.ts'
import { exactMicros } from '@meterline/shared/rating/exact-rate.ts'
import { divideRounded } from '@meterline/shared/units/money.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import { periodAt, type BillingCycle } from '../periods/billing-cycle.ts'
import { monthNumber, periodOfMonth } from '../periods/month-number.ts'
import type { CommittedAmount } from './committed-amount.ts'
import type { ContractDefinition } from './contract-definition.ts'
import { countedSpans, type Proration } from './proration.ts'
import type { TimeSpan } from './time-span.ts'

/** What a period is to a committed amount: the whole of what it is promised for, or a part of a term. */
export interface CommitmentSpan {
  /** What is promised for all of it. */
  readonly amountMicros: bigint
  /** The periods of the term before this one, in order; none where it is promised for every period. */
  readonly earlier: readonly Period[]
  /** Whether it is the last in which something can be spent towards it. */
  readonly isLast: boolean
}

/** Where a period of the buyer's cycle stands in what a contract's amount is promised for; null when it is not in force. */
export function commitmentSpan(
  rule: CommittedAmount,
  contract: ContractDefinition,
  period: Period,
  cycle: BillingCycle,
): CommitmentSpan | null {
  const active = activeSpan(contract, period)
  if (active === null) return null
  if (rule.per === 'period') {
    return { amountMicros: sharedMicros(rule.amount, rule.prorate, active, period, cycle), earlier: [], isLast: true }
  }
  const first = monthNumber(periodAt(cycle, contract.fromMs).key)
  const number = monthNumber(period.key)
  const isEnd = contract.toMs !== null && contract.toMs <= period.endMs
  const { termPeriods } = contract
  if (termPeriods === null) {
    const amountMicros = wholeMicros(rule.amount)
    return { amountMicros, earlier: periodsBetween(cycle, first, number), isLast: isEnd }
  }
  const begin = number - ((number - first) % termPeriods)
  const last = begin + termPeriods - 1
  const term = { key: '', startMs: periodOfMonth(cycle, begin).startMs, endMs: periodOfMonth(cycle, last).endMs }
  const inForce = activeSpan(contract, term)
  assertThat(inForce !== null, 'a contract that is in force in a period is in force in its term')
  return {
    amountMicros: sharedMicros(rule.amount, rule.prorate, inForce, term, cycle),
    earlier: periodsBetween(cycle, begin, number),
    isLast: isEnd || number === last,
  }
}

/** When something with a beginning and perhaps an end is in force in a period; null: never. */
export function activeSpan(
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number | null },
  { startMs, endMs }: Pick<Period, 'startMs' | 'endMs'>,
): TimeSpan | null {
  const span = { fromMs: Math.max(fromMs, startMs), toMs: Math.min(toMs ?? Infinity, endMs) }
  return span.fromMs < span.toMs ? span : null
}

/**
 * The part of an amount (decimal text in currency units) that falls on a span of a period, in micros rounded half away from
 * zero; all of it without proration.
 */
export function sharedMicros(
  amount: string,
  proration: Proration,
  span: TimeSpan,
  period: Period,
  cycle: BillingCycle,
): bigint {
  if (proration === 'none') return wholeMicros(amount)
  const { numerator, denominator } = exactMicros(amount)
  const { counts, whole } = countedSpans([span], period, cycle, proration)
  return divideRounded(numerator * BigInt(counts[0] ?? 0), denominator * BigInt(whole), 'half-away')
}

/** A decimal amount of currency units in micros, rounded half away from zero. */
export function wholeMicros(amount: string): bigint {
  const { numerator, denominator } = exactMicros(amount)
  return divideRounded(numerator, denominator, 'half-away')
}

/** The periods of a cycle from one month's to the one before another's. */
function periodsBetween(cycle: BillingCycle, from: number, to: number): readonly Period[] {
  return Array.from({ length: to - from }, (_, index) => periodOfMonth(cycle, from + index))
}
