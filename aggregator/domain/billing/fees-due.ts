import { assertThat } from '@meterline/shared/base/errors.ts'
import { segmentKey } from '@meterline/shared/rating/segment.ts'
import { parseDecimal } from '@meterline/shared/units/decimal.ts'
import { divideRounded } from '@meterline/shared/units/money.ts'
import { monthPeriodOf, type Period } from '@meterline/shared/units/period.ts'
import type { Catalogue, CatalogueFee, CatalogueSubscription } from '../catalogue/catalogue.ts'
import type { FeeTerms } from '../catalogue/fee.ts'

/** When a fee falls due, as lines and documents say it. */
export type FeeDue = 'in-advance' | 'in-arrears' | 'once'

/** A fee that a subscription owes with the bill of a period. */
export interface DueFee {
  readonly fee: CatalogueFee
  readonly due: FeeDue
  /** The period it is for: in advance, the one after the billed period. */
  readonly period: Period
  /** How many of what the fee counts; above zero. */
  readonly quantity: bigint
  readonly amountMicros: bigint
  /** How many fees of the same terms for the same period stand before it: 0 but where an offering asks for the same twice. */
  readonly repetition: number
}

/**
 * The fees of a subscription on the bill of a period, in the order of the offering:
 *
 * - one-time: in the period in which the subscription begins, by the version it begins with;
 * - recurring in arrears: for every period in which it is in force at some time, by the last version of the period;
 * - recurring in advance: for the next period when it is in force as that begins, by the version of that instant, and for
 *   the period in which it begins, whose bill is the first it has.
 *
 * Amounts are whole however much of the period a subscription or a version is in force: there is no proration. Quantities
 * are those of the catalogue the period is billed with. What comes to nothing is left out.
 */
export function feesDue(subscription: CatalogueSubscription, period: Period): readonly DueFee[] {
  const { fromMs, toMs } = subscription
  if (fromMs >= period.endMs || toMs <= period.startMs) return []
  const first = fromMs >= period.startMs ? feesOf(subscription, fromMs) : []
  const last = feesOf(subscription, Math.min(toMs, period.endMs) - 1)
  const next = feesOf(subscription, period.endMs)
  const due = (fees: readonly CatalogueFee[], is: FeeDue, inPeriod: Period): readonly DueFee[] => {
    const those = fees.filter(({ terms }) => dueOf(terms) === is)
    return those
      .map((fee, index) => {
        const repetition = those.slice(0, index).filter(({ id }) => id === fee.id).length
        return dueFee(subscription, fee, is, inPeriod, repetition)
      })
      .filter(({ amountMicros }) => amountMicros > 0n)
  }
  return [
    ...due(first, 'once', period),
    ...due(last, 'in-arrears', period),
    ...due(first, 'in-advance', period),
    ...(next.length === 0 ? [] : due(next, 'in-advance', monthPeriodOf(period.endMs))),
  ]
}

/** Whether a catalogue has fees at all; where it has none, a million subscriptions need not be asked for theirs. */
export function hasFees({ file }: Catalogue): boolean {
  return file.prices.some(({ meter }) => meter === null)
}

/** What stands in the place of the meter in the segment key of a fee. No price has the hash of a fee, so no key is both. */
export const feeSegmentMeter = 'fee'

/**
 * The key of the segment of a fee: `<period>/<subscription>/fee/<fee id>`, and the repetition behind it where it is not the
 * first. A fee has no charges; its line is all there is of it.
 */
export function feeSegmentKey(subscription: string, { fee, period, repetition }: DueFee): string {
  return segmentKey(subscription, fee.id, feeSegmentMeter, period.key, repetition === 0 ? null : repetition)
}

function dueOf({ model, due }: FeeTerms): FeeDue {
  return model === 'one-time' ? 'once' : due
}

/** The fees of the version that is in force at an instant; none before the first and after the last. */
function feesOf(subscription: CatalogueSubscription, timeMs: number): readonly CatalogueFee[] {
  return subscription.versionAt(timeMs)?.fees ?? []
}

function dueFee(
  subscription: CatalogueSubscription,
  fee: CatalogueFee,
  due: FeeDue,
  period: Period,
  repetition: number,
): DueFee {
  const quantity = countOf(subscription, fee.terms.each)
  return { fee, due, period, quantity, amountMicros: feeMicros(fee.terms.amount, quantity), repetition }
}

function countOf({ subjects, quantities }: CatalogueSubscription, each: FeeTerms['each']): bigint {
  if (each === 'subscription') return 1n
  return each === 'subject' ? BigInt(subjects?.length ?? 0) : (quantities.get(each.quantity) ?? 0n)
}

/** The exact amount (decimal text in currency units) times the quantity, rounded half away from zero to a micro. */
export function feeMicros(amount: string, quantity: bigint): bigint {
  const parsed = parseDecimal(amount)
  assertThat(parsed.ok, `the amount ${amount} of a checked fee is a decimal`)
  const { coefficient, scale } = parsed.value
  return divideRounded(quantity * coefficient * 1_000_000n, 10n ** BigInt(scale), 'half-away')
}
