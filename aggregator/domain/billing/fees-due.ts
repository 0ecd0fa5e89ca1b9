import { assertThat } from '@meterline/shared/base/errors.ts'
import { segmentKey } from '@meterline/shared/rating/segment.ts'
import { parseDecimal } from '@meterline/shared/units/decimal.ts'
import type { Period } from '@meterline/shared/units/period.ts'
import type { Party } from '../accounts/account-tree.ts'
import type { ActiveSpan, Catalogue, CatalogueFee, CatalogueSubscription } from '../catalogue/catalogue.ts'
import type { FeeTerms } from '../catalogue/fee.ts'
import type { Quantities } from '../catalogue/subscription-quantities.ts'
import { countedSpans, roundedParts } from '../contract/proration.ts'
import { periodAfter, type BillingCycle } from '../periods/billing-cycle.ts'

/** When a fee falls due, as lines and documents say it. */
export type FeeDue = 'in-advance' | 'in-arrears' | 'once'

/** A part of the time that a fee is for, in which what it counts stays the same. */
export interface FeePart {
  readonly fromMs: number
  /** Exclusive. */
  readonly toMs: number
  /** Above zero. */
  readonly quantity: bigint
  /** Days or seconds of it that count, by the fee's proration; of a fee that is not prorated 1. */
  readonly units: number
  readonly amountMicros: bigint
}

/** A fee that a subscription owes for a period. */
export interface DueFee {
  readonly fee: CatalogueFee
  readonly due: FeeDue
  /** The period it is for. */
  readonly period: Period
  /** The offering of the last version that has it in the period. */
  readonly offering: Party
  /** How many of what the fee counts, at last; above zero. */
  readonly quantity: bigint
  /** Sum of the parts; above zero. */
  readonly amountMicros: bigint
  /** In order of time, at least one. */
  readonly parts: readonly FeePart[]
  /** Days or seconds of the whole period, by the fee's proration; of a fee that is not prorated 1. */
  readonly wholeUnits: number
  /** How many fees of the same terms for the same period stand before it: 0 but where an offering asks for the same twice. */
  readonly repetition: number
}

/**
 * The fees of a subscription on the bill of a period of its buyer's cycle: all those of the period, whether or not documents
 * of earlier periods bill them already (what is billed is taken off line by line), and those that are due in advance for the
 * period after. A subscription that begins with that period is not on the bill before. Arguments as `feesOfPeriod`.
 */
export function feesDue(
  subscription: CatalogueSubscription,
  period: Period,
  cycle: BillingCycle,
  subjectCount?: bigint,
): readonly DueFee[] {
  const { fromMs, toMs } = subscription
  if (fromMs >= period.endMs || toMs <= period.startMs) return []
  const next = toMs <= period.endMs ? [] : feesOfPeriod(subscription, periodAfter(cycle, period), cycle, subjectCount)
  return [...feesOfPeriod(subscription, period, cycle, subjectCount), ...next.filter(({ due }) => due === 'in-advance')]
}

/**
 * What a subscription owes in fees for one period, in the order of the offering: one-time fees, then recurring ones in
 * arrears, then those in advance. What is paused counts as not in force:
 *
 * - one-time: for the period in which the subscription begins, by the version and quantities it begins with;
 * - recurring without proration: whole for every period in which it is in force at some time; in advance by the version and
 *   quantities of the first such instant of the period, in arrears by those of the last;
 * - prorated by day or second: for the days or seconds in which a version that has the fee is in force, by the quantities
 *   of each; the parts sum to the rounded whole (half away from zero to a micro).
 *
 * `subjectCount` is how many subjects there are to count, which have no dates: those of the catalogue when left out, and for
 * a period that is billed already as many as were billed. What comes to nothing is left out.
 */
