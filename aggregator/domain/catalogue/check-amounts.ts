import { openingMicros } from '@meterline/shared/rating/dispatch.ts'
import { compileModel } from '@meterline/shared/rating/model.ts'
import type { Price } from '@meterline/shared/rating/price.ts'
import { largestSegmentMicros } from '@meterline/shared/rating/segment.ts'
import { parseDecimal } from '@meterline/shared/units/decimal.ts'
import type { Draft, Placed } from './draft.ts'
import type { FeeTerms } from './fee.ts'
import { namesMatrix, termsOverTime, type PriceDefinition, type StatedPrice } from './price-definition.ts'
import { problem, type Problem } from './problem.ts'
import { versionSpans, type SubscriptionDefinition } from './subscription-definition.ts'

type Path = readonly (string | number)[]

const microsPerUnit = 1_000_000n
const tooMuch = `is more than the ${largestSegmentMicros / microsPerUnit} currency units that one line can come to`

/**
 * What is owed without any usage fits a line: usage that does not is kept back when it comes, but fees and openings are
 * owed whatever happens, and one that no book can hold would keep its period from ever being closed.
 */
export function checkAmounts(draft: Draft): readonly Problem[] {
  const fees = new Map(
    draft.prices.flatMap(({ value }) =>
      value.meter === null ? [[value.id, termsOverTime(value).map(({ terms }) => terms)] as const] : [],
    ),
  )
  const offerings = new Map(draft.offerings.map(({ value }) => [value.id, value]))
  return [
    ...draft.prices.flatMap(checkPrice),
    ...(fees.size === 0
      ? []
      : draft.subscriptions.flatMap((subscription) => {
          const spans = versionSpans(subscription.value, offerings)
          return checkCounts(subscription, fees, new Set(spans.flatMap(({ version }) => version.prices)))
        })),
  ]
}

function checkPrice({ value, index }: Placed<PriceDefinition>): readonly Problem[] {
  const path = ['prices', index]
  const placed = (place: number): Path => (place < 0 ? path : [...path, 'changes', place])
  if (value.meter === null) {
    const terms = [value.terms, ...value.changes.map((change) => change.terms)]
    return terms.flatMap(({ amount }, place) =>
      isTooMuch(amount, 1n) ? [problem([...placed(place - 1), 'amount'], tooMuch)] : [],
    )
  }
  const terms = [value.terms, ...value.changes.map((change) => change.terms)]
  return terms.flatMap((stated, place) => {
    if (!isModel(stated) || openingMicros(compileModel(stated)) <= largestSegmentMicros) return []
    const message = `asks before any usage for what ${tooMuch}`
    return [problem([...placed(place - 1), 'model'], message, 'lower its minimum, or the flat fee of its first tier')]
  })
}

/** Only prices that do not ask for the kind of usage owe anything without it. */
function isModel(
  stated: StatedPrice,
): stated is Exclude<Price, { model: 'matrix' | 'time-of-use' | 'request-threshold' }> {
  if (namesMatrix(stated)) return false
  return stated.model !== 'matrix' && stated.model !== 'time-of-use' && stated.model !== 'request-threshold'
}

/** A fee times what a subscription has of what it counts. */
function checkCounts(
  { value, index }: Placed<SubscriptionDefinition>,
  fees: ReadonlyMap<string, readonly FeeTerms[]>,
  prices: ReadonlySet<string>,
): readonly Problem[] {
  return [...prices].flatMap((price) => {
    const wrong = fees.get(price)?.find(({ amount, each }) => {
      if (each === 'subscription') return false
      return isTooMuch(amount, each === 'subject' ? BigInt(value.subjects?.length ?? 0) : mostOf(value, each.quantity))
    })
    if (wrong === undefined) return []
    const message = `has so much of what its fee ${price} counts that the fee ${tooMuch}`
    return [problem(['subscriptions', index], message)]
  })
}

/** The most that a subscription ever has of a quantity. */
function mostOf({ quantities, changes }: SubscriptionDefinition, name: string): bigint {
  const counts = [quantities, ...changes.map((change) => change.quantities)].map((held) => held.get(name) ?? 0n)
  return counts.reduce((most, count) => (count > most ? count : most), 0n)
}

/** Whether an amount (decimal text in currency units) times a count is above what a line can come to. */
function isTooMuch(amount: string, count: bigint): boolean {
  const parsed = parseDecimal(amount)
  if (!parsed.ok) return false
  const { coefficient, scale } = parsed.value
  return coefficient * count * microsPerUnit > largestSegmentMicros * 10n ** BigInt(scale)
}
