import { assertThat } from '@meterline/shared/base/errors.ts'
import { totalMicros } from '@meterline/shared/rating/dispatch.ts'
import type { CompiledPrice, Price } from '@meterline/shared/rating/price.ts'
import { tierShares, type TierShare } from '@meterline/shared/rating/tier-shares.ts'
import { dayMs } from '@meterline/shared/units/civil.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { tierTerms } from './price-terms.ts'

/** What was used on one UTC day. */
export interface BillDay {
  /** Such as `2026-11-15`. */
  readonly day: string
  /** Base units. */
  readonly quantity: bigint
  /** What they cost, coming after the usage of all days before. */
  readonly amountMicros: bigint
}

/** What one tier of the price contributes to a line. */
export interface BillTier extends TierShare {
  /** The tier's price in words. */
  readonly terms: string
}

/**
 * A line's usage day by day: `days` in their order, by days since 1970-01-01. A day costs R(Q + q) − R(Q), with Q all
 * usage before it, so that it is the same in whatever order usage arrived, and the days add up to the line less what is
 * due before any usage. Usage in no day (rated before days were kept) counts as the first of the period.
 */
export function billDays(
  price: CompiledPrice,
  quantity: bigint,
  days: readonly { readonly day: number; readonly quantity: bigint }[],
): readonly BillDay[] {
  const inDays = days.reduce((sum, day) => sum + day.quantity, 0n)
  assertThat(inDays <= quantity, `the days of a line hold ${inDays} units, the line itself ${quantity}`)
  let position = quantity - inDays
  let charged = totalMicros(price, position)
  return days.map(({ day, quantity: own }): BillDay => {
    position += own
    const total = totalMicros(price, position)
    const amountMicros = total - charged
    charged = total
    return { day: dayText(day), quantity: own, amountMicros }
  })
}

/** A line's amount tier by tier, with the terms of each. */
export function billTiers(
  terms: Price,
  price: CompiledPrice,
  currency: string,
  unit: string,
  quantity: bigint,
): readonly BillTier[] {
  const words = tierTerms(terms, currency, unit)
  return tierShares(price, quantity).map((share, index) => ({ ...share, terms: words[index] ?? '' }))
}

function dayText(day: number): string {
  return formatInstant(day * dayMs).slice(0, 10)
}
