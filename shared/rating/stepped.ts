import { assertThat } from '../base/errors.ts'
import {
  commonEvenDenominator,
  exactMicros,
  exactMicrosPerUnit,
  numeratorOver,
  type ExactMicros,
} from './exact-rate.ts'
import { compileLimits, limitAmounts, type LimitedModel } from './limits.ts'
import type { CommonTerms } from './terms.ts'

/** A fee when an event begins and started increments of its quantity, as calls are rated by the second. Event-atomic. */
export interface SteppedPrice extends CommonTerms {
  readonly model: 'stepped'
  /** Decimal text in currency units, once per event, also for one without quantity. */
  readonly connect?: string
  /** The first begins at 0; each holds until the next begins. */
  readonly steps: readonly {
    /** Base units into the event at which the step begins. */
    readonly from: bigint
    /** Decimal text in currency units for `per` base units. */
    readonly amount: string
    readonly per: bigint
    /** Base units that are charged together; a started one is paid whole, and may reach into the next step. */
    readonly increment: bigint
  }[]
  /** The price of one increment is rounded half away from zero to so many digits; left out, it is exact. */
  readonly incrementDigits?: number
}

export interface CompiledStepped extends LimitedModel {
  readonly model: 'stepped'
  /** A numerator, as all amounts are. */
  readonly connect: bigint
  readonly steps: readonly CompiledStep[]
}

export interface CompiledStep {
  /** Base units into the event at which the next step begins; null: the last one. */
  readonly until: bigint | null
  readonly increment: bigint
  /** Of one increment. */
  readonly amount: bigint
}

/** Turns a price into integers once, so that charging needs no decimals. */
export function compileStepped(price: SteppedPrice): CompiledStepped {
  assertThat(price.steps[0]?.from === 0n, 'the first step of a parsed price begins at 0')
  const connect = exactMicros(price.connect ?? '0')
  const increments = price.steps.map(({ amount, per, increment }) => {
    const { numerator, denominator } = exactMicrosPerUnit(amount, per)
    return roundedToDigits({ numerator: numerator * increment, denominator }, price.incrementDigits)
  })
  const denominator = commonEvenDenominator([connect, ...increments, ...limitAmounts(price)])
  return {
    model: 'stepped',
    connect: numeratorOver(connect, denominator),
    steps: price.steps.map(({ increment }, index) => ({
      until: price.steps[index + 1]?.from ?? null,
      increment,
      amount: numeratorOver(increments[index] ?? { numerator: 0n, denominator: 1n }, denominator),
    })),
    denominator,
    limits: compileLimits(price, denominator),
  }
}

/**
 * What one whole event costs: a numerator, before limits and rounding. Increments follow each other from the beginning of
 * the event; each costs what the step asks for in which it begins.
 */
export function steppedEventExact(model: CompiledStepped, quantity: bigint): bigint {
  let reached = 0n
  let amount = model.connect
  for (const step of model.steps) {
    const end = step.until === null || quantity < step.until ? quantity : step.until
    if (end <= reached) continue
    const started = (end - reached + step.increment - 1n) / step.increment
    reached += started * step.increment
    amount += started * step.amount
  }
  return amount
}

function roundedToDigits(amount: ExactMicros, digits: number | undefined): ExactMicros {
  if (digits === undefined) return amount
  const parts = 10n ** BigInt(digits)
  const unit = amount.denominator * 1_000_000n
  const rounded = (amount.numerator * parts * 2n + unit) / (unit * 2n)
  return { numerator: rounded * 1_000_000n, denominator: parts }
}
