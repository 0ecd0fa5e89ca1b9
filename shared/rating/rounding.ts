import { assertThat } from '../base/errors.ts'
import type { Rounding, RoundingDirection } from './terms.ts'

/** Rounding made ready: `stepMicros` is 1n when amounts are rounded to whole micros. */
export interface CompiledRounding {
  readonly stepMicros: bigint
  readonly rule: RoundingDirection
}

/** Amounts are rounded half away from zero to a micro unless the price says otherwise. */
export function compileRounding(rounding: Rounding | undefined): CompiledRounding {
  const digits = rounding?.digits ?? 6
  assertThat(digits >= 0 && digits <= 6, `amounts are rounded to 0 to 6 digits, not ${digits}`)
  return { stepMicros: 10n ** BigInt(6 - digits), rule: rounding?.rule ?? 'half-away' }
}

/** `exact` / `denominator` micros, not negative, rounded to a multiple of the step, in micros. */
export function roundMicros(exact: bigint, denominator: bigint, { stepMicros, rule }: CompiledRounding): bigint {
  const step = denominator * stepMicros
  const whole = exact / step
  const rest = exact - whole * step
  return (goesUp(rule, whole, rest, step) ? whole + 1n : whole) * stepMicros
}

/**
 * The most two rounded amounts can differ when the exact ones differ by `exact` / `denominator` micros, in micros. A part
 * of a step can become a whole one. Rounding halves to even can add a step to an odd number of whole ones: 0.5 goes to 0
 * and 1.5 to 2.
 */
export function mostRoundedDifference(exact: bigint, denominator: bigint, rounding: CompiledRounding): bigint {
  if (exact <= 0n) return 0n
  const step = denominator * rounding.stepMicros
  const steps = (exact + step - 1n) / step
  const isOddAndWhole = steps % 2n === 1n && steps * step === exact
  return (rounding.rule === 'half-even' && isOddAndWhole ? steps + 1n : steps) * rounding.stepMicros
}

function goesUp(rule: RoundingDirection, whole: bigint, rest: bigint, step: bigint): boolean {
  switch (rule) {
    case 'half-away':
      return rest * 2n >= step
    case 'half-even':
      return rest * 2n > step || (rest * 2n === step && whole % 2n === 1n)
    case 'up':
      return rest > 0n
    case 'down':
      return false
    default:
      assertThat(false, `an unknown rounding: ${String(rule satisfies never)}`)
  }
}
