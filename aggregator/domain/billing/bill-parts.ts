import { assertThat } from '@meterline/shared/base/errors.ts'
import type { DayUsage } from '@meterline/shared/rating/accumulate.ts'
import { positionMicros, unlimitedMicros } from '@meterline/shared/rating/dispatch.ts'
import type { CompiledModel, PriceModel } from '@meterline/shared/rating/model.ts'
import type { Position } from '@meterline/shared/rating/position.ts'
import { tierShares, type TierShare } from '@meterline/shared/rating/tier-shares.ts'
import { dayMs } from '@meterline/shared/units/civil.ts'
import { formatInstant } from '@meterline/shared/units/instant.ts'
import { limitTerms, tierTerms } from './model-terms.ts'

/** What was used in a segment on one UTC day, in days since 1970-01-01. */
export interface SegmentDay extends DayUsage {
  readonly day: number
}

/** What was used on one UTC day. */
export interface BillDay {
  /** Such as `2026-11-15`. */
  readonly day: string
  /** Base units. */
  readonly quantity: bigint
  /** What they cost, coming after the usage of all days before; below zero where a volume price falls. */
  readonly amountMicros: bigint
}

/** What one tier of the price contributes to a line. */
export interface BillTier extends TierShare {
  /** The tier's price in words. */
  readonly terms: string
}

/** That a minimum or maximum of the price made a line dearer or cheaper than its usage. */
export interface LimitEffect {
  readonly kind: 'minimum' | 'maximum'
  /** What it added (minimum, above zero) or took off (maximum, below zero). */
  readonly amountMicros: bigint
}

export interface BillLimit extends LimitEffect {
  /** The limit in words. */
  readonly terms: string
}

/**
 * A line's usage day by day: `days` in their order. A day costs what the total rises (or falls) by from the position after
 * all earlier days to the one after it, so that it is the same in whatever order usage arrived, and the days add up to the
 * line less what is due before any usage. Usage in no day (rated before days were kept) counts as before all of them.
 */
export function billDays(model: CompiledModel, position: Position, days: readonly SegmentDay[]): readonly BillDay[] {
  let { quantity, events, exact } = beforeDays(position, days)
  const earliestBefore = (endMs: number): Position['earliest'] =>
    position.earliest.filter(({ timeMs }) => timeMs < endMs)
  const [first] = days
  const earliest = earliestBefore(first === undefined ? 0 : first.day * dayMs)
  let charged = positionMicros(model, { quantity, events, exact, earliest })
  return days.map((own): BillDay => {
    quantity += own.quantity
    events += own.events
    exact += own.exact
    const total = positionMicros(model, { quantity, events, exact, earliest: earliestBefore((own.day + 1) * dayMs) })
    const amountMicros = total - charged
    charged = total
    return { day: dayText(own.day), quantity: own.quantity, amountMicros }
  })
}

/** Whether a segment may have these days: they hold no more of anything than it does. */
export function daysFit(position: Position, days: readonly SegmentDay[]): boolean {
  const { quantity, events } = beforeDays(position, days)
  return quantity >= 0n && events >= 0
}

/** What a segment holds in no day. */
function beforeDays(position: Position, days: readonly SegmentDay[]): Pick<Position, 'quantity' | 'events' | 'exact'> {
  let { quantity, events, exact } = position
  for (const day of days) {
    quantity -= day.quantity
    events -= day.events
    exact -= day.exact
  }
  return { quantity, events, exact }
}

/** A line's amount tier by tier, with the terms of each; what a minimum or maximum does (`limitEffect`) is in none of them. */
export function billTiers(
  terms: PriceModel,
  model: CompiledModel,
  currency: string,
  unit: string,
  position: Position,
): readonly BillTier[] {
  const words = tierTerms(terms, currency, unit)
  const shares = tierShares(model, position)
  assertThat(shares.length === words.length, `a price of ${words.length} tiers is divided into ${shares.length}`)
  return shares.map((share, index) => ({ ...share, terms: words[index] ?? '' }))
}

/** What the minimum or maximum of a price did to a total; null when it is what the usage costs. */
export function limitEffect(model: CompiledModel, position: Position): LimitEffect | null {
  if (model.limits === null) return null
  const amountMicros = positionMicros(model, position) - unlimitedMicros(model, position)
  if (amountMicros === 0n) return null
  return { kind: amountMicros > 0n ? 'minimum' : 'maximum', amountMicros }
}

/** The same with the limit in words. */
export function billLimit(
  terms: PriceModel,
  model: CompiledModel,
  currency: string,
  position: Position,
): BillLimit | null {
  const effect = limitEffect(model, position)
  return effect === null ? null : { ...effect, terms: limitTerms(terms, effect.kind, currency) }
}

function dayText(day: number): string {
  return formatInstant(day * dayMs).slice(0, 10)
}
