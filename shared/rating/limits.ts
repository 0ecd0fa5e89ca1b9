import { exactMicros, numeratorOver, type ExactMicros } from './exact-rate.ts'
import { compileRounding, mostRoundedDifference, roundMicros, type CompiledRounding } from './rounding.ts'
import type { CommonTerms } from './terms.ts'

/** What a price says about the total of a segment, over the denominator of its model. */
export interface CompiledLimits {
  /** 0n where the price has none. */
  readonly minimum: bigint
  readonly maximum: bigint | null
  readonly rounding: CompiledRounding
}

/** What every compiled model has. */
export interface LimitedModel {
  /** Exact amounts are numerators over it, in micros. Even, so that half a micro is a whole number of its parts. */
  readonly denominator: bigint
  /** Null, as for most prices: no minimum, no maximum, rounded half away from zero to a micro. */
  readonly limits: CompiledLimits | null
}

/** The amounts of the limits, which the model's denominator has to hold beside its own. */
export function limitAmounts({ minimum, maximum }: CommonTerms): readonly ExactMicros[] {
  return [minimum, maximum].filter((amount) => amount !== undefined).map(exactMicros)
}

/** Makes the limits ready; `denominator` is a multiple of those of `limitAmounts`. */
export function compileLimits(terms: CommonTerms, denominator: bigint): CompiledLimits | null {
  const { rounding, minimum, maximum } = terms
  if (rounding === undefined && minimum === undefined && maximum === undefined) return null
  return {
    minimum: minimum === undefined ? 0n : numeratorOver(exactMicros(minimum), denominator),
    maximum: maximum === undefined ? null : numeratorOver(exactMicros(maximum), denominator),
    rounding: compileRounding(rounding),
  }
}

/** The exact amount (a numerator, not negative) rounded as the price says, in micros; minimum and maximum are not looked at. */
export function roundedMicros(exact: bigint, { denominator, limits }: LimitedModel): bigint {
  return limits === null ? (exact + denominator / 2n) / denominator : roundMicros(exact, denominator, limits.rounding)
}

/** The exact amount (a numerator, not negative) held between minimum and maximum, then rounded as the price says, in micros. */
export function limitedMicros(exact: bigint, model: LimitedModel): bigint {
  const { limits } = model
  if (limits === null) return roundedMicros(exact, model)
  const { minimum, maximum } = limits
  const raised = exact < minimum ? minimum : exact
  return roundedMicros(maximum !== null && raised > maximum ? maximum : raised, model)
}

/**
 * The most the limited total can rise by where the exact one rises by at most `exact` (a numerator; null: no limit), in
 * micros. Minimum and maximum never make a rise larger, and where both ends are known no rise goes beyond them.
 */
export function mostLimitedRise(exact: bigint | null, model: LimitedModel): bigint | null {
  const { denominator, limits } = model
  if (limits === null) return exact === null ? null : (exact + denominator - 1n) / denominator
  const rise = exact === null ? null : mostRoundedDifference(exact, denominator, limits.rounding)
  if (limits.maximum === null) return rise
  const span = roundedMicros(limits.maximum, model) - roundedMicros(limits.minimum, model)
  return rise === null || span < rise ? span : rise
}