export function feesOfPeriod(
  subscription: CatalogueSubscription,
  period: Period,
  cycle: BillingCycle,
  subjectCount = BigInt(subscription.subjects?.length ?? 0),
): readonly DueFee[] {
  const active = subscription.activeBetween(period.startMs, period.endMs)
  const { fromMs } = subscription
  const begins = fromMs >= period.startMs && fromMs < period.endMs ? beginningOf(subscription) : []
  const reckoning = { period, cycle, active, subjectCount }
  const owed = (spans: readonly ActiveSpan[], due: FeeDue): readonly DueFee[] =>
    rowsOf(spans, due).flatMap((row) => {
      const found = dueFee(row, due, reckoning)
      return found === null || found.amountMicros === 0n ? [] : [found]
    })
  return [...owed(begins, 'once'), ...owed(active, 'in-arrears'), ...owed(active, 'in-advance')]
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

/** The instant a subscription begins; a pause from the beginning on takes no one-time fee away. */
function beginningOf(subscription: CatalogueSubscription): readonly ActiveSpan[] {
  const { fromMs } = subscription
  const version = subscription.versionAt(fromMs)
  if (version === null) return []
  return [{ fromMs, toMs: version.toMs, version, quantities: subscription.quantitiesAt(fromMs) }]
}

/** One fee with the spans it is owed for. */
interface FeeRow {
  readonly fee: CatalogueFee
  readonly repetition: number
  readonly spans: readonly ActiveSpan[]
}

/** The fees of some spans that are due in one way, each as often as a version lists its terms; without those not owed. */
function rowsOf(active: readonly ActiveSpan[], due: FeeDue): readonly FeeRow[] {
  const rows = new Map<string, FeeRow & { readonly spans: ActiveSpan[] }>()
  for (const span of active) {
    const seen = new Map<string, number>()
    for (const fee of span.version.fees) {
      if (dueOf(fee.terms) !== due) continue
      const repetition = seen.get(fee.id) ?? 0
      seen.set(fee.id, repetition + 1)
      const key = `${fee.id} ${repetition}`
      const row = rows.get(key) ?? { fee, repetition, spans: [] }
      rows.set(key, row)
      row.spans.push(span)
    }
  }
  return [...rows.values()].flatMap((row) => {
    if (row.fee.terms.prorate !== 'none') return [row]
    // Whole fees are those of the first or last instant of all.
    const deciding = due === 'in-arrears' ? active.at(-1) : active[0]
    return deciding !== undefined && row.spans.includes(deciding) ? [{ ...row, spans: [deciding] }] : []
  })
}

/** What decides on the parts of a fee beside its terms. */
interface Reckoning {
  readonly period: Period
  readonly cycle: BillingCycle
  /** All active spans of the period, also those without the fee: each day or second counts for one of them. */
  readonly active: readonly ActiveSpan[]
  readonly subjectCount: bigint
}

/** What a fee comes to; null where nothing is there to count. */
function dueFee({ fee, repetition, spans }: FeeRow, due: FeeDue, reckoning: Reckoning): DueFee | null {
  const { period } = reckoning
  const { counted, wholeUnits } = countedParts(fee.terms, spans, reckoning)
  const { numerator, denominator } = exactMicros(fee.terms.amount)
  const amounts = roundedParts(
    counted.map(({ quantity, units }) => numerator * quantity * BigInt(units)),
    denominator * BigInt(wholeUnits),
  )
  const parts = counted.map((part, index): FeePart => ({ ...part, amountMicros: amounts[index] ?? 0n }))
  const [last, offering] = [parts.at(-1), spans.at(-1)?.version.offering]
  if (last === undefined || offering === undefined) return null
  const amountMicros = amounts.reduce((sum, part) => sum + part, 0n)
  return { fee, due, period, offering, quantity: last.quantity, amountMicros, parts, wholeUnits, repetition }
}

type CountedPart = Omit<FeePart, 'amountMicros'>

/** The time that counts for a fee; neighbours with the same quantity are one part. */
function countedParts(
  { prorate, each }: FeeTerms,
  spans: readonly ActiveSpan[],
  { period, cycle, active, subjectCount }: Reckoning,
): { readonly counted: readonly CountedPart[]; readonly wholeUnits: number } {
  if (prorate === 'none') {
    const quantity = countOf(each, spans[0]?.quantities ?? none, subjectCount)
    const whole = { fromMs: period.startMs, toMs: period.endMs, quantity, units: 1 }
    return { counted: quantity > 0n ? [whole] : [], wholeUnits: 1 }
  }
  const own = new Set(spans)
  const { counts, whole } = countedSpans(active, period, cycle, prorate)
  const counted: CountedPart[] = []
  active.forEach((span, index) => {
    const quantity = countOf(each, span.quantities, subjectCount)
    const units = counts[index] ?? 0
    if (!own.has(span) || quantity === 0n || units === 0) return
    const last = counted.at(-1)
    if (last?.toMs !== span.fromMs || last.quantity !== quantity) {
      counted.push({ fromMs: span.fromMs, toMs: span.toMs, quantity, units })
    } else counted[counted.length - 1] = { ...last, toMs: span.toMs, units: last.units + units }
  })
  return { counted, wholeUnits: whole }
}

const none: Quantities = new Map()

function countOf(each: FeeTerms['each'], quantities: Quantities, subjectCount: bigint): bigint {
  if (each === 'subscription') return 1n
  return each === 'subject' ? subjectCount : (quantities.get(each.quantity) ?? 0n)
}

/** The exact amount (decimal text in currency units) times the quantity, rounded half away from zero to a micro. */
export function feeMicros(amount: string, quantity: bigint): bigint {
  const { numerator, denominator } = exactMicros(amount)
  return roundedParts([numerator * quantity], denominator)[0] ?? 0n
}

/** A decimal amount of currency units as a fraction of micros. */
function exactMicros(amount: string): { readonly numerator: bigint; readonly denominator: bigint } {
  const parsed = parseDecimal(amount)
  assertThat(parsed.ok, `the amount ${amount} of a checked fee is a decimal`)
  const { coefficient, scale } = parsed.value
  return { numerator: coefficient * 1_000_000n, denominator: 10n ** BigInt(scale) }
}
