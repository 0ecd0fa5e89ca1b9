import type { PerUnitPrice } from './per-unit.ts'
import { statedFact, type StatedUsage } from './stated-fact.ts'
import type { Rounding } from './terms.ts'

/**
 * Everything an event used costs what the size of the event asks for: above a threshold (strictly) all of it takes the
 * higher price, as large language models price long prompts.
 */
export interface RequestThresholdPrice {
  readonly model: 'request-threshold'
  /** The fact of the event that is compared; an event without it has the base price. */
  readonly fact: string
  /** Decimal text in currency units for `per` base units, up to the first threshold. */
  readonly amount: string
  readonly per: bigint
  /** Increasing, at least one; the last one that is crossed counts. */
  readonly above: readonly { readonly above: bigint; readonly amount: string }[]
  readonly rounding?: Rounding
}

/** A request band: events whose fact is above the one bound and not above the other. */
export interface RequestBand {
  /** Null: from nothing on. */
  readonly above: bigint | null
  /** Inclusive; null: without end. */
  readonly upTo: bigint | null
  readonly price: PerUnitPrice
}

/** Bands are numbered from `firstModel` on; one more for every threshold that is crossed. */
export interface CompiledRequestThreshold {
  readonly router: 'request-threshold'
  readonly fact: string
  readonly above: readonly bigint[]
  readonly firstModel: number
}

/** The bands of a price, from the smallest requests to the largest, each with the price of everything in it. */
export function requestBands(price: RequestThresholdPrice): readonly RequestBand[] {
  const rounding = price.rounding === undefined ? {} : { rounding: price.rounding }
  return [{ above: null, amount: price.amount }, ...price.above].map(({ above, amount }, index) => ({
    above,
    upTo: price.above[index]?.above ?? null,
    price: { model: 'per-unit', amount, per: price.per, ...rounding },
  }))
}

/** The model of an event's band. Prices have few thresholds, so looking from the first is faster than halving. */
export function modelOfRequest(router: CompiledRequestThreshold, usage: StatedUsage): number {
  const value = statedFact(usage, router.fact)
  if (value === null) return router.firstModel
  let crossed = 0
  for (const above of router.above) if (value > above) crossed++
  return router.firstModel + crossed
}
